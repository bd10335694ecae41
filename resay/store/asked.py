"""Who was asked about which turn, in the books: one count and one rule for all services that share them.

Knows rows, days and shares; knows nothing of which turns are worth a question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from resay.dialogue.rewrite import Decision
from resay.store.books import ASKED, ASKED_DAYS, FORGETTINGS, Books
from resay.store.forgettings import FORGOTTEN_MARK
from resay.store.known_rows import of_the_known

ASK_GAP = timedelta(days=1)
"""Time between two questions to one customer, and in one session, however sessions are cut: no session of talk lasts so long."""

DAYS_COUNTED = 28
"""Days over which the share holds; over each of them it holds as well, but for one question a day. A home in which sixty turns a day are
said is asked about one every other day by the longer rule, and would never be by the shorter."""


class Kind(StrEnum):
    """What is asked; as the tables name it."""

    ASK = "ask"
    """Whether the turn did what was wanted."""
    OFFER = "offer"
    """Whether some words shall mean something from now on."""


@dataclass(frozen=True, slots=True)
class AskedTurn:
    """A turn after which a customer is to be asked something: a row of table `asked`."""

    customer_id: str
    turn_id: str
    event_time: datetime
    """UTC."""
    asked_at: datetime
    """By the service's clock, UTC."""
    session_id: str | None
    said: str
    """Canonical text."""
    propensity: float = 1.0
    kind: Kind = Kind.ASK


class AskedBooks:
    """The tables of questions; safe to share between threads, and between services."""

    def __init__(self, books: Books) -> None:
        """In these books."""
        self._books = books

    def ask(self, turn: AskedTurn, *, share: float) -> bool:
        """Whether it may be asked after this turn; it then counts as asked. What was asked already still is.

        The share is of turns, and of questions of this kind.

        Raises: BooksUnavailable.
        """
        today = turn.asked_at.astimezone(UTC).date()
        with self._books.writing() as connection:
            # A write first, so that no other service comes between what is read and what is written.
            began = connection.execute(ASKED_DAYS.update().where(ASKED_DAYS.c.day == today).values(ask=ASKED_DAYS.c.ask)).rowcount
            if _is_asked(connection, turn):
                return True
            # On a day of which no turn was counted yet, a question would not be either.
            if not began or not _room(connection, today, kind=turn.kind, share=share) or _was_asked_lately(connection, turn):
                return False
            rows = of_the_known(connection, [asdict(turn) | {"kind": str(turn.kind)}], forgettings=FORGETTINGS)
            if not rows:
                return False
            connection.execute(ASKED.insert(), rows)
            connection.execute(ASKED_DAYS.update().where(ASKED_DAYS.c.day == today).values(**{turn.kind: ASKED_DAYS.c[turn.kind] + 1}))
        return True

    def count(self, decisions: Iterable[Decision], *, now: datetime) -> None:
        """Count turns that were answered; whoever asks both before the NLU and after a refusal has each turn counted in both.

        Raises: BooksUnavailable.
        """
        turns = {(each.mode, each.customer_id, each.turn_id) for each in decisions}
        added = {mode: sum(each == mode for each, _, _ in turns) for mode in ("before", "retry")}
        of, today = ASKED_DAYS.c, now.astimezone(UTC).date()
        more = {mode: of[mode] + times for mode, times in added.items()}
        with self._books.writing() as connection:
            if not connection.execute(ASKED_DAYS.update().where(of.day == today).values(**more)).rowcount:
                connection.execute(ASKED_DAYS.insert(), {"day": today, "ask": 0, "offer": 0} | added)

    def times(self, *, since: datetime) -> Mapping[str, int]:
        """How often it was asked about each wording whether it did what was wanted.

        Raises: BooksUnavailable.
        """
        query = (
            sa.select(ASKED.c.said, sa.func.count()).where(ASKED.c.kind == str(Kind.ASK), ASKED.c.asked_at >= since).group_by(ASKED.c.said)
        )
        with self._books.reading() as connection:
            return {said: times for said, times in connection.execute(query)}

    def forgettings(self) -> int:
        """A number that grows whenever somebody is forgotten.

        Raises: BooksUnavailable.
        """
        return self._books.marks().get(FORGOTTEN_MARK, 0)


def _is_asked(connection: sa.Connection, turn: AskedTurn) -> bool:
    of = ASKED.c
    return _any(connection, of.customer_id == turn.customer_id, of.turn_id == turn.turn_id, of.kind == str(turn.kind))


def _was_asked_lately(connection: sa.Connection, turn: AskedTurn) -> bool:
    """Whether this customer was asked lately or in this session before, or somebody else in it."""
    of = ASKED.c
    lately = of.asked_at > turn.asked_at - ASK_GAP
    if _any(connection, of.customer_id == turn.customer_id, lately):
        return True
    if turn.session_id is None:
        return False
    return _any(connection, of.session_id == turn.session_id, sa.or_(lately, of.customer_id == turn.customer_id))


def _room(connection: sa.Connection, today: date, *, kind: Kind, share: float) -> bool:
    """Whether one more question keeps the share."""
    of = ASKED_DAYS.c
    query = sa.select(of.day, of.before, of.retry, of[kind]).where(of.day > today - timedelta(days=DAYS_COUNTED))
    # Whoever asks in both modes has said each turn once: the greater count is the turns.
    days = {day: (max(before, retry), asked) for day, before, retry, asked in connection.execute(query)}
    turns, asked = (sum(each) for each in zip(*days.values(), strict=True)) if days else (0, 0)
    turns_today, asked_today = days.get(today, (0, 0))
    return asked + 1 <= share * turns and (asked_today == 0 or asked_today + 1 <= share * turns_today)


def _any(connection: sa.Connection, *terms: Any) -> bool:
    return connection.execute(sa.select(sa.literal(1)).select_from(ASKED).where(*terms).limit(1)).first() is not None
