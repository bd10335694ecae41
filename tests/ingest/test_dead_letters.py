"""Dead letters: looked at, tried again, given up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ingest.dead_letters import count_letters, drop_letters, list_letters, replay_letters
from ingest.landing import LandingRules, land, land_records
from resay.store.lake import Lake
from resay.store.turns import read_turns
from tests.builders import BASE, record
from tests.fakes import FakeClock, MemoryLog

TOMORROW = "2026-11-03T20:00:00Z"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake with three dead letters: one that will be good when its time has come, one that never will, one that is too long."""
    lake = Lake(tmp_path)
    records = [record("t0"), record("early", at=TOMORROW), b"not json", record("long", utterance="x" * 1_100_000)]
    land(MemoryLog({"p": records}), lake, rules=rules())
    return lake


def rules(*, days: float = 0) -> LandingRules:
    """The rules so many days after the base instant."""
    return LandingRules(clock=FakeClock(BASE + timedelta(days=days)))


def turn_ids(lake: Lake) -> list[str]:
    """Which turns the lake holds."""
    return [turn.turn_id for turn in read_turns(lake)]


def test_letters_are_listed_with_where_and_why(lake: Lake):
    """The newest first, and no more than asked for of each."""
    land(MemoryLog({"q": [b"later"]}), lake, rules=rules(days=1))

    letters = list_letters(lake, limit=2, raw_bytes_max=3)

    assert [(each.origin, each.raw, each.raw_bytes, each.landed_at) for each in letters] == [
        ("q:0", b"lat", 5, BASE + timedelta(days=1)),
        ("p:1", b'{"s', len(record("early", at=TOMORROW)), BASE),
    ]
    assert letters[1].reason == "at must not lie in the future; got '2026-11-03T20:00:00Z'; is the sender's clock right?"


def test_letters_are_found_by_origin_or_reason(lake: Lake):
    """Nothing in the text that is looked for is a pattern."""
    assert [count_letters(lake, matching=text) for text in ("", "p:2", "future", "%", "1,048,576")] == [3, 1, 1, 0, 1]


def test_a_replay_lands_what_is_good_now(lake: Lake):
    """It leaves the rejects; what is still bad stays there, as it was."""
    report = replay_letters(lake, rules=rules(days=2))

    assert (report.read, report.accepted, report.rejected) == (2, 1, 1)
    assert turn_ids(lake) == ["t0", "early"]
    assert [each.origin for each in list_letters(lake, limit=9)] == ["p:2", "p:3"]


def test_a_replay_that_finds_nothing_good_changes_nothing(lake: Lake):
    """Not before its time."""
    report = replay_letters(lake, rules=rules())

    assert (report.accepted, report.rejected, count_letters(lake)) == (0, 2, 3)


def test_a_replay_doubles_nothing(lake: Lake):
    """A letter whose part has landed meanwhile, by another way or before a crash, only leaves."""
    land_records([record("early", at=TOMORROW)], source="http", lake=lake, now=BASE + timedelta(days=2))

    report = replay_letters(lake, rules=rules(days=2))

    assert (report.accepted, report.duplicates, turn_ids(lake)) == (0, 1, ["t0", "early"])
    assert count_letters(lake, matching="future") == 0


def test_a_replay_can_be_narrowed(lake: Lake):
    """To those whose origin or reason says so."""
    report = replay_letters(lake, rules=rules(days=2), matching="one JSON object")

    assert (report.read, report.accepted) == (1, 0)


def test_many_letters_are_replayed_in_batches(lake: Lake):
    """More than one commit's worth, from several sources."""
    many = [record(f"m{number}", at=TOMORROW) for number in range(1_500)]
    land(MemoryLog({"q": many}), lake, rules=rules())
    land_records(many[:3], source="http", lake=lake, now=BASE)

    report = replay_letters(lake, rules=rules(days=2), matching="future")

    assert (report.accepted, report.duplicates, count_letters(lake)) == (1_501, 3, 2)


def test_dropped_letters_are_gone_and_do_not_come_back(lake: Lake):
    """Only those that match; and what was read is not read again."""
    dropped = drop_letters(lake, matching="JSON")
    land(MemoryLog({"p": [record("t0")] * 4}), lake, rules=rules())

    assert (dropped, [each.origin for each in list_letters(lake, limit=9)]) == (1, ["p:1", "p:3"])
    assert (drop_letters(lake), drop_letters(lake), count_letters(lake)) == (2, 0, 0)
