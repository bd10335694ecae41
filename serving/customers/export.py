"""Everything that is held of one customer, row by row, for the customer to see. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from resay.dialogue.codec import iso_ms
from resay.dialogue.errors import ResayError
from resay.store.forgettings import ForgettingBooks
from resay.store.rewrites import REWRITES_FILE, decode_rewrites
from resay.store.tables import REJECTS
from serving.customers.letters import naming
from serving.customers.stores import OF_CUSTOMERS, Stores

ROWS_AT_ONCE = 10_000
"""Rows in memory at once: some 20 MB."""

Row = Mapping[str, object]


def held(stores: Stores, customer_id: str) -> Iterator[Row]:
    """Each row with its store: the lake by table and time, dead letters, the books, generations, and whether they were forgotten.

    Raises: LakeUnavailable, BooksUnavailable.
    """
    journal = ForgettingBooks(stores.books)
    for each in stores.ids(customer_id):
        yield from _of_the_lake(stores, each)
        yield from _of_the_books(journal, each)
        yield from _of_generations(stores, each)
        if forgetting := journal.of(each):
            yield {"store": "books/forgettings", "until": iso_ms(forgetting.until), "finished": forgetting.finished_at is not None}


def _of_the_lake(stores: Stores, customer_id: str) -> Iterator[Row]:
    with stores.lake.connect() as connection:
        for table in OF_CUSTOMERS:
            rows = connection.execute(f"select * from {table.name} where customer_id = ? order by event_time", [customer_id])
            columns = [column[0] for column in rows.description or ()]
            while found := rows.fetchmany(ROWS_AT_ONCE):
                yield from (_told(f"lake/{table.name}", dict(zip(columns, row, strict=True))) for row in found)
        names = naming(customer_id)
        rows = connection.execute(f"select * from {REJECTS.name} order by landed_at")
        columns = [column[0] for column in rows.description or ()]
        while found := rows.fetchmany(ROWS_AT_ONCE):
            letters = (dict(zip(columns, row, strict=True)) for row in found)
            yield from (_told("lake/rejects", letter) for letter in letters if names(letter["raw"]))


def _of_the_books(journal: ForgettingBooks, customer_id: str) -> Iterator[Row]:
    for table, rows in journal.rows(customer_id).items():
        yield from (_told(f"books/{table}", row) for row in rows)


def _of_generations(stores: Stores, customer_id: str) -> Iterator[Row]:
    """Rewrites that cite turns of theirs."""
    with stores.lake.connect() as connection:
        rows = connection.execute("select distinct turn_id from turn_parts where customer_id = ?", [customer_id]).fetchall()
    turns = {turn for (turn,) in rows}
    for number in stores.shelf.numbers() if turns else ():
        try:
            rewrites = decode_rewrites(stores.shelf.open(number).read(REWRITES_FILE))
        except ResayError:
            continue
        for each in rewrites:
            if cited := sorted(turns & set(each.evidence)):
                yield {"store": "generations", "generation": number, "rewrite_id": each.rewrite_id, "turn_ids": cited}


def _told(store: str, row: Mapping[str, Any]) -> Row:
    return {"store": store} | {name: _value(value) for name, value in row.items() if value is not None}


def _value(value: object) -> object:
    """As JSON takes it."""
    if isinstance(value, datetime):
        # SQLite gives times back without an offset; all of ours are UTC.
        return iso_ms(value.replace(tzinfo=UTC) if value.tzinfo is None else value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    # −∞ is how the lake says that a score was told and empty.
    return None if value == float("-inf") else value
