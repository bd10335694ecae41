"""The log of a made-up day as rows of a lake: turns, outcomes, links and goal segments; with the system's rewrites in it, or hidden."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import pyarrow as pa

from resay.dialogue.text import canonical
from resay.lab.self_influence import Spoken
from resay.store.lake import Lake
from resay.store.tables import LINKS, OUTCOMES, SEGMENTS, TURN_PARTS, Table

START = datetime(2026, 1, 5, tzinfo=UTC)
"""The first day. Made up."""

KNOWN_DAYS = 30
"""So long before it everybody has said something once: no account is too young to count."""

LINKED = 0.9
"""Chance that the log gives every second try: what the detector sees is not what is scored here."""

LABELLER = "made-up/1"


class View(Enum):
    """What a learner is shown of turns that the system rewrote."""

    OWN = "they are marked, with what was really said"
    HIDDEN = "they look as if the assistant had understood what was said"
    LEFT_OUT = "they are missing"


def write_day(lake: Lake, spoken: Iterable[Spoken], view: View) -> None:
    """Append what was said on one day."""
    shown = [each for each in spoken if view is not View.LEFT_OUT or not each.rewritten]
    names = {each.turn_id for each in shown}
    again = [each for each in shown if each.again_of in names]
    first = {each.turn_id: each.again_of for each in again}
    _append(lake, TURN_PARTS, [_part(each, marked=view is View.OWN) for each in shown])
    _append(lake, OUTCOMES, [_told(each) | {"defect": float(not each.succeeded)} for each in shown])
    _append(lake, LINKS, list(_links(again)))
    _append(lake, SEGMENTS, [_told(each) | {"segment_id": first.get(each.turn_id, each.turn_id), "ordinal": 0} for each in shown])


def write_greetings(lake: Lake, people: Sequence[str]) -> None:
    """Append one turn of everybody, long before the first day."""
    hello = [
        Spoken(f"hello.{each}", each, -KNOWN_DAYS, number, "hello", "hello", "chat|hello|", True, True)
        for number, each in enumerate(people)
    ]
    write_day(lake, hello, View.OWN)


def _append(lake: Lake, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        lake.append(table, pa.Table.from_pylist(rows, schema=table.schema()))


def _part(each: Spoken, *, marked: bool) -> dict[str, Any]:
    given = each.given if marked else each.said
    when = _when(each)
    return {
        "turn_id": each.turn_id,
        "part": "whole",
        "customer_id": each.customer,
        "event_time": when,
        "source": "made-up",
        "partition": "made-up",
        "position": 0,
        "landed_at": when,
        "customer_kind": "account",
        "utterance": given,
        "canonical": canonical(given),
        "original": canonical(each.said) if marked and each.rewritten else None,
        "interpretation": each.state,
        "status": "done" if each.state else "failed",
        "rewrite_id": "made-up" if marked and each.rewritten else None,
        "body": "{}",
    }


def _told(each: Spoken) -> dict[str, Any]:
    return {
        "turn_id": each.turn_id,
        "customer_id": each.customer,
        "event_time": _when(each),
        "outcome": "success" if each.succeeded else "failure",
        "labeller": LABELLER,
    }


def _links(again: Iterable[Spoken]) -> Iterator[dict[str, Any]]:
    for each in again:
        yield {
            "source_turn_id": each.again_of,
            "target_turn_id": each.turn_id,
            "customer_id": each.customer,
            "event_time": _when(each),
            "probability": LINKED,
            "span_start": 0,
            "span_end": len(each.given),
            "detector": LABELLER,
        }


def _when(each: Spoken) -> datetime:
    return START + timedelta(days=each.day, seconds=each.second)
