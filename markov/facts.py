"""What the checker needs to know of the lake, read anew: who said a table's texts, what was tried next, and how it ended.

Shares no table, step or rule with the miner, so that a fault of the miner cannot hide itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from resay.dialogue.rewrite import Rewrite
from resay.dialogue.text import canonical
from resay.store.reading import Connection


@dataclass(frozen=True, slots=True)
class Told:
    """What the log and the labels tell of one turn."""

    turn_id: str
    customer_id: str
    said: str
    """Canonical text of what the customer said."""
    kind: str
    room: str
    state: str
    outcome: str
    """success, failure, censored, or empty where nobody has judged."""
    segment_id: str
    """The goal segment that it belongs to; empty where nobody has cut any."""
    event_time: datetime
    """UTC."""
    rewritten: bool
    """Whether we had put something in its place."""
    device_type: str
    cohorts: tuple[str, ...] = ()
    """Of the customer, as the turn told them."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The part of a lake that bears on a table."""

    turns: Mapping[str, Told]
    """By turn id: all that said a source or a target of the table, and all of the goal segments of those that said a source."""
    first_seen: Mapping[str, datetime]
    """Each customer's first turn in the lake, UTC."""
    sessions: frozenset[str]
    """Customers that are but sessions."""
    newest: datetime | None
    """The newest turn in the lake, UTC."""


def read_facts(connection: Connection, rewrites: Iterable[Rewrite]) -> Facts:
    """The facts that bear on a table."""
    table = list(rewrites)
    connection.execute(_TOLD)
    connection.register("asked_sources", _texts(each.source for each in table))
    connection.register("asked_targets", _texts(canonical(each.target) for each in table))
    customers = connection.execute(_CUSTOMERS).fetchall()
    return Facts(
        turns={row[0]: _told(row) for row in connection.execute(_TURNS).fetchall()},
        first_seen={customer: first for customer, first, _ in customers},
        sessions=frozenset(customer for customer, _, is_session in customers if is_session),
        newest=connection.execute("select max(event_time) from told").fetchall()[0][0],
    )


def _told(row: tuple[Any, ...]) -> Told:
    *fields, cohorts = row
    return Told(*(*fields, tuple(cohorts)))


_TOLD = """
    create or replace temp table told as
    select turns.turn_id, turns.customer_id, turns.said, coalesce(turns.prompt_kind, '') as kind, coalesce(turns.room, '') as room,
        turns.state, coalesce(judged.outcome, '') as outcome, coalesce(cut.segment_id, '') as segment_id, turns.event_time,
        turns.original is not null or turns.rewrite_id is not null as rewritten,
        coalesce(turns.device_type, '') as device_type, coalesce(turns.cohorts, []) as cohorts,
        coalesce(turns.customer_kind, '') = 'session' as is_session
    from turns
    left join (select turn_id, max_by(outcome, labeller) as outcome from outcomes group by turn_id) as judged using (turn_id)
    left join (
        select turn_id, max_by(segment_id, (labeller, segment_id)) as segment_id from segments group by turn_id
    ) as cut using (turn_id)
"""

_CUSTOMERS = "select customer_id, min(event_time), bool_or(is_session) from told group by customer_id"

_TURNS = """
    select turn_id, customer_id, said, kind, room, state, outcome, segment_id, event_time, rewritten, device_type, cohorts
    from told
    where said in (select said from asked_sources)
        or said in (select said from asked_targets)
        or segment_id in (select segment_id from told where said in (select said from asked_sources) and segment_id <> '')
"""


def _texts(texts: Iterable[str]) -> pa.Table:
    return pa.table({"said": pa.array(sorted(set(texts)), pa.string())})
