"""Review in the books: vetoes that stick, and switches that turn everything or a layer off. Each change is an event.

Knows rows; knows nothing of what a veto or a switch keeps from being served.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from resay.dialogue.moment import utc
from resay.dialogue.text import canonical
from resay.store.books import SWITCHES, VETOES, Books, Veto
from resay.store.events import Event, note, read_events

RULE, SWITCH = "rule", "switch"
"""Kinds of events."""


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that is switched off: a row of table `switches`."""

    scope: str
    """`all`, or a layer."""
    off_since: datetime
    """UTC."""
    switched_by: str
    why: str


class ReviewBooks:
    """The tables of review; safe to share between threads."""

    def __init__(self, books: Books) -> None:
        """In these books."""
        self._books = books

    def switches(self) -> list[Switch]:
        """What is switched off now.

        Raises: BooksUnavailable.
        """
        with self._books.reading() as connection:
            rows = connection.execute(SWITCHES.select().order_by(SWITCHES.c.scope)).mappings().all()
        return [Switch(**{**row, "off_since": utc(row["off_since"])}) for row in rows]

    def switch_off(self, switch: Switch) -> bool:
        """Turn it off; answers whether it was on.

        Raises: BooksUnavailable.
        """
        of = SWITCHES.c.scope == switch.scope
        with self._books.writing() as connection:
            # A write first, so that two who do the same at once do not both find it on.
            if connection.execute(SWITCHES.update().where(of).values(scope=switch.scope)).rowcount:
                return False
            row = {"scope": switch.scope, "off_since": switch.off_since, "switched_by": switch.switched_by, "why": switch.why}
            connection.execute(SWITCHES.insert(), row)
            note(connection, SWITCH, Event(switch.off_since, switch.scope, "switched_off", switch.switched_by, switch.why))
        return True

    def switch_on(self, scope: str, *, at: datetime, by: str, why: str) -> bool:
        """Turn it on again; answers whether it was off.

        Raises: BooksUnavailable.
        """
        with self._books.writing() as connection:
            if not connection.execute(SWITCHES.delete().where(SWITCHES.c.scope == scope)).rowcount:
                return False
            note(connection, SWITCH, Event(at, scope, "switched_on", by, why))
        return True

    def dismiss(self, veto: Veto) -> bool:
        """Forbid a rewrite for good; answers whether it was not forbidden yet.

        Raises: BooksUnavailable.
        """
        assert veto.veto_id, "a veto must have an id"
        same = (VETOES.c.source == veto.source, VETOES.c.target == veto.target)
        with self._books.writing() as connection:
            if connection.execute(VETOES.update().where(*same).values(source=veto.source)).rowcount:
                return False
            row = {"veto_id": veto.veto_id, "source": veto.source, "target": veto.target, "vetoed_by": veto.vetoed_by}
            connection.execute(VETOES.insert(), row | {"reason": veto.reason, "created_at": veto.created_at})
            note(connection, RULE, Event(veto.created_at, veto.veto_id, "dismissed", veto.vetoed_by, veto.reason))
        return True

    def undo(self, veto_id: str, *, at: datetime, by: str, why: str) -> bool:
        """Take a veto back; answers whether it stood.

        Raises: BooksUnavailable.
        """
        with self._books.writing() as connection:
            if not connection.execute(VETOES.delete().where(VETOES.c.veto_id == veto_id)).rowcount:
                return False
            note(connection, RULE, Event(at, veto_id, "taken_back", by, why))
        return True

    def note(self, event: Event) -> None:
        """Write down what was done about rewrites where no row of the books tells it.

        Raises: BooksUnavailable.
        """
        with self._books.writing() as connection:
            note(connection, RULE, event)

    def events(self) -> list[Event]:
        """What was changed, oldest first.

        Raises: BooksUnavailable.
        """
        told = [*read_events(self._books, RULE), *read_events(self._books, SWITCH)]
        return sorted(told, key=lambda each: each.at)


def blocked_in(books: Books) -> tuple[tuple[str, str], ...]:
    """All vetoes as pairs of canonical texts; one whose text has no words matches nothing, where an empty text matches all."""
    named = [(veto.source, canonical(veto.source), veto.target, canonical(veto.target)) for veto in books.vetoes()]
    return tuple((source, target) for said, source, put, target in named if bool(said) == bool(source) and bool(put) == bool(target))
