"""Teachings in the books, by customer: read by id, changed in one transaction, and told to all who read at once.

Knows rows; knows nothing of what may be taught.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from resay.dialogue.moment import utc
from resay.dialogue.teaching import Kind, Origin, State, Taught
from resay.store.books import MARKS, TEACHINGS, Books
from resay.store.forgettings import FORGOTTEN_MARK

TEACHINGS_MARK = "teachings"
"""Name of the mark that grows with every change."""

STAMP_FILE = "teachings.stamp"
"""File of the home that grows by a byte with every change: to ask for its length takes a microsecond, to ask the books two hundred."""

CUSTOMERS_MAX = 100_000
"""Customers who are read at once, for those who want to know who taught nothing: a tenth of a second, and some 10 MB."""

Answer = TypeVar("Answer")
Decide = Callable[[tuple[Taught, ...]], tuple[Sequence[Taught], Answer]]
"""What one customer's rows are → what they shall be, and what is answered."""


class Overtaken(Exception):
    """Somebody was forgotten since the words were read that were to be written down."""


class TeachingBooks:
    """The table `teachings`; safe to share between threads."""

    def __init__(self, books: Books, *, stamp: Path) -> None:
        """In these books; `stamp` is a file that all share who read them."""
        self._books = books
        self._stamp = stamp

    def of(self, customer_id: str) -> tuple[Taught, ...]:
        """What one customer taught, and was offered, oldest first.

        Raises: BooksUnavailable.
        """
        with self._books.reading() as connection:
            return _rows(connection, customer_id)

    def customers(self) -> frozenset[str] | None:
        """Who has rows; nothing where they are more than `CUSTOMERS_MAX`.

        Raises: BooksUnavailable.
        """
        query = sa.select(TEACHINGS.c.customer_id).distinct().limit(CUSTOMERS_MAX + 1)
        with self._books.reading() as connection:
            found = frozenset(connection.execute(query).scalars())
        return found if len(found) <= CUSTOMERS_MAX else None

    def change(self, customer_id: str, decide: Decide[Answer], *, forgettings: int | None = None) -> Answer:
        """Let `decide` say what this customer's rows shall be; nobody changes them meanwhile, and all readers know when it returns.

        `forgettings` is the mark of forgettings as of which they were read elsewhere whose words `decide` draws on.

        Raises: BooksUnavailable, Overtaken.
        """
        of = MARKS.c.name == TEACHINGS_MARK
        with self._books.writing() as connection:
            # A write first, so that no other writer comes between what is read and what is written.
            known = connection.execute(MARKS.update().where(of).values(value=MARKS.c.value)).rowcount
            if forgettings is not None and forgettings != _forgettings(connection):
                message = "nobody must have been forgotten since these words were read; somebody was"
                raise Overtaken(message)
            before = _rows(connection, customer_id)
            after, answer = decide(before)
            if tuple(after) == before:
                return answer
            step = (
                MARKS.update().where(of).values(value=MARKS.c.value + 1) if known else MARKS.insert().values(name=TEACHINGS_MARK, value=1)
            )
            connection.execute(step)
            _put(connection, customer_id, before=before, after=after)
        self._grow()
        return answer

    def forget_customer(self, customer_id: str) -> int:
        """Drop all rows of one customer, offers too; how many that was.

        Raises: BooksUnavailable.
        """
        return self.change(customer_id, lambda rows: ((), len(rows)))

    def edition(self) -> int:
        """How often anything was changed.

        Raises: BooksUnavailable.
        """
        return self._books.marks().get(TEACHINGS_MARK, 0)

    def stamp(self) -> int:
        """The same as the file tells it: another number whenever a change was answered; costs next to nothing."""
        try:
            return self._stamp.stat().st_size
        except FileNotFoundError:
            return 0

    def _grow(self) -> None:
        # One byte more, whoever writes at once: a time of day may stand still, or go back.
        descriptor = os.open(self._stamp, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, b".")
        finally:
            os.close(descriptor)


def _forgettings(connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(MARKS.c.value).where(MARKS.c.name == FORGOTTEN_MARK)).scalar() or 0)


def _rows(connection: sa.Connection, customer_id: str) -> tuple[Taught, ...]:
    of = TEACHINGS.c
    query = sa.select(*(of[name] for name in _COLUMNS)).where(of.customer_id == customer_id).order_by(of.created_at, of.teaching_id)
    return tuple(
        Taught(teaching_id, Kind(kind), source, target, utc(at), Origin(origin), State(state), None if yes is None else utc(yes))
        for teaching_id, kind, source, target, at, origin, state, yes in connection.execute(query)
    )


_COLUMNS = ("teaching_id", "kind", "source", "target", "created_at", "origin", "state", "confirmed_at")


def _put(connection: sa.Connection, customer_id: str, *, before: Sequence[Taught], after: Sequence[Taught]) -> None:
    gone = [each.teaching_id for each in before if each not in after]
    new = [each for each in after if each not in before]
    if gone:
        connection.execute(TEACHINGS.delete().where(TEACHINGS.c.customer_id == customer_id, TEACHINGS.c.teaching_id.in_(gone)))
    if new:
        connection.execute(TEACHINGS.insert(), [_row(customer_id, each) for each in new])


def _row(customer_id: str, taught: Taught) -> dict[str, object]:
    return {
        "teaching_id": taught.teaching_id,
        "customer_id": customer_id,
        "source": taught.words,
        "target": taught.meaning,
        "origin": str(taught.origin),
        "created_at": taught.at,
        "kind": str(taught.kind),
        "state": str(taught.state),
        "confirmed_at": taught.confirmed_at,
    }
