"""Slices in the books: parts of traffic that people asked for, and that are looked at from then on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from resay.dialogue.moment import utc
from resay.store.books import SLICES, Books
from resay.store.events import Event, note

KIND = "slice"
"""Of events that are ours."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A row of table `slices`; what is empty is any."""

    slice: str
    cohort: str
    device_type: str
    room: str
    intent: str
    saved_by: str
    saved_at: datetime
    """UTC."""


class SliceBooks:
    """The table of slices; safe to share between threads."""

    def __init__(self, books: Books) -> None:
        """In these books."""
        self._books = books

    def all(self) -> list[Slice]:
        """All slices, oldest first.

        Raises: BooksUnavailable.
        """
        with self._books.reading() as connection:
            rows = connection.execute(SLICES.select().order_by(SLICES.c.saved_at, SLICES.c.slice)).mappings().all()
        return [Slice(**{**row, "saved_at": utc(row["saved_at"])}) for row in rows]

    def save(self, slice_: Slice) -> bool:
        """Look at one more from now on; answers whether the name is new.

        Raises: BooksUnavailable.
        """
        with self._books.writing() as connection:
            # A write first, so that two who save the same name at once do not both find it free.
            if connection.execute(SLICES.update().where(SLICES.c.slice == slice_.slice).values(slice=slice_.slice)).rowcount:
                return False
            connection.execute(SLICES.insert(), asdict(slice_))
            note(connection, KIND, Event(slice_.saved_at, slice_.slice, "saved", slice_.saved_by, ""))
        return True
