"""Experience: what people know of their wordings from trying, and how they act on it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace as changed

from resay.dialogue.turn import Versions
from resay.lab.assistant import Assistant
from resay.lab.channel import Channel, Side
from resay.lab.conversation import Opening, Stage, converse
from resay.lab.customer import Popularity, Try, make_customer, next_wording
from resay.lab.experience import NO_EXPERIENCE, Experience, experience_of
from resay.lab.habits import AS_SHIPPED, LIVELY
from resay.lab.logged import House
from resay.lab.ways import Ways, ways_of
from resay.lab.world import World, read_world
from tests.builders import BASE
from tests.lab.small_world import write_world

KNOWING = changed(AS_SHIPPED, same_words=0.0, knows_wordings=1.0)
SLT = ("slt", True)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return read_world(write_world(tmp_path))


def test_a_wording_works_as_often_as_its_recordings_of_such_voices_do(world: World):
    """Two well-served voices, of which the first draw in quiet and that in noise are right, the second is not; a repair is no wording."""
    works = experience_of(world).of(world.speakers["us1"])

    assert works[1] == pytest.approx(2 / 3)
    assert works[3] == 0.0


def test_what_no_wording_reaches_is_hopeless(world: World):
    """For those who sound so, and for nobody else; a goal with one good wording is not."""
    unheard = tuple(
        replace(each, outcome="no_match") if world.phrases[each.phrase].goal == "lock_up" and each.speaker.startswith("us") else each
        for each in world.recordings
    )

    experience = experience_of(replace(world, recordings=unheard))

    assert experience.hopeless[SLT] == {"lock_up"}
    assert not experience.despairs(world.speakers["gb1"], "lock_up")


def test_known_wordings_are_chosen_by_how_often_they_work(world: World):
    """Twice as often the one that works twice as often; never what was just said, or what the assistant does not support."""
    rng = Random(1)
    phrases = [*world.phrases_of("lights_on"), replace(world.phrases[1], number=9)]
    works = {1: 0.8, 2: 0.4, 3: 1.0, 9: 0.9}

    tries = Counter(next_wording(phrases, [2, 1, 9], rng, habits=KNOWING, works=works) for _ in range(6_000))

    said = {wording.phrase: times for wording, times in tries.items()}
    assert said.keys() == {1, 2}
    assert said[1] / said[2] == pytest.approx(2.0, rel=0.1)
    assert {wording.attempt for wording in tries} == {Try.OTHER_WORDS}


def test_who_knows_of_no_wording_that_works_tries_a_fresh_one(world: World):
    """As those do who know nothing."""
    wordings = {next_wording(world.phrases_of("lights_on"), [1], Random(seed), habits=KNOWING, works={2: 0.0}).phrase for seed in range(50)}

    assert wordings == {2, 3}


def test_what_is_hopeless_is_said_again_less_often(world: World):
    """Half as often where a half is stated; what is not, as ever."""
    given_up, tried = (_second_tries(world, Experience(hopeless={SLT: goals})) for goals in (frozenset({"lock_up"}), frozenset[str]()))

    assert given_up["lock_up"] / tried["lock_up"] == pytest.approx(0.5, abs=0.1)
    assert given_up["lights_on"] / tried["lights_on"] == pytest.approx(1.0, abs=0.1)


def test_who_learns_nothing_has_no_experience(world: World):
    """Plain customers; those of a loop have some."""
    assert ways_of(world, AS_SHIPPED, rng=Random(1)).experience is NO_EXPERIENCE
    assert ways_of(world, LIVELY, rng=Random(1)).experience.works


def _second_tries(world: World, experience: Experience) -> dict[str, float]:
    """Of first tries that failed, by goal: the share that was said again in the next turn."""
    habits = changed(AS_SHIPPED, patience=((2, 1.0),), supported_first=0.0, hopeless=0.5, goes_on=0.0)
    stage = Stage(
        world=world,
        assistant=Assistant(world.home),
        channel=Channel(world, Side.LEARNING, speakers=world.speakers),
        popularity=Popularity(world, Random(1), weeks=1, habits=habits),
        house=House(world.home, Versions()),
        ways=Ways(habits, experience=experience),
    )
    rng = Random(3)
    customers = [replace(make_customer(world, f"c{n}", rng=rng, sessions_daily=1.0), speaker=world.speakers["us1"]) for n in range(30)]
    failed: Counter[str] = Counter()
    again: Counter[str] = Counter()
    for number in range(6_000):
        session = converse(stage, rng.choice(customers), opening=Opening(f"s{number}", BASE), week=0, rng=rng)
        if session and not session[0].truth.right:
            failed[session[0].truth.goal] += 1
            again[session[0].truth.goal] += len(session) > 1 and session[1].truth.attempt is not Try.FIRST
    return {goal: again[goal] / times for goal, times in failed.items()}
