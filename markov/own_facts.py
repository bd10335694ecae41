"""What one customer's own turns tell the checker: texts that they said, and rooms.

Told generously: whoever leaves is taken off wherever they may have counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from resay.store.reading import Connection


@dataclass(frozen=True, slots=True)
class Own:
    """Of one customer."""

    texts: frozenset[str]
    """Canonical texts, of whatever part of a turn, and whatever we had put in their place."""
    rooms: frozenset[str]


def read_own(connection: Connection, customer_id: str) -> Own:
    """What a customer said; a look at their rows alone."""
    connection.execute("create or replace temp table own_parts as " + _OWN, [customer_id])
    texts: set[str] = set()
    for column in ("canonical", "original"):
        texts |= _column(connection, f"select distinct {column} from own_parts where {column} is not null")
    rooms = _column(connection, "select distinct room from own_parts where room is not null")
    return Own(frozenset(texts), frozenset(rooms))


def _column(connection: Connection, query: str) -> set[str]:
    rows: Iterable[tuple[str]] = connection.execute(query).fetchall()
    return {value for (value,) in rows}


_OWN = "select canonical, original, room from turn_parts where customer_id = ?"
