"""Rows for the books but for those of customers who were forgotten, for whoever writes what waited for a moment.

What it costs depends on how many rows there are, and not on how many customers were forgotten: nobody else writes meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from resay.dialogue.moment import utc
from resay.store.forgotten import Forgotten, mark_of

MARKS_A_LOOK = 10_000
"""Marks that are looked up by one statement: SQLite takes 32,766 values, PostgreSQL twice as many."""


def of_the_known(connection: sa.Connection, rows: list[dict[str, Any]], *, forgettings: sa.Table) -> list[dict[str, Any]]:
    """Rows but for those of customers who were forgotten since; `forgettings` is the table of them.

    To be asked behind a write of the same transaction, as whoever forgets a customer comes wholly before it or wholly after.
    """
    of, customers = forgettings.c, {row["customer_id"] for row in rows}
    marks = [mark_of(customer, salt) for salt in _salts(connection, forgettings) for customer in customers]
    if not marks:
        return rows
    looks = [sa.select(of.salt, of.mark, of.until).where(of.mark.in_(some)) for some in _pieces(marks)]
    forgotten = Forgotten.of((salt, mark, utc(until)) for look in looks for salt, mark, until in connection.execute(look))
    return [row for row in rows if (until := forgotten.until(row["customer_id"])) is None or row["event_time"] > until]


def _pieces(marks: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(marks), MARKS_A_LOOK):
        yield marks[begin : begin + MARKS_A_LOOK]


def _salts(connection: sa.Connection, forgettings: sa.Table) -> Iterator[str]:
    """Each salt once, there is hardly ever another: by steps along its index, of which a database reads all to tell them apart."""
    of = forgettings.c.salt
    salt = connection.execute(sa.select(sa.func.min(of))).scalar()
    while salt is not None:
        yield salt
        salt = connection.execute(sa.select(sa.func.min(of)).where(of > salt)).scalar()
