"""What the log tells of one wording: how often it was said and by whom, what became of it, and which others are written like it.

Reads the tables of `steps` and `evidence`, once mining has run. Same rules: common dialect, nothing runs while building.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from markov.corroborate import fingerprint
from markov.engine import Engine
from markov.steps import Step

NEAR_MAX = 5
"""Near wordings that are named: more are no help to whoever has mistyped one."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One wording in one context, as it was said."""

    said: str
    """Canonical text."""
    kind: str
    """What the assistant had asked."""
    times: int
    rewritten: int
    """Times that we put something in its place; they have no say in what is learnt."""
    customers: int
    counting: int
    """Those of them who count: no sessions, no young accounts."""
    outcomes: Mapping[str, int]
    """What became of it as it was said: success, failure, censored, or empty where nobody has judged yet."""
    readings: Mapping[str, int]
    """The states that it was taken for, as it was said, the most frequent first."""
    first: datetime
    """UTC."""
    last: datetime
    """UTC."""
    followed: int
    """Customers who count, said it in vain, and then succeeded in other words: what the floor is compared with."""


@dataclass(frozen=True, slots=True)
class Near:
    """Another wording that is written like the one that was asked for."""

    said: str
    times: int
    customers: int


def seen_of(engine: Engine, said: str) -> list[Seen]:
    """The wording in every context in which it was said, the most frequent first; none where nobody ever did."""
    _ask(engine, said)
    engine.run(hear_again())
    engine.run(follow_up())
    followed = {row["kind"]: row["customers"] for row in engine.rows("followed_up").to_pylist()}
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for row in engine.rows("heard_again").to_pylist():
        by_kind.setdefault(row["kind"], []).append(row)
    seen = [_seen(said, kind, rows, followed=followed.get(kind, 0)) for kind, rows in by_kind.items()]
    return sorted(seen, key=lambda each: (-each.times, each.kind))


def near_to(engine: Engine, said: str) -> list[Near]:
    """Wordings that differ from this in few letters, the nearest first."""
    _ask(engine, said)
    engine.run(look_alike())
    rows = sorted(engine.rows("alike").to_pylist(), key=lambda row: (row["distance"], -row["customers"], row["said"]))
    return [Near(row["said"], row["times"], row["customers"]) for row in rows[:NEAR_MAX]]


def hear_again() -> Step:
    """The wording, customer by customer, by what became of it."""
    return Step(
        "heard_again",
        """
        select heard.kind, heard.customer_id, heard.rewritten, heard.state, coalesce(heard.outcome, '') as outcome, known.counts,
            count(*) as times, min(heard.event_time) as first, max(heard.event_time) as last
        from heard
        join known on known.customer_id = heard.customer_id
        where heard.said in (select said from asked_about)
        group by heard.kind, heard.customer_id, heard.rewritten, heard.state, coalesce(heard.outcome, ''), known.counts
        """,
    )


def follow_up() -> Step:
    """Who said it in vain and then succeeded in other words."""
    return Step(
        "followed_up",
        f"""
        select asked.kind, count(distinct endings.customer) as customers
        from endings
        join (
            select distinct kind, {fingerprint("said", "kind")} as entry from heard where said in (select said from asked_about)
        ) as asked on asked.entry = endings.entry
        group by asked.kind
        """,
    )


def look_alike() -> Step:
    """Wordings in which less than half of the letters differ."""
    return Step(
        "alike",
        """
        select wordings.said, wordings.times, wordings.customers, levenshtein(wordings.said, asked_about.said) as distance
        from (
            select said, count(*) as times, count(distinct customer_id) as customers from heard where said <> '' group by said
        ) as wordings
        join asked_about on wordings.said <> asked_about.said
        where 2 * levenshtein(wordings.said, asked_about.said) < length(asked_about.said)
        """,
    )


def _ask(engine: Engine, said: str) -> None:
    engine.load("asked_about", pa.table({"said": pa.array([said], pa.string())}))


def _seen(said: str, kind: str, rows: list[dict[str, Any]], *, followed: int) -> Seen:
    as_said = [row for row in rows if not row["rewritten"]]
    return Seen(
        said=said,
        kind=kind,
        times=_times(rows),
        rewritten=_times(rows) - _times(as_said),
        customers=len({row["customer_id"] for row in rows}),
        counting=len({row["customer_id"] for row in rows if row["counts"]}),
        outcomes=_by(as_said, "outcome"),
        readings=_by(as_said, "state"),
        first=min(row["first"] for row in rows),
        last=max(row["last"] for row in rows),
        followed=followed,
    )


def _times(rows: list[dict[str, Any]]) -> int:
    return sum(row["times"] for row in rows)


def _by(rows: list[dict[str, Any]], column: str) -> dict[str, int]:
    """Times by the values of a column, the most frequent first."""
    times: Counter[str] = Counter()
    for row in rows:
        times[row[column]] += row["times"]
    return dict(sorted(times.items(), key=lambda each: (-each[1], each[0])))
