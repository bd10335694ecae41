"""Open sessions of the pages in the books, by hashes of their secrets. Knows rows; knows nothing of cookies or requests."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from resay.dialogue.moment import utc
from resay.store.books import PAGE_SESSIONS, Books
from resay.store.keys import Scope

KEPT_MAX = 1_000
"""Sessions that are open at once; the one that ends first goes first: whoever opens more is no person."""


@dataclass(frozen=True, slots=True)
class PageSession:
    """A row of table `page_sessions`."""

    hash: str
    key_id: str
    name: str
    scopes: frozenset[Scope]
    ends_at: datetime
    """UTC."""


class SessionBooks:
    """The table of sessions; safe to share between threads."""

    def __init__(self, books: Books) -> None:
        """In these books."""
        self._books = books

    def add(self, session: PageSession, *, now: datetime, kept_max: int = KEPT_MAX) -> None:
        """Open a session; those that have ended go, and those that are too many.

        Raises: BooksUnavailable.
        """
        of = PAGE_SESSIONS.c
        with self._books.writing() as connection:
            connection.execute(PAGE_SESSIONS.delete().where(of.ends_at <= now))
            newest = sa.select(of.hash).order_by(of.ends_at.desc()).limit(kept_max - 1)
            kept = list(connection.execute(newest).scalars())
            connection.execute(PAGE_SESSIONS.delete().where(of.hash.not_in(kept)))
            connection.execute(PAGE_SESSIONS.insert(), _row(session, session.scopes))

    def find(self, hashed: str) -> PageSession | None:
        """The session whose secret has this hash, whether it has ended or not.

        Raises: BooksUnavailable.
        """
        with self._books.reading() as connection:
            row = connection.execute(sa.select(PAGE_SESSIONS).where(PAGE_SESSIONS.c.hash == hashed)).mappings().first()
        if row is None:
            return None
        scopes = frozenset(Scope(each) for each in row["scopes"].split())
        return PageSession(row["hash"], row["key_id"], row["name"], scopes, utc(row["ends_at"]))


def _row(session: PageSession, scopes: Collection[Scope]) -> dict[str, object]:
    told = {name: getattr(session, name) for name in ("hash", "key_id", "name", "ends_at")}
    return {**told, "scopes": " ".join(sorted(scopes))}
