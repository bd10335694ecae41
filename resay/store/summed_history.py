"""A customer's own history as it is asked of the books: one query, made once."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def summed_history(histories: sa.Table) -> sa.Select[Any]:
    """One customer's rows over all days; of what is told of the last turn, that of the last day."""
    of = histories.c
    keys = (of.said, of.prompt_kind, of.room, of.way, of.target)
    ours = (of.customer_id == sa.bindparam("customer"), of.day >= sa.bindparam("since"))
    summed = sa.select(
        *keys,
        # Where sums of whole numbers are wider than these (PostgreSQL), they would come back as decimals.
        sa.cast(sa.func.sum(of.times), sa.BigInteger).label("times"),
        sa.cast(sa.func.sum(of.successes), sa.BigInteger).label("successes"),
        sa.func.max(of.day).label("last_day"),
    )
    sums = summed.where(*ours).group_by(*keys).subquery()
    same = [sums.c[key.name] == key for key in keys]
    last = sa.and_(*same, of.day == sums.c.last_day, *ours)
    told = sa.select(*(sums.c[key.name] for key in keys), of.wording, of.state, sums.c.times, sums.c.successes, sums.c.last_day, of.turn_id)
    return told.select_from(sums.join(histories, last)).order_by(*(sums.c[key.name] for key in keys))
