"""What labelled turns say together: defects, friction, and what customers had to say twice.

Reads the tables `friction`, `links` and `outcomes`; decides nothing about single turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from resay.store.lake import Lake

LINK_MIN = 0.5
"""A link counts as "had to say it twice" from this probability on: more likely than not."""

EXAMPLES_MAX = 3
"""Dialogues shown for each thing that was said twice."""

WORDINGS_MAX = 3
"""Second tries shown for each thing that was said twice."""


@dataclass(frozen=True, slots=True)
class DayCount:
    """One day of traffic."""

    day: date
    """UTC."""
    turns: int
    defects: int


@dataclass(frozen=True, slots=True)
class Example:
    """One customer's first try and second try."""

    at: datetime
    """Event time of the first try, UTC."""
    source_turn_id: str
    target_turn_id: str
    said: str
    """First try."""
    response: str
    """What became of it: the response status."""
    said_then: str
    """Second try."""
    response_then: str


@dataclass(frozen=True, slots=True)
class SaidTwice:
    """One wording that customers had to follow up with another try."""

    said: str
    times: int
    customers: int
    said_then: tuple[tuple[str, int], ...]
    """Most frequent second tries that succeeded, with how often."""
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """A log in figures."""

    turns: int
    customers: int
    since: datetime | None
    until: datetime | None
    defects: int
    """Turns that failed their customer, by the labels at hand; censored turns are not among them."""
    censored: int
    """Turns of which it could not be told."""
    rephrased: int
    """First tries that were followed by another."""
    friction: tuple[tuple[str, int], ...]
    """Turns with each sign, most frequent first."""
    days: tuple[DayCount, ...]

    @property
    def defect_rate(self) -> float | None:
        """Defects over turns of which it could be told; nothing where there are none."""
        told = self.turns - self.censored
        return self.defects / told if told else None


def findings(lake: Lake) -> Findings:
    """The whole lake in figures; all zero for an empty one."""
    with lake.connect() as connection:
        query = connection.execute
        turns, customers, since, until = _row(query(_TOTALS))
        defects, censored = _row(query(_OUTCOMES))
        (rephrased,) = _row(query("select count(distinct source_turn_id) from links where probability >= ?", [LINK_MIN]))
        friction = query(_FRICTION).fetchall()
        days = [DayCount(*row) for row in query(_DAYS).fetchall()]
    return Findings(turns, customers, since, until, defects, censored, rephrased, tuple(friction), tuple(days))


def said_twice(lake: Lake, *, most: int) -> list[SaidTwice]:
    """What customers had to say twice, by how many customers had to; at most `most`."""
    with lake.connect() as connection:
        connection.execute(_PAIRS, [LINK_MIN])
        sources = connection.execute(_SOURCES, [most]).fetchall()
        return [
            SaidTwice(
                said=said,
                times=times,
                customers=customers,
                said_then=tuple(connection.execute(_WORDINGS, [said, WORDINGS_MAX]).fetchall()),
                examples=_examples(connection.execute(_EXAMPLES, [said, EXAMPLES_MAX]).fetchall()),
            )
            for said, times, customers in sources
        ]


_TOTALS = "select count(*), count(distinct customer_id), min(event_time), max(event_time) from turns"

_OUTCOMES = "select count(*) filter (outcome = 'failure'), count(*) filter (outcome = 'censored') from outcomes"

_FRICTION = "select sign, count(*) as turns from friction group by sign order by turns desc, sign"

_DAYS = """
    select cast(event_time as date) as day, count(*) as turns, count(*) filter (outcome = 'failure') as defects
    from outcomes
    group by day
    order by day
"""

_PAIRS = """
    create temp table pairs as
    select source.said as said, target.said as said_then, source.customer_id as customer_id, source.event_time as event_time,
        source.turn_id as source_turn_id, target.turn_id as target_turn_id, links.probability as probability,
        coalesce(source.status, '') as response, coalesce(target.status, '') as response_then,
        coalesce(outcomes.outcome, '') = 'success' as succeeded
    from links
    join turns as source on source.turn_id = links.source_turn_id
    join turns as target on target.turn_id = links.target_turn_id
    left join outcomes on outcomes.turn_id = links.target_turn_id
    where links.probability >= ? and source.said <> ''
"""

_SOURCES = """
    select said, count(distinct source_turn_id) as times, count(distinct customer_id) as customers
    from pairs
    group by said
    order by customers desc, times desc, said
    limit ?
"""

_WORDINGS = """
    select said_then, count(*) as times
    from pairs
    where said = ? and succeeded and said_then <> said
    group by said_then
    order by times desc, said_then
    limit ?
"""

_EXAMPLES = """
    select event_time, source_turn_id, target_turn_id, said, response, said_then, response_then
    from pairs
    where said = ?
    qualify row_number() over (partition by customer_id order by succeeded desc, probability desc, event_time) = 1
    order by succeeded desc, probability desc, event_time
    limit ?
"""


def _row(result: Any) -> tuple[Any, ...]:
    row: tuple[Any, ...] = result.fetchone()
    return row


def _examples(rows: Sequence[tuple[Any, ...]]) -> tuple[Example, ...]:
    return tuple(Example(*row) for row in rows)
