"""The sums of single days, in SQL: of parts of traffic, of signs, of what was said twice. Each adds up over days to that of the whole lake.

What is counted apart, as customers are, is kept as a list of marks; what is to be read, as a list of ids. Knows the lake's tables; knows
nothing of who keeps the sums, nor of which days are due.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import pyarrow as pa

from resay.label.findings import EXAMPLES_MAX, LINK_MIN
from resay.store.reading import Connection, quoted
from resay.store.slices import Slice
from resay.store.turns_view import DUCKDB, merged_turns

SAMPLES_MAX = 8
"""Newest turns kept of each failure point in each part of traffic, to be read."""

KINDS = ("cohort", "device_type", "room", "intent")
"""By what traffic is told apart."""


def day_rows(connection: Connection, slices: Sequence[Slice], days: Sequence[date] | None) -> pa.Table:
    """Rows of `rollup_days` of these days, or of all."""
    for statement in _prepared(connection, days):
        connection.execute(statement)
    of_day = "true" if days is None else OF_DAY
    kinds = " union all ".join((*_of_traffic(slices), *_of_signs(of_day), *_of_pairs()))
    columns = "kind, name, detail, turns, failures, censored, first_at, last_at, customers, samples"
    rows: pa.Table = connection.sql(
        f"""
        select strftime(day, '%Y-%m-%d') as day, cast(day as timestamptz) as event_time, {columns}
        from ({kinds}) as told
        order by day, kind, name, detail
        """
    ).to_arrow_table()
    return rows


OF_DAY = "cast(event_time as date) in (select day from wanted)"
"""Whether a row is of one of the days that `show_days` has shown."""


def show_days(connection: Connection, days: Sequence[date]) -> None:
    """Let SQL see days, as table `wanted`."""
    connection.register("wanted", pa.table({"day": pa.array(days, pa.date32())}))


_INTENT = """case when interpretation is null then ''
                else split_part(interpretation, '|', 1) || '|' || split_part(interpretation, '|', 2) end"""


def _prepared(connection: Connection, days: Sequence[date] | None) -> Iterator[str]:
    """Tables `talked` (turns, those that links of these days lead to among them), `judged` (labelled turns) and `pairs`."""
    of_day, turns = "true", "turns"
    if days is not None:
        show_days(connection, days)
        of_day, turns = OF_DAY, f"({merged_turns(DUCKDB, '(select * from turn_parts where turn_id in (select turn_id from near))')})"
        linked = f"from links where probability >= {LINK_MIN} and {of_day}"
        yield f"""
            create or replace temp table near as
            select turn_id from turn_parts where {of_day}
            union select turn_id from outcomes where {of_day}
            union select source_turn_id {linked}
            union select target_turn_id {linked}
        """
    yield f"""
        create or replace temp table talked as
        select turn_id, customer_id, event_time, said, coalesce(cohorts, []) as cohorts, coalesce(device_type, '') as device_type,
            coalesce(room, '') as room, {_INTENT} as intent
        from {turns} as turns
    """
    yield f"""
        create or replace temp table judged as
        select cast(outcomes.event_time as date) as day, outcomes.turn_id, outcomes.customer_id, outcomes.event_time, outcomes.outcome,
            coalesce(talked.cohorts, []) as cohorts, {", ".join(f"coalesce(talked.{each}, '') as {each}" for each in KINDS[1:])},
            coalesce(failure_points.point, '') as point
        from (select * from outcomes where {of_day}) as outcomes
        left join talked on talked.turn_id = outcomes.turn_id
        left join failure_points on failure_points.turn_id = outcomes.turn_id
    """
    yield f"""
        create or replace temp table pairs as
        select cast(links.event_time as date) as day, links.source_turn_id, links.target_turn_id, links.probability,
            source.customer_id, links.event_time, source.said, target.said as said_then,
            coalesce(outcomes.outcome, '') = 'success' as succeeded
        from (select * from links where probability >= {LINK_MIN} and {of_day}) as links
        left join talked as source on source.turn_id = links.source_turn_id
        left join talked as target on target.turn_id = links.target_turn_id
        left join outcomes on outcomes.turn_id = links.target_turn_id
    """


_MARKS = "list(distinct cast(md5_number_lower(customer_id) >> 1 as bigint))"
"""A mark is the same in every version of the engine, which its `hash` is not; two customers in a thousand million share one by chance."""

_NO_MARKS, _NO_SAMPLES = "cast([] as bigint[])", "cast([] as varchar[])"

_TIMES = "min(event_time) as first_at, max(event_time) as last_at"

_OUTCOMES = "count(*) filter (outcome = 'failure') as failures, count(*) filter (outcome = 'censored') as censored"

_NOTHING = "0 as failures, 0 as censored"


def _of_traffic(slices: Sequence[Slice]) -> Iterator[str]:
    """Labelled turns by part of traffic; and those that failed, by the point at which they did, with samples."""
    named = " union all ".join((*_NAMED, *(f"select 'slice', {quoted(each.slice)}, * from judged where {_terms(each)}" for each in slices)))
    yield f"""
        select day, kind, name, '' as detail, count(*) as turns, {_OUTCOMES}, {_TIMES}, {_MARKS} as customers, {_NO_SAMPLES} as samples
        from ({named}) as named
        group by day, kind, name
    """
    yield f"""
        select day, kind, name, point, count(*), count(*), 0, {_TIMES}, {_NO_MARKS},
            max_by(turn_id, (event_time, turn_id), {SAMPLES_MAX})
        from ({" union all ".join(_NAMED)}) as named
        where outcome = 'failure' and point <> ''
        group by day, kind, name, point
    """


_NAMED = (
    "select 'all' as kind, '' as name, * from judged",
    "select 'cohort', unnest(cohorts), * from judged",
    *(f"select '{each}', {each}, * from judged where {each} <> ''" for each in KINDS[1:]),
)


def _terms(wanted: Slice) -> str:
    terms = [f"{name} = {quoted(value)}" for name in KINDS[1:] if (value := getattr(wanted, name))]
    terms += [f"list_contains(cohorts, {quoted(wanted.cohort)})"] if wanted.cohort else []
    return " and ".join(terms) or "true"


def _of_signs(of_day: str) -> Iterator[str]:
    """Turns that were read, and turns that showed each sign."""
    day, none = "cast(event_time as date) as day", f"{_NO_MARKS} as customers, {_NO_SAMPLES} as samples"
    yield f"""
        select {day}, 'read', '', '', count(*), {_NOTHING}, {_TIMES}, {_MARKS}, {_NO_SAMPLES}
        from talked where {of_day} group by day
    """
    yield f"""
        select {day}, 'sign', sign, '', count(distinct turn_id), {_NOTHING}, {_TIMES}, {none}
        from friction where {of_day} group by day, sign
    """


def _of_pairs() -> Iterator[str]:
    """First tries; what was said twice, with its best examples; and what worked then."""
    yield f"""
        select day, 'again', '', '', count(distinct source_turn_id), {_NOTHING}, {_TIMES}, {_NO_MARKS}, {_NO_SAMPLES}
        from pairs group by day
    """
    best = "succeeded desc, probability desc, event_time, source_turn_id, target_turn_id"
    yield f"""
        select * from (with best as (
            select *, row_number() over (partition by day, said order by {best}) as place
            from (
                select * from pairs where said <> '' and said_then is not null
                qualify row_number() over (partition by day, said, customer_id order by {best}) = 1
            ) as each_customer
        ),
        examples as (
            select day, said, flatten(list([source_turn_id, target_turn_id] order by place)) as samples
            from best where place <= {EXAMPLES_MAX} group by day, said
        ),
        said_twice as (
            select day, said, count(distinct source_turn_id) as turns, {_TIMES}, {_MARKS} as customers
            from pairs where said <> '' and said_then is not null group by day, said
        )
        select day, 'twice', said, '', turns, {_NOTHING}, first_at, last_at, customers, samples
        from said_twice join examples using (day, said))
    """
    yield f"""
        select day, 'then', said, said_then, count(*), {_NOTHING}, {_TIMES}, {_NO_MARKS}, {_NO_SAMPLES}
        from pairs
        where said <> '' and succeeded and said_then <> said
        group by day, said, said_then
    """
