"""Findings: what a labelled log says."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from ingest.landing import land_records
from resay.dialogue.codec import encode, whole
from resay.dialogue.turn import Turn
from resay.label.findings import findings, said_twice
from resay.store.lake import Lake
from resay.store.tables import FRICTION, LINKS, OUTCOMES, Table
from tests.builders import turn


def test_an_empty_lake_finds_nothing(tmp_path: Path):
    """No turns: all figures are zero, and the defect rate is not known rather than zero."""
    found = findings(Lake(tmp_path))

    assert (found.turns, found.defects, found.days) == (0, 0, ())
    assert found.defect_rate is None
    assert said_twice(Lake(tmp_path), most=5) == []


def test_what_was_said_twice_comes_with_what_worked(tmp_path: Path):
    """A wording that two customers followed by one that worked is found, with both and with a dialogue of each."""
    lake = Lake(tmp_path)
    _land(
        lake,
        [
            turn("kick on the lights", at=0, customer="c1", turn_id="a1", status="unsupported"),
            turn("turn on the lights", at=9, customer="c1", turn_id="a2", status="done"),
            turn("kick on the lights", at=0, customer="c2", turn_id="b1", status="unsupported"),
            turn("lights on", at=9, customer="c2", turn_id="b2", status="done"),
            turn("what time is it", at=99, customer="c2", turn_id="b3", status="done"),
        ],
    )
    _fill(lake, LINKS, [_link("a1", "a2", "c1"), _link("b1", "b2", "c2")])
    _fill(
        lake,
        OUTCOMES,
        [
            _outcome("a1", "c1", "failure"),
            _outcome("a2", "c1", "success"),
            _outcome("b1", "c2", "failure"),
            _outcome("b2", "c2", "success"),
            _outcome("b3", "c2", "censored"),
        ],
    )
    _fill(
        lake,
        FRICTION,
        [
            {"turn_id": "a1", "customer_id": "c1", "event_time": turn("", at=0).at, "sign": "error_response", "shown_by": "a1"},
        ],
    )

    found = findings(lake)
    (twice,) = said_twice(lake, most=5)

    assert (found.turns, found.customers, found.defects, found.censored, found.rephrased) == (5, 2, 2, 1, 2)
    assert found.defect_rate == 0.5
    assert found.friction == (("error_response", 1),)
    assert (twice.said, twice.times, twice.customers) == ("kick on the lights", 2, 2)
    assert twice.said_then == (("lights on", 1), ("turn on the lights", 1))
    assert [(each.source_turn_id, each.target_turn_id) for each in twice.examples] == [("a1", "a2"), ("b1", "b2")]


def test_doubtful_links_are_not_counted(tmp_path: Path):
    """A link that is less likely than not is no "had to say it twice"."""
    lake = Lake(tmp_path)
    _land(lake, [turn("play jazz", at=0, turn_id="a1"), turn("play blues", at=9, turn_id="a2")])
    _fill(lake, LINKS, [_link("a1", "a2", "c1") | {"probability": 0.4}])

    assert said_twice(lake, most=5) == []
    assert findings(lake).rephrased == 0


def _land(lake: Lake, turns: list[Turn]) -> None:
    land_records([encode(whole(each)) for each in turns], source="test", lake=lake, now=turns[-1].at)


def _fill(lake: Lake, table: Table, rows: list[dict[str, object]]) -> None:
    lake.replace(table, pa.Table.from_pylist(rows, schema=table.schema()))


def _link(source: str, target: str, customer: str) -> dict[str, object]:
    return {
        "source_turn_id": source,
        "target_turn_id": target,
        "customer_id": customer,
        "event_time": turn("", at=0).at,
        "probability": 0.9,
        "span_start": 0,
        "span_end": 5,
        "detector": "test/1",
    }


def _outcome(turn_id: str, customer: str, outcome: str) -> dict[str, object]:
    defect = {"failure": 1.0, "success": 0.0, "censored": 0.5}[outcome]
    return {
        "turn_id": turn_id,
        "customer_id": customer,
        "event_time": turn("", at=0).at,
        "outcome": outcome,
        "defect": defect,
        "labeller": "test/1",
    }
