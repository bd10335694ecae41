"""Edits in the books: rewrites that a person put in place of what was mined, so that learning keeps them. Each change is an event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from resay.dialogue.moment import utc
from resay.dialogue.rewrite import Rewrite
from resay.store.books import EDITS, Books
from resay.store.events import Event, note
from resay.store.review import RULE
from resay.store.rewrites import decode_rewrites, encode_rewrites


@dataclass(frozen=True, slots=True)
class Edit:
    """A row of table `edits`."""

    rewrite: Rewrite
    """As it was checked then."""
    allowed: bool
    """Whether the person allowed it though it is risky."""
    edited_by: str
    why: str
    edited_at: datetime
    """UTC."""


class EditBooks:
    """The table of edits; safe to share between threads."""

    def __init__(self, books: Books) -> None:
        """In these books."""
        self._books = books

    def all(self) -> list[Edit]:
        """All edits, oldest first.

        Raises: BooksUnavailable, BrokenArtifact.
        """
        with self._books.reading() as connection:
            rows = connection.execute(EDITS.select().order_by(EDITS.c.edited_at, EDITS.c.rewrite_id)).mappings().all()
        return [
            Edit(decode_rewrites(row["rewrite"].encode())[0], row["allowed"] == "yes", row["edited_by"], row["why"], utc(row["edited_at"]))
            for row in rows
        ]

    def keep(self, edits: Sequence[Edit], *, change: str) -> None:
        """Write edits down, each in place of one for the same words in the same place.

        Raises: BooksUnavailable.
        """
        with self._books.writing() as connection:
            for each in edits:
                words = (each.rewrite.source, each.rewrite.place)
                for row in connection.execute(sa.select(EDITS.c.rewrite_id, EDITS.c.rewrite)).all():
                    (known,) = decode_rewrites(row.rewrite.encode())
                    if (known.source, known.place) == words:
                        connection.execute(EDITS.delete().where(EDITS.c.rewrite_id == row.rewrite_id))
                connection.execute(EDITS.insert(), _row(each))
                note(connection, RULE, Event(each.edited_at, each.rewrite.rewrite_id, change, each.edited_by, each.why))

    def drop_evidence(self) -> None:
        """Let edits name no turns: what was checked then is checked again by whoever learns, and a customer may be gone since.

        Raises: BooksUnavailable, BrokenArtifact.
        """
        with self._books.writing() as connection:
            for row in connection.execute(sa.select(EDITS.c.rewrite_id, EDITS.c.rewrite)).all():
                (known,) = decode_rewrites(row.rewrite.encode())
                bare = encode_rewrites([replace(known, evidence=())]).decode()
                connection.execute(EDITS.update().where(EDITS.c.rewrite_id == row.rewrite_id).values(rewrite=bare))

    def undo(self, rewrite_id: str, event: Event) -> bool:
        """Take an edit back, so that learning proposes again what it finds; answers whether it stood.

        Raises: BooksUnavailable.
        """
        with self._books.writing() as connection:
            if not connection.execute(EDITS.delete().where(EDITS.c.rewrite_id == rewrite_id)).rowcount:
                return False
            note(connection, RULE, event)
        return True


def _row(edit: Edit) -> dict[str, object]:
    return {
        "rewrite_id": edit.rewrite.rewrite_id,
        "rewrite": encode_rewrites([edit.rewrite]).decode(),
        "allowed": "yes" if edit.allowed else "no",
        "edited_by": edit.edited_by,
        "why": edit.why,
        "edited_at": edit.edited_at,
    }
