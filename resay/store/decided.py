"""Decisions in the books, as somebody reads them who has to bring them together with what an assistant logged."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from resay.dialogue.moment import utc
from resay.dialogue.rewrite import Decision
from resay.store.books import DECISIONS, Books


def decisions_of(books: Books, prefix: str, since: datetime, *, until: datetime) -> list[Decision]:
    """Those of turns whose ids begin so, between two moments, both included, oldest first.

    Raises: BooksUnavailable.
    """
    of = DECISIONS.c
    query = sa.select(DECISIONS).where(of.turn_id.startswith(prefix, autoescape=True), of.event_time.between(since, until))
    with books.reading() as connection:
        rows = connection.execute(query.order_by(of.event_time, of.decision_id)).mappings().all()
    return [Decision(at=utc(row["event_time"]), **{name: value for name, value in row.items() if name != "event_time"}) for row in rows]
