"""How many answers were given each day, by reason and layer, counted in the transaction that writes them down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date
from typing import Any

import sqlalchemy as sa

from resay.store.tables import DECISION_DAYS


def add_decisions(connection: sa.Connection, decisions: Sequence[Mapping[str, Any]], *, counts: sa.Table) -> None:
    """Add decisions to the counts of their days; for one writer at a time, as the books have."""
    told = Counter((each["event_time"].astimezone(UTC).date(), each["reason"], each["layer"] or "") for each in decisions)
    for key, times in sorted(told.items()):
        same = [counts.c[name] == value for name, value in zip(DECISION_DAYS.key, key, strict=True)]
        if not connection.execute(counts.update().where(*same).values(decisions=counts.c.decisions + times)).rowcount:
            connection.execute(counts.insert(), dict(zip(DECISION_DAYS.key, key, strict=True)) | {"decisions": times})


def count_earlier(connection: sa.Connection, *, decisions: sa.Table, counts: sa.Table) -> None:
    """Count what earlier versions wrote down: books of theirs have no counts."""
    of = decisions.c
    keys = (sa.func.date(of.event_time), of.reason, sa.func.coalesce(of.layer, ""))
    rows = [(_day(day), *rest) for day, *rest in connection.execute(sa.select(*keys, sa.func.count()).group_by(*keys))]
    if rows:
        connection.execute(counts.insert(), [dict(zip(counts.c.keys(), row, strict=True)) for row in rows])


def counted(connection: sa.Connection, counts: sa.Table) -> dict[tuple[str, str], int]:
    """Answers of all days, by reason and layer."""
    of = counts.c
    query = sa.select(of.reason, of.layer, sa.cast(sa.func.sum(of.decisions), sa.BigInteger)).group_by(of.reason, of.layer)
    return {(reason, layer): times for reason, layer, times in connection.execute(query)}


def _day(day: date | str) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day
