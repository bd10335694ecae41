"""Retention: what is older than a table's days is on no disk any more, and everything else is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from ingest.landing import land_records
from resay.store.books import Books
from resay.store.lake import Lake
from resay.store.retention import AGING, retain
from tests.builders import BASE, record
from tests.serving.customers_home import decision, found_in

NOW = BASE + timedelta(days=30)


def test_old_rows_leave_the_disk(tmp_path: Path):
    """Turns, dead letters and decisions, each by its own days; a second look finds nothing."""
    lake, books = Lake(tmp_path / "lake"), Books(tmp_path / "books.sqlite")
    land_records([record("t1", utterance="old words")], source="http", lake=lake, now=NOW)
    land_records([record("t2", utterance="late words", at="2026-12-01T09:00:00.000Z")], source="http", lake=lake, now=NOW)
    land_records([record("t3", utterance="misread words", at="no time")], source="http", lake=lake, now=BASE)
    books.log_decisions([decision(1, at=BASE), decision(2, at=NOW)])
    days = {"turn_parts": 10, "rejects": 10, "decisions": 10}

    first = retain(lake, books, days, now=NOW)
    second = retain(lake, books, days, now=NOW)
    books.close()

    assert (first, second) == (dict.fromkeys(days, 1), dict.fromkeys(days, 0))
    assert found_in(tmp_path, "old words", "misread words") == []
    assert found_in(tmp_path, "late words") != []
    assert lake.count(AGING["turn_parts"]) == 1


def test_whatever_ages_may_be_named():
    """All of the lake that says when, and of the books what is told of customers; not who was forgotten."""
    assert set(AGING) == {
        *("turn_parts", "rejects", "friction", "links", "segments", "outcomes", "failure_points", "chain_turns", "chain_tries"),
        *("decisions", "histories", "exposures", "trials", "triggers", "asked"),
    }
