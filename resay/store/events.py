"""Events in the books: what people, or the service by itself, changed. They are added, read, and never altered."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from resay.dialogue.moment import utc
from resay.store.books import CHANGES, Books


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was changed: a row of table `changes`."""

    at: datetime
    """UTC."""
    name: str
    change: str
    by: str
    why: str


def note(connection: sa.Connection, kind: str, event: Event) -> None:
    """Write an event down in the transaction of what it tells."""
    row = {
        # Of two in one millisecond the one that was written later stands behind.
        "change_id": f"{int(event.at.timestamp() * 1000):012x}{time.time_ns():016x}{uuid.uuid4().hex[:8]}",
        "changed_at": event.at,
        "kind": kind,
        "name": event.name,
        "change": event.change,
        "changed_by": event.by,
        "why": event.why,
    }
    connection.execute(CHANGES.insert(), row)


def read_events(books: Books, kind: str, *, name: str | None = None) -> list[Event]:
    """Events of a kind, or of one name, oldest first.

    Raises: BooksUnavailable.
    """
    of = CHANGES.c
    ours = [of.kind == kind, *([of.name == name] if name is not None else [])]
    query = sa.select(of.changed_at, of.name, of.change, of.changed_by, of.why).where(*ours).order_by(of.changed_at, of.change_id)
    with books.reading() as connection:
        return [Event(utc(moment), *rest) for moment, *rest in connection.execute(query)]
