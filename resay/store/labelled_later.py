"""Rows whose outcome labels tell later: which of them are asked for, and how what came of them is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from resay.store.books import Books

ASKED_FOR = timedelta(days=14)
"""How long before the newest row one without an outcome is asked for: what two weeks of labels did not tell they will not."""

REVISED_FOR = timedelta(hours=1)
"""How long a label may still change by what is said next: a session ends after 45 s of silence; the rest is for what comes late."""

ASKED_MAX = 20_000
"""Rows asked for at once, the newest first: a day of a large home; SQLite takes 50 ms for them."""


def asked_for(books: Books, table: sa.Table, names: Sequence[str]) -> Sequence[Sequence[Any]]:
    """These columns of rows of which it is not known for good what came of them, the newest first.

    Raises: BooksUnavailable.
    """
    of = table.c
    with books.reading() as connection:
        newest = connection.execute(sa.select(sa.func.max(of.event_time))).scalar()
        if newest is None:
            return []
        open_ones = sa.and_(of.outcome == "", of.event_time > newest - ASKED_FOR)
        query = sa.select(*(of[name] for name in names)).where(sa.or_(of.event_time > newest - REVISED_FOR, open_ones))
        return connection.execute(query.order_by(of.event_time.desc()).limit(ASKED_MAX)).all()


def settle(books: Books, table: sa.Table, outcomes: Mapping[Any, str]) -> None:
    """Write down what came of rows, which have the table's key as their fields.

    Raises: BooksUnavailable.
    """
    keys = [column.name for column in table.primary_key]
    same = [table.c[name] == sa.bindparam(f"of_{name}") for name in keys]
    rows = [{**{f"of_{name}": getattr(each, name) for name in keys}, "became": outcome} for each, outcome in outcomes.items()]
    if rows:
        with books.writing() as connection:
            connection.execute(table.update().where(*same).values(outcome=sa.bindparam("became")), rows)
