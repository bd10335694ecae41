"""Forgettings in the books: who is being forgotten, how far that has come, and the books' own rows of them.

Knows rows; knows nothing of the other stores. The id of a customer stands here from the moment that they are to be forgotten until they
are; after that a salted hash does.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from resay.dialogue.moment import utc
from resay.store.books import FORGETTINGS, HISTORIES_MARK, WAITING, Books, mark_up, sql_table
from resay.store.forgotten import mark_of
from resay.store.tables import TABLES, Home, Table
from resay.store.waiting import ERASED, mark_of_talk

FORGOTTEN_MARK = "forgotten"
"""Name of the mark that grows with every forgetting: whoever has read before it must read again."""

SALT_BYTES = 16

SETTLE_S = 20.0
"""How long the last steps wait for readers of SQLite's journal, which holds what was deleted until they are done: pages take a second."""

SETTLE_LOOK_S = 0.1

OF_CUSTOMERS: tuple[Table, ...] = tuple(
    table for table in TABLES if table.home is Home.BOOKS and "customer_id" in table.schema().names and table.name != FORGETTINGS.name
)
"""The books' tables that know customers."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """One forgetting: a row of table `forgettings`."""

    mark: str
    salt: str
    until: datetime
    """Event time up to which nothing is taken in again, UTC."""
    asked_at: datetime
    customer_id: str | None
    """Nothing once it is done."""
    done: Mapping[str, Any]
    """By store, what was found there, of those that are done; and what else must be known to go on."""
    finished_at: datetime | None = None
    receipt: str | None = None
    """JSON; while it is not done, that of an earlier forgetting of the same customer."""


class ForgettingBooks:
    """The journal of forgettings; safe to share between threads."""

    def __init__(self, books: Books) -> None:
        """In these books."""
        self._books = books

    def begin(self, customer_id: str, *, now: datetime) -> Forgetting:
        """Note that a customer is to be forgotten; one that is under way goes on as it was asked for.

        Raises: BooksUnavailable.
        """
        of = FORGETTINGS.c
        with self._books.writing() as connection:
            # A write first, so that two who ask at once do not both begin.
            connection.execute(FORGETTINGS.update().where(sa.false()).values(salt=of.salt))
            salt = connection.execute(sa.select(of.salt).order_by(of.asked_at).limit(1)).scalar() or secrets.token_hex(SALT_BYTES)
            mark = mark_of(customer_id, salt)
            known = _read(connection, mark)
            if known is not None and known.finished_at is None:
                return known
            forgetting = Forgetting(
                mark, salt, max(now, known.until) if known else now, now, customer_id, {}, receipt=known.receipt if known else None
            )
            connection.execute(FORGETTINGS.delete().where(of.mark == mark))
            connection.execute(FORGETTINGS.insert(), _row(forgetting))
            mark_up(connection, FORGOTTEN_MARK)
        return forgetting

    def extend(self, mark: str, until: datetime) -> None:
        """Forget up to this event time, where that is later: clocks of senders run ahead.

        Raises: BooksUnavailable.
        """
        with self._books.writing() as connection:
            connection.execute(FORGETTINGS.update().where(FORGETTINGS.c.mark == mark, FORGETTINGS.c.until < until).values(until=until))
            mark_up(connection, FORGOTTEN_MARK)

    def note_done(self, mark: str, name: str, found: object) -> None:
        """Note that a store holds nothing any more, and what had been found there; `found` as JSON takes it.

        Raises: BooksUnavailable.
        """
        with self._books.writing() as connection:
            forgetting = _read(connection, mark)
            assert forgetting is not None, "what is under way is in the books"
            done = json.dumps({**forgetting.done, name: found})
            connection.execute(FORGETTINGS.update().where(FORGETTINGS.c.mark == mark).values(done=done))

    def finish(self, mark: str, *, now: datetime, receipt: str) -> None:
        """Note that all is done, and take the customer's id out of the books.

        Raises: BooksUnavailable.
        """
        with self._books.writing() as connection:
            ended = FORGETTINGS.update().where(FORGETTINGS.c.mark == mark)
            # What there was to be known to go on names what they said.
            connection.execute(ended.values(customer_id=None, done="{}", finished_at=now, receipt=receipt))

    def of(self, customer_id: str) -> Forgetting | None:
        """The last forgetting of a customer.

        Raises: BooksUnavailable.
        """
        with self._books.reading() as connection:
            salts = connection.execute(sa.select(FORGETTINGS.c.salt).distinct()).scalars().all()
            return next((each for salt in salts if (each := _read(connection, mark_of(customer_id, salt)))), None)

    def unfinished(self) -> list[Forgetting]:
        """Those that were begun and are not done, the oldest first.

        Raises: BooksUnavailable.
        """
        query = sa.select(FORGETTINGS).where(FORGETTINGS.c.finished_at.is_(None)).order_by(FORGETTINGS.c.asked_at)
        with self._books.reading() as connection:
            return [_forgetting(row) for row in connection.execute(query).mappings()]

    def count_others(self, mark: str, *, since: datetime) -> int:
        """How many other customers were forgotten since a moment, or are being.

        Raises: BooksUnavailable.
        """
        of = FORGETTINGS.c
        query = sa.select(sa.func.count()).where(of.mark != mark, sa.or_(of.finished_at.is_(None), of.finished_at > since))
        with self._books.reading() as connection:
            return int(connection.execute(query).scalar() or 0)

    def count(self, customer_id: str, *, until: datetime) -> int:
        """How many of the books' rows are of a customer, those of later moments apart.

        Raises: BooksUnavailable.
        """
        with self._books.reading() as connection:
            queries = [
                sa.select(sa.func.count()).select_from(sql_table(each)).where(*_theirs(each, customer_id, until)) for each in OF_CUSTOMERS
            ]
            return sum(int(connection.execute(query).scalar() or 0) for query in queries)

    def rows(self, customer_id: str) -> dict[str, list[dict[str, object]]]:
        """The books' rows of a customer, by table.

        Raises: BooksUnavailable.
        """
        with self._books.reading() as connection:
            return {
                each.name: [dict(row) for row in connection.execute(sa.select(table).where(table.c.customer_id == customer_id)).mappings()]
                for each in OF_CUSTOMERS
                for table in (sql_table(each),)
            }

    def erase(self, customer_id: str, *, until: datetime, now: datetime) -> None:
        """Delete a customer's rows, those of later moments apart, and have whoever keeps any of them in memory read again.

        Raises: BooksUnavailable.
        """
        with self._books.writing() as connection:
            _erase_talks(connection, customer_id, until=until, now=now)
            for each in OF_CUSTOMERS:
                connection.execute(sql_table(each).delete().where(*_theirs(each, customer_id, until)))
            for name in (FORGOTTEN_MARK, HISTORIES_MARK):
                mark_up(connection, name)

    def settle(self, wait_s: float = SETTLE_S) -> bool:
        """Empty SQLite's journal into its file; whether that was possible, or was never needed.

        Raises: BooksUnavailable.
        """
        due = time.monotonic() + wait_s
        while not self._books.settle():
            if time.monotonic() > due:
                return False
            time.sleep(SETTLE_LOOK_S)
        return True


def _theirs(table: Table, customer_id: str, until: datetime) -> list[sa.ColumnElement[bool]]:
    columns = sql_table(table).c
    return [columns.customer_id == customer_id, *([columns.event_time <= until] if "event_time" in columns else [])]


def _erase_talks(connection: sa.Connection, customer_id: str, *, until: datetime, now: datetime) -> None:
    """Delete all that waits of talks in which a customer spoke: their words stand in pieces that do not name them too.

    Of a talk that has a name of its own a mark is left, as pieces of it may still be on their way, and not each says whose it is.
    """
    of, talk = WAITING.c, sa.tuple_(WAITING.c.source, WAITING.c.talk)
    theirs = sa.select(of.source, of.talk).where(of.customer_id == customer_id, of.event_time <= until)
    names = connection.execute(theirs.where(of.talk != customer_id).distinct()).all()
    connection.execute(WAITING.delete().where(talk.in_(theirs), of.event_time <= until))
    blank = {"customer_id": "", "event_time": until, "span": "", "parent": "", "content": "", "came_at": now, "told": 1}
    marks = [{"source": source, "talk": mark_of_talk(name), "event_key": ERASED, **blank} for source, name in names]
    for mark in marks:
        same = [of[name] == mark[name] for name in ("source", "talk", "event_key")]
        if not connection.execute(WAITING.update().where(*same).values(event_time=until, came_at=now)).rowcount:
            connection.execute(WAITING.insert(), mark)


def _read(connection: sa.Connection, mark: str) -> Forgetting | None:
    row = connection.execute(sa.select(FORGETTINGS).where(FORGETTINGS.c.mark == mark)).mappings().first()
    return None if row is None else _forgetting(row)


def _forgetting(row: sa.RowMapping) -> Forgetting:
    return Forgetting(
        mark=row["mark"],
        salt=row["salt"],
        until=utc(row["until"]),
        asked_at=utc(row["asked_at"]),
        customer_id=row["customer_id"],
        done=json.loads(row["done"]),
        finished_at=row["finished_at"] and utc(row["finished_at"]),
        receipt=row["receipt"],
    )


def _row(forgetting: Forgetting) -> dict[str, object]:
    told = {name: getattr(forgetting, name) for name in ("mark", "salt", "until", "asked_at", "customer_id", "finished_at", "receipt")}
    return told | {"done": json.dumps(dict(forgetting.done))}
