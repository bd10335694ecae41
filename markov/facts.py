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
from resay.store.turns_view import DUCKDB, merged_turns

CUSTOMER_TURNS_MAX = 100
"""Turns of one customer that are looked at for one text in one place, the newest first: three a day for a month. Rules go by customers, so
that more tell nothing, and one customer may have a million."""

BEHIND_MAX = 16
"""Turns of a goal that are read behind one that said a source: as many as the checker looks at (`verify.TRIES_MAX`)."""


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
    """By turn id: those that said a source or a target of the table, of each customer so many (`CUSTOMER_TURNS_MAX`) and those that are
    cited, and what was said in the same goal behind a source."""
    first_seen: Mapping[str, datetime]
    """Each customer's first turn in the lake, UTC."""
    sessions: frozenset[str]
    """Customers that are but sessions."""
    newest: datetime | None
    """The newest turn in the lake, UTC."""


def read_facts(connection: Connection, rewrites: Iterable[Rewrite]) -> Facts:
    """The facts that bear on a table: of all else only who spoke when, so that a small table is quickly checked against a large lake."""
    table = list(rewrites)
    connection.register("asked_sources", _texts(each.source for each in table))
    connection.register("asked_texts", _texts(text for each in table for text in (each.source, canonical(each.target))))
    connection.register(
        "asked_turns", pa.table({"turn_id": pa.array(sorted({turn for each in table for turn in each.evidence}), pa.string())})
    )
    connection.execute(_NAMED)
    connection.execute(_told("asked", "named"))
    connection.execute(_KEPT)
    connection.execute(_GOALS)
    connection.execute(_BEHIND)
    connection.execute(_told("followed", "behind"))
    customers = connection.execute(_CUSTOMERS).fetchall()
    return Facts(
        turns={row[0]: _told_by(row) for row in connection.execute(_TURNS).fetchall()},
        first_seen={customer: first for customer, first, _ in customers},
        sessions=frozenset(customer for customer, _, is_session in customers if is_session),
        newest=connection.execute(_NEWEST).fetchall()[0][0],
    )


def _told_by(row: tuple[Any, ...]) -> Told:
    *fields, cohorts = row
    return Told(*(*fields, tuple(cohorts)))


_NAMED = """
    create or replace temp table named as
    select turn_id from turn_parts where canonical in (select said from asked_texts) or original in (select said from asked_texts)
    union
    select turn_id from asked_turns
"""
"""Turns that may have said a text of the table: whatever a turn said is told by one of its parts."""


def _told(name: str, ids: str) -> str:
    """SQL of the table of what is told of these turns; parts of others are not merged."""
    only = f"turn_id in (select turn_id from {ids})"
    return f"""
        create or replace temp table {name} as
        select turns.turn_id, turns.customer_id, turns.said, coalesce(turns.prompt_kind, '') as kind, coalesce(turns.room, '') as room,
            turns.state, coalesce(judged.outcome, '') as outcome, coalesce(cut.segment_id, '') as segment_id, turns.event_time,
            turns.original is not null or turns.rewrite_id is not null as rewritten, coalesce(turns.device_type, '') as device_type,
            coalesce(turns.cohorts, []) as cohorts
        from ({merged_turns(DUCKDB, f"(select * from turn_parts where {only})")}) as turns
        left join (
            select turn_id, max_by(outcome, labeller) as outcome from outcomes where {only} group by turn_id
        ) as judged using (turn_id)
        left join ({_cut(only)}) as cut using (turn_id)
    """


def _cut(only: str) -> str:
    """SQL of the goal segment of each of some turns."""
    return f"select turn_id, max_by(segment_id, (labeller, segment_id)) as segment_id from segments where {only} group by turn_id"


_KEPT = f"""
    create or replace temp table kept as
    select * exclude (place)
    from (
        select *, row_number() over (
            partition by customer_id, said, kind, room, device_type order by event_time desc, turn_id
        ) as place
        from asked
        where said in (select said from asked_texts) or turn_id in (select turn_id from asked_turns)
    ) as ordered
    where place <= {CUSTOMER_TURNS_MAX} or turn_id in (select turn_id from asked_turns)
"""

_IN_GOALS = "turn_id in (select turn_id from segments where segment_id in (select segment_id from goals))"

_GOALS = """
    create or replace temp table goals as
    select distinct segment_id from kept where said in (select said from asked_sources) and segment_id <> ''
"""

_BEHIND = f"""
    create or replace temp table behind as
    select turn_id
    from (
        select turn_id, max(said_source) over (
            partition by segment_id order by event_time, turn_id rows between {BEHIND_MAX} preceding and 1 preceding
        ) as follows
        from (
            select moments.turn_id, moments.event_time, cut.segment_id, case when sources.turn_id is null then 0 else 1 end as said_source
            from (
                {merged_turns(DUCKDB, f"(select * from turn_parts where {_IN_GOALS})")}
            ) as moments
            join ({_cut(_IN_GOALS)}) as cut on cut.turn_id = moments.turn_id
            left join (select turn_id from kept where said in (select said from asked_sources)) as sources
                on sources.turn_id = moments.turn_id
            where cut.segment_id in (select segment_id from goals)
        ) as goal
    ) as ordered
    where follows = 1 and turn_id not in (select turn_id from kept)
"""
"""What was said in the same goal behind the sources, but for what is known already; of all other turns only when they were."""

_CUSTOMERS = """
    select customer_id, min(event_time), bool_or(coalesce(customer_kind, '') = 'session')
    from turn_parts
    where customer_id in (select customer_id from kept union select customer_id from followed)
    group by customer_id
"""
"""Since when they are known. Whole turns would tell the same but for seconds, and to merge all of a lake takes longer than all the rest."""

_NEWEST = "select max(event_time) from turn_parts where utterance is not null"

_TURNS = """
    select * from kept union all select * from followed
"""


def _texts(texts: Iterable[str]) -> pa.Table:
    return pa.table({"said": pa.array(sorted(set(texts)), pa.string())})
