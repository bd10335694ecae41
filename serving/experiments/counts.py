"""What experiments ask the lake: named steps of SQL. What is counted of each customer a day since their exposure, and before the start.

Whole days come from the sums that the lake keeps of them (`customer_days`); turns are read only of days that are cut, by an exposure, the
start or the end, and of days that have changed since they were summed. Knows tables; knows nothing of arms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa

from resay.experiment.exposure import Exposed
from resay.experiment.metric import BARGE_IN, DEFECT_RATE, GOAL_SUCCESS, NEGATIVE_FEEDBACK, REPHRASE_RATE
from resay.experiment.reckoning import EVERYBODY
from resay.experiment.statistic import Joint, Moments
from resay.label.customer_days import COUNTS, MILLION, counted_turns, first_cohorts
from resay.store.reading import Connection
from resay.store.tables import TEXT, TIME
from serving.dashboard.queries import Step, run

COUNTED: Mapping[str, tuple[str, str]] = {
    # The chances themselves, those of turns of which it cannot be told among them: this is what the closed loop holds against the truth.
    DEFECT_RATE.name: ("defect", "turns"),
    REPHRASE_RATE.name: (f"rephrased * {MILLION}", "turns"),
    BARGE_IN.name: (f"barge_in * {MILLION}", "turns"),
    NEGATIVE_FEEDBACK.name: (f"denied * {MILLION}", "turns"),
    GOAL_SUCCESS.name: (f"reached * {MILLION}", "goals"),
}
"""Metrics that the lake can tell, and the counts that they are made of: the total, in millionths, and its base.

The time to answer is no turn's, and alike in all arms: `/metrics` tells it.
"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which time is counted; UTC."""

    past: datetime
    """From here what was before counts."""
    start: datetime
    """The start of the experiment."""
    end: datetime
    """Its end, or now."""


def show_counts(connection: Connection, exposed: Exposed, stretch: Stretch, *, stale: Sequence[date] | None) -> None:
    """Let steps see what was counted of those who were exposed, a row a customer and day; those who crossed are not there.

    `stale` are days whose kept sums are of yesterday; nothing: all of them.

    Raises: FailedStep.
    """
    counted = [each for customer, each in exposed.first.items() if customer not in exposed.crossed]
    columns = {
        "customer_id": pa.array([each.customer_id for each in counted], TEXT),
        "since": pa.array([each.at for each in counted], TIME),
        "arm": pa.array([each.arm for each in counted], TEXT),
    }
    connection.register("exposed", pa.table(columns))
    connection.register("stale", pa.table({"day": pa.array(stale or [], pa.date32())}))
    run(connection, _units(stretch, all_stale=stale is None))


def _units(stretch: Stretch, *, all_stale: bool) -> Step:
    """Table `units`: whole days as they were summed, and turns of days that are cut or stale."""
    spans = (("since", stretch.end, "false"), (f"{_moment(stretch.past)}", stretch.start, "true"))
    told = [_told(since, end, is_past, all_stale=all_stale) for since, end, is_past in spans]
    sums = ", ".join(f"cast(sum({each}) as bigint) as {each}" for each in COUNTS)
    return Step(
        "units",
        f"""
        create or replace temp table units as
        select customer_id, is_past, day, {sums}
        from ({" union all ".join(told)}) as told
        group by customer_id, is_past, day
        """,
    )


def _told(since: str, end: datetime, is_past: str, *, all_stale: bool) -> str:
    """What is counted from one moment, SQL, up to another; the days between them whole where their sums may be taken."""
    until = _moment(end)
    is_cut = (
        f"(day <= cast({since} as date) or day >= cast({until} as date) or {'true' if all_stale else 'day in (select day from stale)'})"
    )
    near = f"{since} <= event_time and event_time < {until}"
    some = {
        name: f"""(
            select {name}.*
            from (select *, cast(event_time as date) as day from {name} where event_time < {until}) as {name}
            join exposed using (customer_id)
            where {near} and {is_cut}
        )"""
        for name in ("outcomes", "segments")
    }
    counts = ", ".join(COUNTS)
    turns = f"""
        select customer_id, {is_past} as is_past, cast(event_time as date) as day, {counts}
        from ({counted_turns(some["outcomes"], some["segments"])}) as turns
    """
    if all_stale:
        return turns
    return f"""
        {turns}
        union all
        select customer_id, {is_past}, days.day, {counts}
        from (select * replace (cast(day as date) as day) from customer_days) as days join exposed using (customer_id)
        where days.day > cast({since} as date) and days.day < cast({until} as date) and days.day not in (select day from stale)
    """


def _moment(moment: datetime) -> str:
    return f"timestamptz '{moment.isoformat()}'"


def by_day(connection: Connection, metric: str) -> list[tuple[date, str, Joint]]:
    """What each day adds to the sums of each arm, of turns from the exposure on; days in order.

    What `Reckoning` comes to, customer by customer, in one step of the engine: a chart of a month asks for it a million times.
    """
    return [(day, arm, _joint(sums)) for day, _, arm, *sums in run(connection, _gains(metric, is_whole=False))]


def in_whole(connection: Connection, metric: str) -> dict[tuple[str, str], Joint]:
    """The sums of each arm and cohort over all days, `EVERYBODY` among the cohorts; `show_cohorts` comes first."""
    return {(arm, cohort): _joint(sums) for _, cohort, arm, *sums in run(connection, _gains(metric, is_whole=True))}


def show_cohorts(connection: Connection, names: Iterable[str], *, stale: Sequence[date] | None) -> dict[tuple[str, str], int]:
    """Let steps see who is of which of these cohorts, as the first of their turns that names any says; how many are, by arm and cohort."""
    connection.register("wanted_cohorts", pa.table({"cohort": pa.array(sorted(set(names)), TEXT)}))
    run(connection, _cohorts(all_stale=stale is None))
    return {(arm, cohort): customers for arm, cohort, customers in run(connection, _SIZES)}


_SIZES = Step(
    "sizes_of_cohorts",
    "select arm, cohort, count(*) from member_of join exposed using (customer_id) group by arm, cohort order by arm, cohort",
)


def _gains(metric: str, *, is_whole: bool) -> Step:
    """What days of customers add to the sums: each day to those of its arm, or all days of a customer in one piece, to all of theirs."""
    total, base = COUNTED[metric]
    sums = ", ".join(f"sum(cast({each} as hugeint))" for each in _GAINS)
    daily = f"select customer_id, day, {total} as total, {base} as base from units where not is_past and {base} > 0"
    if is_whole:
        daily = f"select customer_id, null as day, total, base from ({_summed(metric, is_past=False).sql}) as summed"
    members = "member_of" if is_whole else f"(select customer_id, '{EVERYBODY}' as cohort from exposed)"
    return Step(
        f"{metric}_{'in_whole' if is_whole else 'by_day'}",
        f"""
        with daily as ({daily}),
        earlier as ({_summed(metric, is_past=True).sql}),
        grown as (
            select customer_id, day, cast(total as hugeint) as d, cast(base as hugeint) as n,
                coalesce(sum(total) over so_far, 0) as had_d, coalesce(sum(base) over so_far, 0) as had_n
            from daily
            window so_far as (partition by customer_id order by day rows between unbounded preceding and 1 preceding)
        ),
        known as (
            select grown.*, exposed.arm, members.cohort, grown.had_n = 0 as is_first,
                cast(coalesce(earlier.total, 0) as hugeint) as past_d, cast(coalesce(earlier.base, 0) as hugeint) as past_n
            from grown
            join exposed on exposed.customer_id = grown.customer_id
            join {members} as members on members.customer_id = grown.customer_id
            left join earlier on earlier.customer_id = grown.customer_id
        )
        select day, cohort, arm, {sums}
        from known
        group by day, cohort, arm
        order by day, cohort, arm
        """,
    )


_GAINS = (
    *("case when is_first then 1 else 0 end", "d", "n", "d * (2 * had_d + d)", "n * (2 * had_n + n)", "had_d * n + d * had_n + d * n"),
    "case when is_first and past_n > 0 then 1 else 0 end",
    *(
        f"case when is_first then {each} else 0 end"
        for each in ("past_d", "past_n", "past_d * past_d", "past_n * past_n", "past_d * past_n")
    ),
    *("d * past_d", "d * past_n", "n * past_d", "n * past_n"),
)
"""What a day of a customer adds to each of the sums (`resay.experiment.statistic.gained_jointly`), in the order of their fields."""

_MILLIONTHS = (0, 1, 0, 2, 0, 1)
"""How often each sum of one stretch holds a total, and so a million."""


def _joint(sums: Sequence[int]) -> Joint:
    """The sums of an arm on a day, from whole millionths."""
    scaled = [each / MILLION**power for each, power in zip(sums, (*_MILLIONTHS, *_MILLIONTHS, 2, 1, 1, 0), strict=True)]
    now, past = ([round(part[0]), *part[1:]] for part in (scaled[:6], scaled[6:12]))
    return Joint(Moments(*now), Moments(*past), *scaled[12:])


def _summed(metric: str, *, is_past: bool) -> Step:
    total, base = COUNTED[metric]
    return Step(
        f"{metric}_{'before' if is_past else 'since'}",
        f"""
        select customer_id, cast(sum({total}) as bigint) as total, cast(sum({base}) as bigint) as base
        from units
        where {"is_past" if is_past else "not is_past"} and {base} > 0
        group by customer_id
        order by customer_id
        """,
    )


def _cohorts(*, all_stale: bool) -> Step:
    is_stale = "true" if all_stale else "cast(event_time as date) in (select day from stale)"
    days = first_cohorts(f"(select * from turn_parts where {is_stale})")
    if not all_stale:
        days += """
        union all
        select cast(day as date), customer_id, cohorts from customer_days
        where len(cohorts) > 0 and cast(day as date) not in (select day from stale)
        """
    return Step(
        "cohorts",
        f"""
        create or replace temp table member_of as
        select customer_id, '{EVERYBODY}' as cohort from exposed
        union all
        select customer_id, cohort
        from (
            select customer_id, unnest(list_distinct(first_named)) as cohort
            from (
                select exposed.customer_id, arg_min(days.cohorts, days.day) as first_named
                from ({days}) as days
                join exposed on exposed.customer_id = days.customer_id
                group by exposed.customer_id
            ) as named
        ) as told
        where cohort in (select cohort from wanted_cohorts)
        """,
    )
