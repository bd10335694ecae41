"""What is counted of customers: turn by turn, and in sums of whole days as the lake keeps them. Named pieces of SQL; nothing runs here.

Totals are whole numbers, chances in millionths: added up in another order they come to the same.
"""

from __future__ import annotations

from resay.dialogue.label import FrictionSign
from resay.label.findings import LINK_MIN

MILLION = 1_000_000

COUNTS = ("turns", "defect", "rephrased", "barge_in", "denied", "goals", "reached")
"""What is counted: columns of table `customer_days`."""


def counted_turns(outcomes: str = "outcomes", segments: str = "segments") -> str:
    """SQL of what each labelled turn, and each goal at its first turn, counts for: customer_id, event_time, and `COUNTS`.

    A goal is of the moment at which it began: one that began before an exposure was not the same question in both arms.
    """
    return f"""
        select customer_id, event_time, 1 as turns, cast(round(defect * {MILLION}) as bigint) as defect,
            {_whether(f"select source_turn_id from links where probability >= {LINK_MIN}")} as rephrased,
            {_whether(_showing(FrictionSign.BARGE_IN))} as barge_in, {_whether(_showing(FrictionSign.DENIAL))} as denied,
            0 as goals, 0 as reached
        from {outcomes} as outcomes
        union all
        select customer_id, event_time, 0, 0, 0, 0, 0, 1, case when outcome = 'success' then 1 else 0 end
        from {segments} as segments
        where ordinal = 0 and outcome <> 'censored'
    """


def first_cohorts(parts: str = "turn_parts") -> str:
    """SQL of the cohorts that the first turn of each customer's day named that named any: day, customer_id, cohorts."""
    return f"""
        select cast(event_time as date) as day, customer_id, arg_min(cohorts, (event_time, part)) as cohorts
        from {parts} as parts
        where len(cohorts) > 0
        group by all
    """


def customer_day_rows(of_day: str) -> str:
    """SQL of the rows of `customer_days`; `of_day` is SQL that says of an `event_time` whether its day is wanted.

    The time of a row is that of the last thing in it: of somebody who was forgotten at noon it is kept where they have spoken since.
    """
    some = {name: f"(select * from {name} where {of_day})" for name in ("outcomes", "segments", "turn_parts")}
    sums = ", ".join(f"cast(sum({each}) as bigint) as {each}" for each in COUNTS)
    return f"""
        with counted as (
            select cast(event_time as date) as day, customer_id, {sums}
            from ({counted_turns(some["outcomes"], some["segments"])}) as turns
            group by all
        ),
        named as ({first_cohorts(some["turn_parts"])}),
        latest as (
            select cast(event_time as date) as day, customer_id, max(event_time) as last_at
            from ({" union all ".join(f"select customer_id, event_time from {each} as rows" for each in some.values())}) as moments
            group by all
        )
        select strftime(day, '%Y-%m-%d') as day, last_at as event_time, customer_id,
            {", ".join(f"coalesce({each}, 0) as {each}" for each in COUNTS)}, cohorts
        from counted full join named using (day, customer_id) join latest using (day, customer_id)
        order by day, customer_id
    """


def _showing(sign: FrictionSign) -> str:
    return f"select turn_id from friction where sign = '{sign}'"


def _whether(turns: str) -> str:
    return f"case when turn_id in ({turns}) then 1 else 0 end"
