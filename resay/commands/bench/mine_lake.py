"""Made-up talk as rows of a lake: turns, outcomes, links and goal segments, as landing, detecting and labelling would leave them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from resay.dialogue.text import canonical
from resay.lab.made_turn import MadeLink, MadeTalk, MadeTurn
from resay.store.lake import Lake
from resay.store.tables import LINKS, OUTCOMES, SEGMENTS, TURN_PARTS, Table

LABELLER = "made-up/1"


def write_talk(lake: Lake, talk: MadeTalk) -> None:
    """Append talk to a lake."""
    _append(lake, TURN_PARTS, map(_part, talk.turns))
    _append(lake, OUTCOMES, (_labelled(each) | {"defect": float(each.outcome == "failure")} for each in talk.turns if each.outcome))
    _append(lake, LINKS, map(_link, talk.links))
    _append(lake, SEGMENTS, (_labelled(each) | {"segment_id": each.segment, "ordinal": 0} for each in talk.turns if each.segment))


def _append(lake: Lake, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    listed = list(rows)
    if listed:
        lake.append(table, pa.Table.from_pylist(listed, schema=table.schema()))


def _part(each: MadeTurn) -> dict[str, Any]:
    return {
        "turn_id": each.turn_id,
        "part": "whole",
        "customer_id": each.customer,
        "event_time": each.at,
        "source": "made-up",
        "partition": "made-up",
        "position": 0,
        "landed_at": each.at,
        "customer_kind": each.customer_kind,
        "utterance": each.text,
        "canonical": canonical(each.text),
        "original": None if each.original is None else canonical(each.original),
        "prompt_kind": each.kind or None,
        "interpretation": each.reading,
        "status": "done" if each.reading else "failed",
        "room": each.room or None,
        "rewrite_id": None if each.original is None else "made-up",
        "body": "{}",
    }


def _labelled(each: MadeTurn) -> dict[str, Any]:
    return {
        "turn_id": each.turn_id,
        "customer_id": each.customer,
        "event_time": each.at,
        "outcome": each.outcome or "censored",
        "labeller": LABELLER,
    }


def _link(each: MadeLink) -> dict[str, Any]:
    return {
        "source_turn_id": each.source.turn_id,
        "target_turn_id": each.target.turn_id,
        "customer_id": each.source.customer,
        "event_time": each.source.at,
        "probability": each.probability,
        "span_start": 0,
        "span_end": len(each.target.text),
        "detector": each.detector,
    }
