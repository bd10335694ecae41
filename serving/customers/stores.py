"""The stores of a home in which something of a customer may lie. Knows where they are, and nothing of what is done with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from resay.store.artifact import Shelf
from resay.store.books import Books
from resay.store.lake import Lake
from resay.store.tables import TABLES, Home, Table

OF_CUSTOMERS: tuple[Table, ...] = tuple(
    table for table in TABLES if table.home is Home.LAKE and {"customer_id", "event_time"} <= set(table.schema().names)
)
"""The lake's tables that know customers; the dead letters are looked through by their words."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Where everything lies."""

    home: Path
    lake: Lake
    books: Books
    shelf: Shelf
    """Of rewrite tables."""
    pseudonym: Callable[[str], str] = str
    """What became of a customer's id at ingest."""

    def ids(self, customer_id: str) -> list[str]:
        """The ids under which a customer may be known here: as ingest names them now, and as it did before ids were hashed."""
        return list(dict.fromkeys((self.pseudonym(customer_id), customer_id)))
