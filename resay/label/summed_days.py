"""Days added up: from the rows of `rollup_days` to what pages show. A few turns are read for their words; none is scanned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from resay.label.day_sums import KINDS, SAMPLES_MAX
from resay.label.findings import EXAMPLES_MAX, LINK_MIN, WORDINGS_MAX, DayCount, Example, Findings, SaidTwice
from resay.store.reading import Connection
from resay.store.turns_view import DUCKDB, merged_turns

Row = tuple[str, str, int, int, int, int]
"""Kind, name, turns, customers, failures, turns of which it cannot be told."""

FailedRow = tuple[str, str, str, int, list[str]]
"""Kind, name, point, turns, samples."""


def findings_of(connection: Connection, days: str) -> Findings:
    """The log in figures."""
    query = connection.execute
    read = query(f"select sum(turns), min(first_at), max(last_at) from {days} where kind = 'read'").fetchall()[0]
    customers = query(f"select count(distinct mark) from (select unnest(customers) as mark from {days} where kind = 'read')").fetchall()[0][
        0
    ]
    judged = query(f"select sum(failures), sum(censored) from {days} where kind = 'all' and detail = ''").fetchall()[0]
    again = query(f"select sum(turns) from {days} where kind = 'again'").fetchall()[0][0]
    signs = query(f"select name, sum(turns) as turns from {days} where kind = 'sign' group by name order by turns desc, name").fetchall()
    by_day = query(f"select day, turns, failures from {days} where kind = 'all' and detail = '' order by day").fetchall()
    return Findings(
        turns=int(read[0] or 0),
        customers=customers,
        since=read[1],
        until=read[2],
        defects=int(judged[0] or 0),
        censored=int(judged[1] or 0),
        rephrased=int(again or 0),
        friction=tuple((sign, int(turns)) for sign, turns in signs),
        days=tuple(DayCount(date.fromisoformat(day), turns, failures) for day, turns, failures in by_day),
    )


def outcomes_of(connection: Connection, days: str) -> list[tuple[date, int, int, int]]:
    """Of each day: failures, turns of which it cannot be told, successes."""
    query = f"""
        select cast(day as date), failures, censored, turns - failures - censored from {days}
        where kind = 'all' and detail = '' order by day
    """
    return connection.execute(query).fetchall()


def signs_of(connection: Connection, days: str) -> list[tuple[str, date, int]]:
    """Turns that showed each sign on each day."""
    return connection.execute(f"select name, cast(day as date), turns from {days} where kind = 'sign' order by name, day").fetchall()


def fared_of(connection: Connection, days: str, *, most: int) -> list[Row]:
    """How parts of traffic fared, those of most turns of each kind."""
    traffic = f"(select * from {days} where detail = '' and kind in ({_listed(('all', *KINDS, 'slice'))}))"
    query = f"""
        with summed as (
            select kind, name, sum(turns) as times, sum(failures) as failures, sum(censored) as censored
            from {traffic} as traffic
            group by kind, name
            qualify row_number() over (partition by kind order by times desc, name) <= ?
        ),
        marked as (
            select kind, name, unnest(customers) as mark from {traffic} as traffic semi join summed using (kind, name)
        ),
        met as (select kind, name, count(distinct mark) as customers from marked group by kind, name)
        select kind, name, times, customers, failures, censored
        from summed join met using (kind, name)
        order by kind, times desc, name
    """
    rows = connection.execute(query, [most]).fetchall()
    return [(kind, name, *map(int, counts)) for kind, name, *counts in rows]


def failed_of(connection: Connection, days: str, *, most: int) -> list[FailedRow]:
    """Where turns failed first, of the parts of traffic that failed most often."""
    query = f"""
        with counted as (
            select kind, name, detail as point, sum(turns) as times, flatten(list(samples order by day desc))[:{SAMPLES_MAX}] as samples
            from {days}
            where detail <> '' and kind in ({_listed(("all", *KINDS))})
            group by kind, name, detail
        ),
        summed as (select *, sum(times) over (partition by kind, name) as in_all from counted),
        ranked as (select *, dense_rank() over (partition by kind order by in_all desc, name) as place from summed)
        select kind, name, point, times, samples
        from ranked
        where place <= ?
        order by kind, name, times desc, point
    """
    return [(kind, name, point, int(times), ids) for kind, name, point, times, ids in connection.execute(query, [most]).fetchall()]


def twice_of(connection: Connection, days: str, *, most: int) -> list[SaidTwice]:
    """What customers had to say twice, by how many customers had to."""
    connection.execute(
        f"""
        create or replace temp table twice as
        with marked as (select name, unnest(customers) as mark from {days} where kind = 'twice'),
        met as (select name, count(distinct mark) as customers from marked group by name),
        summed as (
            select name, cast(sum(turns) as bigint) as times, flatten(list(samples)) as samples
            from {days} where kind = 'twice' group by name
        )
        select name as said, times, customers, samples
        from summed join met using (name)
        order by customers desc, times desc, said
        limit ?
        """,
        [most],
    )
    sources = connection.execute("select said, times, customers from twice order by customers desc, times desc, said").fetchall()
    wordings, examples = _wordings(connection, days), _examples(connection)
    return [SaidTwice(said, times, met, wordings.get(said, ()), examples.get(said, ())) for said, times, met in sources]


def _wordings(connection: Connection, days: str) -> Mapping[str, tuple[tuple[str, int], ...]]:
    query = f"""
        select name, detail, cast(sum(turns) as bigint) as times
        from {days}
        where kind = 'then' and name in (select said from twice)
        group by name, detail
        qualify row_number() over (partition by name order by times desc, detail) <= {WORDINGS_MAX}
        order by name, times desc, detail
    """
    found: dict[str, tuple[tuple[str, int], ...]] = {}
    for said, wording, times in connection.execute(query).fetchall():
        found[said] = (*found.get(said, ()), (wording, times))
    return found


def _examples(connection: Connection) -> Mapping[str, tuple[Example, ...]]:
    """The best of the best of each day, one a customer; their words are read."""
    ours = "(select * from turn_parts where turn_id in (select unnest(samples) from twice))"
    query = f"""
        with ours as materialized (
            select turn_id, customer_id, event_time, said, coalesce(status, '') as status from ({merged_turns(DUCKDB, ours)}) as merged
        ),
        pairs as (
            select source.said, source.customer_id, links.event_time, links.source_turn_id, links.target_turn_id, links.probability,
                source.status as response, target.said as said_then, target.status as response_then,
                coalesce(outcomes.outcome, '') = 'success' as succeeded
            from links
            join ours as source on source.turn_id = links.source_turn_id
            join ours as target on target.turn_id = links.target_turn_id
            left join outcomes on outcomes.turn_id = links.target_turn_id
            where links.probability >= {LINK_MIN}
        ),
        best as (select * from pairs qualify row_number() over (partition by said, customer_id order by {_BEST}) = 1)
        select said, event_time, source_turn_id, target_turn_id, said, response, said_then, response_then
        from best
        where said in (select said from twice)
        qualify row_number() over (partition by said order by {_BEST}) <= {EXAMPLES_MAX}
        order by said, {_BEST}
    """
    found: dict[str, tuple[Example, ...]] = {}
    for said, *row in connection.execute(query).fetchall():
        found[said] = (*found.get(said, ()), Example(*row))
    return found


_BEST = "succeeded desc, probability desc, event_time, source_turn_id, target_turn_id"


def _listed(kinds: Sequence[str]) -> str:
    return ", ".join(f"'{each}'" for each in kinds)
