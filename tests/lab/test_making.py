"""Making a log: the same seed gives the same bytes, and nothing of the truth is in what an assistant would log."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace as changed

from resay.dialogue.session import SESSION_GAP, silence_between
from resay.lab.channel import Side, side_of
from resay.lab.habits import AS_SHIPPED
from resay.lab.log_files import LATER, LEARNING, TRUTH, read_truth, read_turns
from resay.lab.making import Made, Plan, make_log
from resay.lab.world import World, read_world
from tests.builders import BASE
from tests.lab.small_world import write_world

FILES = (LEARNING, LATER, TRUTH)
PLAN = Plan(seed=1, customers=20, learning_days=4, later_days=2)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return read_world(write_world(tmp_path_factory.mktemp("world")))


@pytest.fixture(scope="module")
def folder(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small log."""
    out = tmp_path_factory.mktemp("log")
    _make(world, out, PLAN)
    return out


def _make(world: World, out: Path, plan: Plan) -> Made:
    return make_log(world, out, plan=plan, tick=lambda done, total=None: None)


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from _keys(member)
    elif isinstance(value, list):
        for member in value:
            yield from _keys(member)


def test_the_same_seed_gives_the_same_bytes(world: World, folder: Path, tmp_path: Path):
    """Whoever makes the log again gets this very log."""
    _make(world, tmp_path, PLAN)

    assert [(tmp_path / name).read_bytes() for name in FILES] == [(folder / name).read_bytes() for name in FILES]


def test_customers_of_a_log_have_the_habits_and_the_locales_of_their_world(world: World, tmp_path: Path):
    """Who always asks again what worked does; Bavarians are logged as such, in their own time."""
    speakers = {name: replace(each, locale="de-DE") for name, each in world.speakers.items()}
    _make(replace(world, habits=changed(AS_SHIPPED, again=1.0), speakers=speakers), tmp_path, PLAN)

    truths = list(read_truth(tmp_path).values())
    contexts = [turn.context for turn in read_turns(tmp_path / LEARNING, now=BASE)]

    assert sum(each.attempt == "again" for each in truths) > len(truths) / 4
    assert {context.locale for context in contexts if context} == {"de-DE"}


def test_two_seeds_differ(world: World, folder: Path, tmp_path: Path):
    """The seed is the chance."""
    _make(world, tmp_path, replace(PLAN, seed=2))

    assert (tmp_path / LEARNING).read_bytes() != (folder / LEARNING).read_bytes()


def test_learning_and_later_turns_share_no_recording(world: World, folder: Path):
    """Every recording of a later turn is of the scoring side."""
    sides = side_of(world)
    truth = read_truth(folder)

    assert {sides[each.recording] for each in truth.values() if each.recording} == {Side.SCORING}


def test_no_truth_is_in_the_log(world: World, folder: Path):
    """No field of the truth, and no name of a goal, is in what the assistant would log."""
    raw = [gzip.decompress((folder / name).read_bytes()).decode() for name in (LEARNING, LATER)]
    hidden = {"goal", "phrase", "wanted", "outcome", "failure_point", "recording", "fingerprint", "attempt", "main", "speaker", "right"}

    keys = {key for log in raw for line in log.splitlines() for key in _keys(json.loads(line))}

    assert not keys & hidden
    assert not any(f'"{goal}"' in log for log in raw for goal in world.goals)


def test_every_later_turn_has_its_truth_and_no_other(folder: Path):
    """One line of truth a turn."""
    later = read_turns(folder / LATER, now=BASE)

    assert {turn.turn_id for turn in later} == set(read_truth(folder))


def test_turns_are_in_order_and_sessions_are_sessions(folder: Path):
    """The log is in event time; inside a session nobody is silent for longer than the gap."""
    turns = list(read_turns(folder / LEARNING, now=BASE))
    by_session: dict[str | None, list] = {}
    for turn in turns:
        by_session.setdefault(turn.session_id, []).append(turn)

    assert [turn.at for turn in turns] == sorted(turn.at for turn in turns)
    assert len({turn.turn_id for turn in turns}) == len(turns)
    assert all(silence_between(earlier, later) <= SESSION_GAP for session in by_session.values() for earlier, later in pairwise(session))
