"""What experiments ask the lake: named steps of SQL. What is counted of each customer a day since their exposure, and before the start.

A metric is a list of (customer, moment, total), each with a base of one. Knows tables; knows nothing of arms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa

from resay.dialogue.label import FrictionSign
from resay.experiment.exposure import Exposed
from resay.experiment.metric import BARGE_IN, DEFECT_RATE, GOAL_SUCCESS, NEGATIVE_FEEDBACK, REPHRASE_RATE
from resay.experiment.statistic import Joint, Moments, Unit
from resay.label.findings import LINK_MIN
from resay.store.reading import Connection
from resay.store.tables import TEXT, TIME
from serving.dashboard.queries import Step, run


def _shown(sign: FrictionSign) -> str:
    """Turns, and whether they showed a sign."""
    showing = f"select turn_id from friction where sign = '{sign}'"
    return f"select customer_id, event_time, case when turn_id in ({showing}) then 1.0 else 0.0 end as total from outcomes"


_SAID_AGAIN = f"select source_turn_id from links where probability >= {LINK_MIN}"

COUNTED: Mapping[str, str] = {
    # The chances themselves, those of turns of which it cannot be told among them: this is what the closed loop holds against the truth.
    DEFECT_RATE.name: "select customer_id, event_time, defect as total from outcomes",
    REPHRASE_RATE.name: f"""
        select customer_id, event_time, case when turn_id in ({_SAID_AGAIN}) then 1.0 else 0.0 end as total from outcomes
    """,
    BARGE_IN.name: _shown(FrictionSign.BARGE_IN),
    NEGATIVE_FEEDBACK.name: _shown(FrictionSign.DENIAL),
    # A segment is of the moment at which it began: one that began before the exposure was not the same question in both arms.
    GOAL_SUCCESS.name: """
        select customer_id, event_time, case when outcome = 'success' then 1.0 else 0.0 end as total
        from segments
        where ordinal = 0 and outcome <> 'censored'
    """,
}
"""Metrics that the lake can tell, and how. The time to answer is no turn's, and alike in all arms: `/metrics` tells it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which time is counted; UTC."""

    past: datetime
    """From here what was before counts."""
    start: datetime
    """The start of the experiment."""
    end: datetime
    """Its end, or now."""


def show_exposed(connection: Connection, exposed: Exposed) -> None:
    """Let steps see who was exposed, in which arm and since when; those who crossed are not there."""
    counted = [each for customer, each in exposed.first.items() if customer not in exposed.crossed]
    columns = {
        "customer_id": pa.array([each.customer_id for each in counted], TEXT),
        "arm": pa.array([each.arm for each in counted], TEXT),
        "since": pa.array([each.at for each in counted], TIME),
    }
    connection.register("exposed", pa.table(columns))


def by_day(connection: Connection, metric: str, stretch: Stretch) -> list[tuple[date, str, Joint]]:
    """What each day adds to the sums of each arm, of turns from the exposure on; days in order.

    What `Reckoning` comes to, customer by customer, in one step of the engine: a chart of a month asks for it a million times.
    """
    return [(day, arm, _joint(sums)) for day, arm, *sums in run(connection, _gains(metric, stretch))]


def in_all(connection: Connection, metric: str, stretch: Stretch) -> dict[str, Unit]:
    """What was counted of each customer, of turns from their exposure on."""
    return {customer: (total / MILLION, base) for customer, total, base in run(connection, _in_all(metric, stretch))}


def before(connection: Connection, metric: str, stretch: Stretch) -> dict[str, Unit]:
    """What was counted of each customer before the start."""
    return {customer: (total / MILLION, base) for customer, total, base in run(connection, _before(metric, stretch))}


def cohorts_of(connection: Connection, names: Iterable[str]) -> dict[str, frozenset[str]]:
    """Those of these cohorts that each customer is of, as the first of their turns that names any says."""
    wanted = frozenset(names)
    return {customer: wanted.intersection(told) for customer, told in run(connection, _cohorts())} if wanted else {}


MILLION = 1_000_000
"""Totals are added up in whole millionths: chances added in another order come to the same then, here and on every page."""

_TOTAL = f"cast(sum(cast(round(counted.total * {MILLION}) as bigint)) as bigint)"


def _gains(metric: str, stretch: Stretch) -> Step:
    daily = f"""
        select exposed.customer_id, cast(counted.event_time as date) as day, {_TOTAL} as total, count(*) as base
        from ({COUNTED[metric]}) as counted
        join exposed on exposed.customer_id = counted.customer_id
        where counted.event_time >= exposed.since and counted.event_time < ?
        group by exposed.customer_id, day
    """
    sums = ", ".join(f"sum(cast({each} as hugeint))" for each in _GAINS)
    return Step(
        f"{metric}_by_day",
        f"""
        with daily as ({daily}),
        earlier as ({_BEFORE.format(counted=COUNTED[metric])}),
        grown as (
            select customer_id, day, cast(total as hugeint) as d, cast(base as hugeint) as n,
                coalesce(sum(total) over so_far, 0) as had_d, coalesce(sum(base) over so_far, 0) as had_n
            from daily
            window so_far as (partition by customer_id order by day rows between unbounded preceding and 1 preceding)
        ),
        known as (
            select grown.*, exposed.arm, grown.had_n = 0 as is_first,
                cast(coalesce(earlier.total, 0) as hugeint) as past_d, cast(coalesce(earlier.base, 0) as hugeint) as past_n
            from grown
            join exposed on exposed.customer_id = grown.customer_id
            left join earlier on earlier.customer_id = grown.customer_id
        )
        select day, arm, {sums}
        from known
        group by day, arm
        order by day, arm
        """,
        (stretch.end, stretch.past, stretch.start),
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


def _in_all(metric: str, stretch: Stretch) -> Step:
    return Step(
        f"{metric}_in_all",
        f"""
        select exposed.customer_id, {_TOTAL} as total, count(*) as base
        from ({COUNTED[metric]}) as counted
        join exposed on exposed.customer_id = counted.customer_id
        where counted.event_time >= exposed.since and counted.event_time < ?
        group by exposed.customer_id
        order by exposed.customer_id
        """,
        (stretch.end,),
    )


_BEFORE = f"""
        select exposed.customer_id, {_TOTAL} as total, count(*) as base
        from ({{counted}}) as counted
        join exposed on exposed.customer_id = counted.customer_id
        where counted.event_time >= ? and counted.event_time < ?
        group by exposed.customer_id
"""


def _before(metric: str, stretch: Stretch) -> Step:
    return Step(f"{metric}_before", _BEFORE.format(counted=COUNTED[metric]), (stretch.past, stretch.start))


def _cohorts() -> Step:
    return Step(
        "cohorts",
        """
        select exposed.customer_id, arg_min(turn_parts.cohorts, (turn_parts.event_time, turn_parts.part)) as cohorts
        from turn_parts
        join exposed on exposed.customer_id = turn_parts.customer_id
        where len(turn_parts.cohorts) > 0
        group by exposed.customer_id
        """,
    )
