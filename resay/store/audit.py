"""The audit in the books: who read or changed what, when. Rows are added, and dropped when they are old; nothing alters them.

Knows rows; knows nothing of what is worth writing down.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from resay.dialogue.moment import utc
from resay.store.books import AUDIT, Books

KEPT = timedelta(days=400)
"""How long a row is kept: a year, and the weeks in which somebody asks about it."""

ALLOWED, REFUSED = "allowed", "refused"
"""What became of it."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that somebody read or changed: a row of table `audit`."""

    at: datetime
    """UTC."""
    who: str
    key_id: str
    what: str
    which: str = ""
    outcome: str = ALLOWED


class AuditBooks:
    """The table of the audit; safe to share between threads."""

    def __init__(self, books: Books) -> None:
        """In these books."""
        self._books = books

    def write(self, deed: Deed) -> None:
        """Write one down.

        Raises: BooksUnavailable.
        """
        with self._books.writing() as connection:
            write_deed(connection, deed)

    def newest(self, limit: int, *, before: datetime | None = None) -> list[Deed]:
        """The newest, newest first; older than a moment where one is given.

        Raises: BooksUnavailable.
        """
        of = AUDIT.c
        query = sa.select(of.done_at, of.who, of.key_id, of.what, of.which, of.outcome).order_by(of.audit_id.desc()).limit(limit)
        if before is not None:
            query = query.where(of.done_at < before)
        with self._books.reading() as connection:
            return [Deed(utc(moment), *rest) for moment, *rest in connection.execute(query)]


def write_deed(connection: sa.Connection, deed: Deed) -> None:
    """Write one down in the transaction of what it tells; what is older than `KEPT` goes, found by its key."""
    row = {
        # Of two in one millisecond the one that was written later stands behind.
        "audit_id": f"{_moment(deed.at)}{time.time_ns():016x}{uuid.uuid4().hex[:8]}",
        "done_at": deed.at,
        "who": deed.who,
        "key_id": deed.key_id,
        "what": deed.what,
        "which": deed.which,
        "outcome": deed.outcome,
    }
    connection.execute(AUDIT.insert(), row)
    connection.execute(AUDIT.delete().where(AUDIT.c.audit_id < _moment(deed.at - KEPT)))


def _moment(at: datetime) -> str:
    return f"{max(0, int(at.timestamp() * 1000)):012x}"
