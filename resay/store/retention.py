"""Retention: rows that are older than a table's days are erased, from the lake and its history and from the books.

Knows which column of a table says when; knows nothing of what rows mean. Tables are kept each by its own days: what was told of turns
that are gone stays until its own have passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from resay.store.books import Books, sql_table
from resay.store.erasure import Doom, erase
from resay.store.forgotten import Verdict
from resay.store.lake import Lake
from resay.store.sums import SUMMED_OF, SUMS, erase_sums
from resay.store.tables import (
    ASKED,
    DECISIONS,
    EXPOSURES,
    HISTORIES,
    TABLES,
    TRIALS,
    TRIGGERS,
    Home,
    Table,
)

_TIMES = ("event_time", "landed_at", "day")
"""Columns that say when, the first that a table has."""

_OF_THE_BOOKS = (DECISIONS, HISTORIES, EXPOSURES, TRIALS, TRIGGERS, ASKED)


def _time_of(table: Table) -> str | None:
    return next((name for name in _TIMES if name in table.schema().names), None)


AGING: Mapping[str, Table] = {
    table.name: table for table in TABLES if _time_of(table) and table not in SUMS and (table.home is Home.LAKE or table in _OF_THE_BOOKS)
}
"""Tables that may be kept for so many days, by name; sums lie there as long as that of which they are the sum."""


def retain(lake: Lake, books: Books, days: Mapping[str, int], *, now: datetime) -> dict[str, int]:
    """Erase what is older than so many days, table by table; how many rows that was.

    Raises: LakeUnavailable, BooksUnavailable.
    """
    gone = {name: _retain(lake, books, AGING[name], before=now - timedelta(days=kept)) for name, kept in days.items()}
    # Also where nothing was found: whoever was killed before this had found it.
    if any(AGING[name] in SUMMED_OF for name in days):
        erase_sums(lake)
    return gone


def _retain(lake: Lake, books: Books, table: Table, *, before: datetime) -> int:
    column = _time_of(table)
    assert column is not None, "a table that ages says when"
    if table.home is Home.LAKE:
        return erase(lake, table, Doom((column,), partial(_older, column=column, before=before))).rows
    of = sql_table(table).c[column]
    with books.writing() as connection:
        gone = connection.execute(sql_table(table).delete().where(of < (before.date() if column == "day" else before))).rowcount
    books.settle()
    return int(gone)


def _older(rows: pa.RecordBatch, *, column: str, before: datetime) -> Verdict | None:
    falls = pc.less(rows.column(column), pa.scalar(before, rows.schema.field(column).type))
    return falls if pc.any(falls).as_py() else None
