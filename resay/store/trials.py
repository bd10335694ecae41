"""Trials of rewrites in the books: those whose outcome is to be asked for, sums of the others, and the stage of each rewrite.

Knows rows; knows nothing of labels, nor of what counts for or against a rewrite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from resay.dialogue.moment import utc
from resay.store.books import STAGES, TRIALS, Books
from resay.store.events import Event, note
from resay.store.labelled_later import asked_for, settle
from resay.store.review import RULE


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A trial whose outcome is asked for."""

    rewrite_id: str
    customer_id: str
    day: date
    turn_id: str
    event_time: datetime
    """UTC."""
    outcome: str


@dataclass(frozen=True, slots=True)
class TrialSum:
    """Trials of one kind."""

    rewrite_id: str
    share: float
    drawn: str
    outcome: str
    """right or wrong; empty where it is not told yet."""
    times: int


@dataclass(frozen=True, slots=True)
class StageRow:
    """A row of table `stages`."""

    rewrite_id: str
    stage: str
    changed_at: datetime
    """UTC."""
    counts_from: datetime | None
    """UTC."""
    why: str


class TrialBooks:
    """The tables of trials; safe to share between threads."""

    def __init__(self, books: Books) -> None:
        """In these books."""
        self._books = books

    def asked_for(self) -> list[TrialRow]:
        """Trials of which it is not known for good what came of them, the newest first.

        Raises: BooksUnavailable.
        """
        names = ("rewrite_id", "customer_id", "day", "turn_id", "event_time", "outcome")
        rows = asked_for(self._books, TRIALS, names)
        return [TrialRow(name, customer, day, turn, utc(moment), outcome) for name, customer, day, turn, moment, outcome in rows]

    def settle(self, outcomes: Mapping[TrialRow, str]) -> None:
        """Write down what came of trials.

        Raises: BooksUnavailable.
        """
        settle(self._books, TRIALS, outcomes)

    def sums(self) -> list[TrialSum]:
        """All trials that count, of all rewrites that were ever tried.

        Raises: BooksUnavailable.
        """
        of, counted = TRIALS.c, STAGES.c
        keys = (of.rewrite_id, of.share, of.drawn, of.outcome)
        joined = TRIALS.outerjoin(STAGES, counted.rewrite_id == of.rewrite_id)
        counts = sa.or_(counted.counts_from.is_(None), of.event_time >= counted.counts_from)
        query = sa.select(*keys, sa.func.count()).select_from(joined).where(counts, of.outcome != "void").group_by(*keys).order_by(*keys)
        with self._books.reading() as connection:
            return [TrialSum(*row) for row in connection.execute(query)]

    def stages(self) -> list[StageRow]:
        """All rewrites that changed their stage.

        Raises: BooksUnavailable.
        """
        with self._books.reading() as connection:
            rows = connection.execute(STAGES.select().order_by(STAGES.c.rewrite_id)).mappings().all()
        return [_stage(row) for row in rows]

    def move(self, row: StageRow, *, before: str, event: Event) -> bool:
        """Put a rewrite on another stage, with the event that tells of it; answers whether it still was on the stage before.

        Raises: BooksUnavailable.
        """
        values = {"stage": row.stage, "changed_at": row.changed_at, "counts_from": row.counts_from, "why": row.why}
        of = STAGES.c.rewrite_id == row.rewrite_id
        with self._books.writing() as connection:
            # A write first, so that of two replicas that do the same at once one finds it done.
            moved = connection.execute(STAGES.update().where(of, STAGES.c.stage == before).values(**values)).rowcount
            if not moved:
                if connection.execute(sa.select(STAGES.c.stage).where(of)).first() is not None or before != FIRST_STAGE:
                    return False
                connection.execute(STAGES.insert(), {"rewrite_id": row.rewrite_id, **values})
            note(connection, RULE, event)
        return True


FIRST_STAGE = "canary"
"""Of a rewrite that has no row."""


def _stage(row: Mapping[Any, Any]) -> StageRow:
    counts_from = row["counts_from"]
    return StageRow(row["rewrite_id"], row["stage"], utc(row["changed_at"]), counts_from and utc(counts_from), row["why"])
