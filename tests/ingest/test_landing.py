"""Landing: good and bad are two streams, none lost and none twice."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.landing import FAULTS_SHOWN_MAX, LandingReport, LandingRules, land, land_records, stored_position
from ingest.privacy import Pseudonymise, pseudonym
from ingest.source import Source
from resay.store.errors import LostPosition
from resay.store.lake import Lake
from resay.store.tables import REJECTS, TURN_PARTS
from resay.store.turns import read_turns
from tests.builders import record
from tests.fakes import FakeClock, MemoryLog

RULES = LandingRules(clock=FakeClock())


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return Lake(tmp_path / "lake")


def rows(lake: Lake, query: str) -> list[tuple[Any, ...]]:
    """What a query on the lake answers."""
    with lake.connect() as connection:
        return connection.execute(query).fetchall()


def parts(lake: Lake) -> list[tuple[str, str]]:
    """Keys of all parts, as often as they are there."""
    return rows(lake, "select turn_id, part from turn_parts order by turn_id, part")


def log(*records: bytes, name: str = "p") -> Source:
    """A source with these records."""
    return MemoryLog({name: records})


def test_good_records_land_and_bad_ones_are_kept_with_the_reason(lake: Lake):
    """One bad record never stops a batch."""
    report = land(log(record("t1"), b"not json", record("t2"), record("t3", at="soon")), lake, rules=RULES)

    assert (report.read, report.accepted, report.rejected, report.duplicates) == (4, 2, 2, 0)
    assert parts(lake) == [("t1", "whole"), ("t2", "whole")]
    assert rows(lake, "select source, partition, position, origin, raw, raw_bytes, landed_at from rejects order by position") == [
        ("memory", "p", 1, "p:1", b"not json", 8, RULES.clock()),
        ("memory", "p", 3, "p:3", record("t3", at="soon"), len(record("t3", at="soon")), RULES.clock()),
    ]
    assert report.faults[1] == "p:3: at must be RFC 3339 or milliseconds since 1970; got 'soon'"


def test_landing_again_reads_nothing_again(lake: Lake):
    """The lake knows where it stands; what is appended later is read from there."""
    land(log(record("t1"), b"not json"), lake, rules=RULES)

    assert land(log(record("t1"), b"not json"), lake, rules=RULES) == LandingReport()
    assert land(log(record("t1"), b"not json", record("t2")), lake, rules=RULES).accepted == 1
    assert (parts(lake), rows(lake, "select count(*) from rejects")) == ([("t1", "whole"), ("t2", "whole")], [(1,)])


def test_rejects_at_the_end_are_not_read_again(lake: Lake):
    """A batch of nothing but bad records moves the position too."""
    land(log(b"one", b"two"), lake, rules=RULES)

    assert (stored_position(lake, "memory", "p"), land(log(b"one", b"two"), lake, rules=RULES).read) == (2, 0)


def test_a_repeat_is_dropped_in_a_batch_across_batches_and_across_runs(lake: Lake):
    """The same part of the same turn lands once, wherever it comes again."""
    small = LandingRules(clock=FakeClock(), records_a_batch=2)
    report = land(log(record("t1"), record("t1"), record("t1"), record("t2")), lake, rules=small)
    again = land(log(record("t2"), record("t3"), name="q"), lake, rules=small)

    assert (report.accepted, report.duplicates, again.accepted, again.duplicates) == (2, 2, 1, 1)
    assert parts(lake) == [("t1", "whole"), ("t2", "whole"), ("t3", "whole")]


def test_other_parts_of_a_turn_are_no_repeats(lake: Lake):
    """A turn may come in parts."""
    land(log(record("t1", part="said"), record("t1", part="rated", utterance=None, feedback={"explicit": "no"})), lake, rules=RULES)

    assert parts(lake) == [("t1", "rated"), ("t1", "said")]


@pytest.mark.parametrize(("days", "accepted"), [(7, 0), (7.01, 1), (-7, 0), (-7.01, 1)])
def test_a_repeat_is_one_within_seven_days_of_event_time(lake: Lake, days: float, accepted: int):
    """Further apart, the same name is another event; before or after makes no difference, nor whether in one batch or two."""
    first = record("t1", at=1_793_000_000_000)
    second = record("t1", at=1_793_000_000_000 + int(days * 86_400_000))

    assert land(log(first, second, name="together"), lake, rules=RULES).accepted == 1 + accepted
    other = Lake(lake.root + "2")
    land(log(first, name="one"), other, rules=RULES)
    assert land(log(second, name="two"), other, rules=RULES).accepted == accepted


def test_a_repeat_drops_no_other_record(lake: Lake):
    """Day 6 repeats day 8, which the lake holds; day 0 repeats nothing that is there, though day 6 stands beside it in the batch."""
    days = [record("t1", at=1_793_000_000_000 + day * 86_400_000) for day in (8, 6, 0)]
    land_records(days[:1], source="http", lake=lake, now=RULES.clock() + timedelta(days=30))

    report = land_records(days[1:], source="http", lake=lake, now=RULES.clock() + timedelta(days=30))

    assert (report.accepted, report.duplicates) == (1, 1)
    assert len(parts(lake)) == 2


def test_late_and_disordered_records_land(lake: Lake):
    """Event time is the sender's; arrival has no say in it."""
    times = ["2026-11-02T09:00:09Z", "2026-11-02T09:00:00Z", "2021-01-01T00:00:00Z"]

    land(log(*(record(f"t{number}", at=time) for number, time in enumerate(times))), lake, rules=RULES)

    assert [turn.turn_id for turn in read_turns(lake)] == ["t2", "t1", "t0"]


def test_a_time_too_far_ahead_is_rejected_by_the_landings_clock(lake: Lake):
    """A day ahead is another time zone, more is a broken clock."""
    now = RULES.clock()
    times = [now + timedelta(hours=23), now + timedelta(hours=25)]

    report = land(log(*(record(f"t{number}", at=time.isoformat()) for number, time in enumerate(times))), lake, rules=RULES)

    assert (report.accepted, report.rejected) == (1, 1)
    assert "must not lie in the future" in report.faults[0]


def test_unknown_fields_lie_in_the_body(lake: Lake):
    """The record is kept as it came."""
    raw = record("t1", **{"x-floor": 2})

    land(log(raw), lake, rules=RULES)

    assert rows(lake, "select body from turn_parts") == [(raw.decode(),)]
    assert next(iter(read_turns(lake))).unknown == {"x-floor": 2}


def test_a_report_names_the_first_few_rejects(lake: Lake):
    """All of them are in the table."""
    report = land(log(*[b"bad"] * 9), lake, rules=LandingRules(clock=FakeClock(), records_a_batch=2))

    assert (report.rejected, len(report.faults)) == (9, FAULTS_SHOWN_MAX)


def test_a_landing_stops_between_batches(lake: Lake):
    """Asked to stop, it commits what it has taken and takes no more."""
    ticks: list[int] = []
    small = LandingRules(clock=FakeClock(), records_a_batch=2)

    land(log(*(record(f"t{number}") for number in range(6))), lake, rules=small, tick=ticks.append, stop=lambda: len(ticks) == 2)

    assert (ticks, stored_position(lake, "memory", "p")) == ([2, 4], 4)


def test_partitions_have_positions_of_their_own(lake: Lake):
    """One source may have many."""
    source = MemoryLog({"p": [record("t1")], "q": [record("t2"), record("t3")]})

    land(source, lake, rules=RULES)

    assert [stored_position(lake, "memory", each) for each in ("p", "q", "r")] == [1, 2, 0]


def test_a_run_that_died_before_the_parts_went_in_keeps_its_dead_letters_once(lake: Lake):
    """The letters are committed first; read again, they are known by where they stood."""

    class Dead(Exception):
        pass

    def die(step: str, _batch: object) -> None:
        if step == "letters_kept":
            raise Dead

    with pytest.raises(Dead):
        land(log(b"bad", record("t1")), lake, rules=LandingRules(clock=FakeClock(), observe=die))
    assert (parts(lake), rows(lake, "select count(*) from rejects")) == ([], [(1,)])

    land(log(b"bad", record("t1")), lake, rules=RULES)

    assert (parts(lake), rows(lake, "select count(*) from rejects")) == ([("t1", "whole")], [(1,)])


def test_records_without_positions_are_numbered_as_they_are_committed(lake: Lake):
    """HTTP gives none: good and bad are counted apart."""
    now = RULES.clock()
    first = land_records([record("t1"), b"bad", record("t1")], source="http", lake=lake, now=now)
    second = land_records([record("t1"), record("t2"), b"worse"], source="http", lake=lake, now=now)

    assert (first.accepted, first.rejected, first.duplicates) == (1, 1, 1)
    assert (second.accepted, second.rejected, second.duplicates) == (1, 1, 1)
    assert first.faults[0].startswith("http:2: record must be one JSON object")
    assert rows(lake, "select turn_id from turn_parts order by turn_id") == [("t1",), ("t2",)]
    assert rows(lake, "select position, raw from rejects order by position") == [(0, b"bad"), (1, b"worse")]


def test_records_that_are_too_long_are_cut_where_they_come_in(lake: Lake):
    """The reject keeps the beginning and the real length."""
    land_records([b"x" * 2_000_000], source="http", lake=lake, now=RULES.clock())

    assert rows(lake, "select octet_length(raw), raw_bytes from rejects") == [(1_048_576, 2_000_000)]


def test_a_mask_is_put_on_before_anything_is_stored(lake: Lake):
    """Neither column nor body nor dead letter shows whose record it was."""
    rules = LandingRules(clock=FakeClock(), mask=Pseudonymise("key"))

    land(log(record("t1", customer_id="alice"), record("t2", customer_id="alice", at=None)), lake, rules=rules)
    land_records([record("t3", customer_id="alice")], source="http", lake=lake, now=RULES.clock(), mask=rules.mask)

    hashed = pseudonym("alice", "key")
    assert rows(lake, "select distinct customer_id from turn_parts") == [(hashed,)]
    assert {json.loads(body)["customer_id"] for (body,) in rows(lake, "select body from turn_parts")} == {hashed}
    assert all(b"alice" not in raw for (raw,) in rows(lake, "select raw from rejects"))


def test_a_position_that_another_has_moved_is_said(lake: Lake):
    """Nothing goes in, and the sentence asks who else is reading."""
    rules = LandingRules(clock=FakeClock(), observe=lambda step, _: step == "letters_kept" and steal())

    def steal() -> None:
        if stored_position(lake, "memory", "p") == 0:
            land(log(record("t1")), lake, rules=RULES)

    with pytest.raises(LostPosition, match="is another consumer reading it"):
        land(log(record("t1"), record("t2")), lake, rules=rules)

    assert parts(lake) == [("t1", "whole")]


def test_an_empty_source_lands_nothing(lake: Lake):
    """No records, no commits."""
    assert land(log(), lake, rules=RULES) == LandingReport()
    assert land_records([], source="http", lake=lake, now=RULES.clock()) == LandingReport()
    assert (lake.position(TURN_PARTS, "memory#p"), lake.position(REJECTS, "memory#p")) == (0, 0)
