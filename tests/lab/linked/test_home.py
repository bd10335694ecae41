"""Sessions of simulated homes: parts share no voice and no goal, and links are those that the world knows of."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from resay.dialogue.text import words
from resay.lab.assistant import Assistant
from resay.lab.linked.home import Crowd, SmallWorld, home_sessions, world_of
from resay.lab.linked.part import Part
from resay.lab.linked.session import Follow, LinkedSession
from resay.lab.world import VOICE_HOME, World, read_world
from tests.lab.small_world import write_world

CROWD = Crowd(customers=30, days=7, seed=3)

pytest.importorskip("hassil", reason="the extra `demo` simulates the home")


@pytest.fixture(scope="module")
def world() -> World:
    return read_world(VOICE_HOME)


@pytest.fixture(scope="module")
def made(world: World) -> list[LinkedSession]:
    return list(home_sessions(world, Assistant(world.home), Part.TRAIN, crowd=CROWD))


def test_parts_share_neither_voices_nor_goals_nor_recordings(world: World):
    """Nobody who is scored has a voice, or wants a thing, that was trained on."""
    for one, other in combinations([world_of(world, part) for part in Part], 2):
        assert not {each.family for each in one.speakers.values()} & {each.family for each in other.speakers.values()}
        assert not one.goals.keys() & other.goals.keys()
        assert not {each.fingerprint for each in one.recordings} & {each.fingerprint for each in other.recordings}
    assert all(world_of(world, part).goals and world_of(world, part).recordings for part in Part)


def test_a_world_too_small_to_be_cut_is_told_of(tmp_path: Path):
    """Two voice families leave none to choose on."""
    with pytest.raises(SmallWorld, match="2 voice families"):
        world_of(read_world(write_world(tmp_path)), Part.CHOOSE)


def test_what_is_wanted_of_one_device_is_wanted_in_one_part(world: World):
    """To switch a lamp on and to make it blue are too alike to be split."""
    by_part = [{goal.action.targets for goal in world_of(world, part).goals.values() if goal.action.targets} for part in Part]

    assert sum(map(len, by_part)) == len(set.union(*by_part))


def test_a_link_runs_from_a_try_to_the_next_one_of_its_goal(made: list[LinkedSession]):
    """Each target is a further try, and no turn has two."""
    links = [link for each in made for link in each.links]
    assert len(links) > 50
    for each in made:
        assert {link.target for link in each.links} == {place for place, follow in each.follows.items() if follow is Follow.SAID_AGAIN}
        assert len({link.source for link in each.links}) == len(each.links)


def test_a_fifth_of_the_links_are_repairs_and_their_spans_are_inside(made: list[LinkedSession]):
    """What stands around the request is no part of it."""
    links = [(each.session.turns[link.target].utterance, link) for each in made for link in each.links]
    repairs = [(said, link) for said, link in links if link.repair]
    whole = [(said, link) for said, link in links if not link.repair]

    assert len(repairs) > 0.2 * len(links)
    assert sum(words(said) != words(said[link.start : link.end]) for said, link in repairs) > 0.9 * len(repairs)
    assert all(words(said) == words(said[link.start : link.end]) for said, link in whole)


def test_the_same_crowd_says_the_same(world: World, made: list[LinkedSession]):
    """The same seed gives the same sessions."""
    assert list(home_sessions(world, Assistant(world.home), Part.TRAIN, crowd=CROWD)) == made
