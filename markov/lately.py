"""How wordings fare lately: since when what a wording comes to is another than before, so that what was before is no evidence any more.

An assistant that has learnt a phrase makes weeks of refusals untrue in a day. Named SQL steps over `told_ever` (`markov.wordings`), in the
common dialect; which days hold together is `posterior`'s arithmetic.
"""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from markov.engine import Engine, tuples
from markov.posterior import Day, since_change
from markov.standing import CUSTOMERS_MIN
from markov.steps import MILLION, Step
from resay.store.tables import DAY, TEXT

LOOKED_AT_MAX = 20_000
"""Wordings whose days are held against each other, those said most first: a tenth of a millisecond each."""

WEIGHT_MIN = 3
"""Turns that succeeded, and turns that failed, below which no change of a wording could be told."""


def find_changes(engine: Engine, customers_min: int) -> None:
    """Leave the first day of each wording's present with the engine, as `changed` (said, kind, since), of those that changed.

    Raises: StepFailed.
    """
    engine.run(count_days(customers_min))
    days: dict[tuple[str, str], list[Day]] = {}
    for said, kind, day, wins, losses in tuples(engine.rows("told_days"), "said", "kind", "day", "wins", "losses"):
        days.setdefault((said, kind), []).append(Day(day, wins / MILLION, losses / MILLION))
    found = {wording: lately[0].day for wording, told in days.items() if len(lately := since_change(told)) < len(told)}
    engine.load("maybe_changed", _changes(found))
    engine.run(confirm())


def count_days(customers_min: int) -> Step:
    """How each wording that both succeeds and fails fared day by day, nobody weighing more than one a day."""
    share = f"{MILLION}.0 / (sum(won) + sum(lost))"
    return Step(
        "told_days",
        f"""
        with judged as (
            select said, kind, day, customer, case when outcome = 'success' then 1 else 0 end as won,
                case when outcome = 'failure' then 1 else 0 end as lost
            from told_ever
            where outcome in ('success', 'failure')
        ),
        mixed as (
            select said, kind
            from judged
            group by said, kind
            having count(distinct customer) >= {customers_min} and sum(won) >= {WEIGHT_MIN} and sum(lost) >= {WEIGHT_MIN}
            order by count(*) desc, kind, said
            limit {LOOKED_AT_MAX}
        )
        select said, kind, day, cast(sum(wins) as bigint) as wins, cast(sum(losses) as bigint) as losses
        from (
            select judged.said, judged.kind, judged.day, judged.customer, cast(floor(sum(won) * {share}) as bigint) as wins,
                cast(floor(sum(lost) * {share}) as bigint) as losses
            from judged
            join mixed on mixed.said = judged.said and mixed.kind = judged.kind
            group by judged.said, judged.kind, judged.day, judged.customer
        ) as weighed
        group by said, kind, day
        order by kind, said, day
        """,
    )


def confirm() -> Step:
    """Changes that enough customers have seen: two may be one household."""
    return Step(
        "changed",
        f"""
        select maybe_changed.said, maybe_changed.kind, maybe_changed.since
        from maybe_changed
        join told_ever on told_ever.said = maybe_changed.said and told_ever.kind = maybe_changed.kind
            and told_ever.day >= maybe_changed.since and told_ever.outcome in ('success', 'failure')
        group by maybe_changed.said, maybe_changed.kind, maybe_changed.since
        having count(distinct told_ever.customer) >= {CUSTOMERS_MIN}
        """,
    )


def keep_present(turns: str) -> str:
    """SQL of the join and the condition that leave of some turns those since their wording changed, if it did."""
    return f"""left join changed on changed.said = {turns}.said and changed.kind = {turns}.kind
            where (changed.since is null or {turns}.day >= changed.since)"""


def _changes(found: dict[tuple[str, str], date]) -> pa.Table:
    named = sorted(found)
    return pa.table(
        {
            "said": pa.array([said for said, _ in named], TEXT),
            "kind": pa.array([kind for _, kind in named], TEXT),
            "since": pa.array([found[each] for each in named], DAY),
        }
    )
