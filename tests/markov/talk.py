"""Synthetic talk with known truth: turns, their outcomes and their links, as rows of the lake."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from markov.candidate import Bar
from markov.duckdb_engine import DuckDBEngine
from markov.mine import Mined, mine
from markov.steps import HEARD, TRIES, fact_steps
from resay.dialogue.text import canonical
from resay.store.lake import Lake
from resay.store.tables import LINKS, OUTCOMES, SEGMENTS, TURN_PARTS
from tests.builders import BASE

LATER = timedelta(days=8)
"""How long after their first turn all customers of `opening` are old enough to count."""


@dataclass(frozen=True, slots=True)
class Said:
    """One turn of the synthetic log, with the truth about it."""

    customer: str
    at: float
    """Seconds after the base instant."""
    text: str
    reading: str | None
    """Interpretation; nothing: the assistant could not read it."""
    outcome: str = "success"
    kind: str = ""
    room: str = ""
    customer_kind: str = "account"
    original: str | None = None
    """What was said, where we had rewritten it."""
    day: int = 0
    goal: str | None = None
    """Goal segment; nothing: that of the turns that it is linked with."""
    device_type: str = ""
    cohorts: tuple[str, ...] = ()
    local_time: str = ""
    """Told in the record alone, as no column is made of it."""

    @property
    def turn_id(self) -> str:
        """Unique by customer and time."""
        return f"{self.customer}@{self.day}d{self.at:g}"

    @property
    def when(self) -> datetime:
        """Event time."""
        return BASE + timedelta(days=self.day, seconds=self.at)


@dataclass(frozen=True, slots=True)
class Log:
    """Turns and the links between them."""

    turns: tuple[Said, ...] = ()
    links: tuple[tuple[Said, Said, float], ...] = ()

    def __add__(self, other: Log) -> Log:
        return Log(self.turns + other.turns, self.links + other.links)


NOTHING = Log()


def alone(*turns: Said) -> Log:
    """Turns that no link joins."""
    return Log(turns)


def rephrased(*tries: Said, probability: float = 0.9) -> Log:
    """Tries of one goal, each the rephrase of the one before."""
    return Log(tries, tuple((one, two, probability) for one, two in pairwise(tries)))


def opening(customers: Iterable[str]) -> Log:
    """A first turn of each customer long before the rest, so that nobody is too young to count."""
    return alone(*(Said(customer, 0, "hello", "chat|hello|", day=-30) for customer in customers))


def names(count: int, prefix: str = "c") -> list[str]:
    """Customers."""
    return [f"{prefix}{number}" for number in range(count)]


def planted(  # noqa: PLR0913 - each is what a test varies
    *,
    customers: Sequence[str],
    source: str = "lamp on now",
    target: str = "turn on the lamp",
    reading: str = 'light|on|{"name":"lamp"}',
    others: int = 30,
    kind: str = "",
    customer_kind: str = "account",
) -> Log:
    """A log in which `source` is refused and rephrased as `target`, which succeeds, also for others who began with it."""
    log = opening([*customers, *names(others, "other")])
    for number, customer in enumerate(customers):
        first = Said(customer, 100 * number, source, None, "failure", kind=kind, customer_kind=customer_kind)
        log += rephrased(first, replace(first, at=first.at + 10, text=target, reading=reading, outcome="success"))
    return log + alone(*(Said(each, 5000, target, reading, kind=kind) for each in names(others, "other")))


def fill(lake: Lake, log: Log) -> Lake:
    """Put a log into a lake."""
    lake.append(TURN_PARTS, pa.Table.from_pylist([_part(turn) for turn in log.turns], schema=TURN_PARTS.schema()))
    outcomes = [
        {
            "turn_id": turn.turn_id,
            "customer_id": turn.customer,
            "event_time": turn.when,
            "outcome": turn.outcome,
            "defect": float(turn.outcome == "failure"),
            "labeller": "truth/1",
        }
        for turn in log.turns
    ]
    lake.append(OUTCOMES, pa.Table.from_pylist(outcomes, schema=OUTCOMES.schema()))
    links = [
        {
            "source_turn_id": source.turn_id,
            "target_turn_id": target.turn_id,
            "customer_id": source.customer,
            "event_time": source.when,
            "probability": probability,
            "span_start": 0,
            "span_end": len(target.text),
            "detector": "truth/1",
        }
        for source, target, probability in log.links
    ]
    lake.append(LINKS, pa.Table.from_pylist(links, schema=LINKS.schema()))
    lake.append(SEGMENTS, pa.Table.from_pylist(list(_segments(log)), schema=SEGMENTS.schema()))
    return lake


def mined(folder: Path, log: Log, bar: Bar | None = None) -> Mined:
    """What the miner makes of a log."""
    with fill(Lake(folder), log).connect() as connection:
        return mine(DuckDBEngine(connection), bar or Bar())


def facts(folder: Path, log: Log) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the chain is counted from: turns, and second tries, each in order of its key."""
    with fill(Lake(folder), log).connect() as connection:
        engine = DuckDBEngine(connection)
        for step in fact_steps():
            engine.run(step)
        turns, tries = engine.rows(HEARD).to_pylist(), engine.rows(TRIES).to_pylist()
    tries.sort(key=lambda row: (row["source_turn_id"], row["target_turn_id"]))
    return sorted(turns, key=lambda row: row["turn_id"]), tries


def _part(turn: Said) -> dict[str, Any]:
    return {
        "turn_id": turn.turn_id,
        "part": "whole",
        "customer_id": turn.customer,
        "event_time": turn.when,
        "source": "test",
        "partition": "test#0",
        "position": 0,
        "landed_at": turn.when,
        "customer_kind": turn.customer_kind,
        "utterance": turn.text,
        "canonical": canonical(turn.text),
        "original": turn.original,
        "prompt_kind": turn.kind or None,
        "interpretation": turn.reading,
        "status": "done" if turn.outcome == "success" else "failed",
        "room": turn.room or None,
        "device_type": turn.device_type or None,
        "rewrite_id": "r1" if turn.original else None,
        "cohorts": list(turn.cohorts) or None,
        "body": json.dumps({"context": {"local_time": turn.local_time}} if turn.local_time else {}),
    }


def _segments(log: Log) -> Iterator[dict[str, Any]]:
    """Linked turns are one segment, named by the first."""
    first = {turn.turn_id: turn.goal or turn.turn_id for turn in log.turns}
    for source, target, _ in sorted(log.links, key=lambda link: link[0].when):
        if target.goal is None:
            first[target.turn_id] = first[source.turn_id]
    for turn in log.turns:
        yield {
            "segment_id": first[turn.turn_id],
            "turn_id": turn.turn_id,
            "ordinal": 0,
            "customer_id": turn.customer,
            "event_time": turn.when,
            "outcome": turn.outcome,
            "labeller": "truth/1",
        }
