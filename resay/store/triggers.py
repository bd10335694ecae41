"""Triggers of the layers beside the table, in the books: whose outcome is to be asked for, which rewrites fail, and what is unsaid.

Knows rows; knows nothing of labels, nor of how much failing is too much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from resay.dialogue.moment import utc
from resay.store.books import DECISIONS, STAGES, TRIGGERS, UNSAID, Books, mark_up
from resay.store.events import Event, note
from resay.store.forgettings import FORGOTTEN_MARK
from resay.store.labelled_later import asked_for, settle
from resay.store.review import RULE
from resay.store.trial_rows import GLOBAL, PERSONAL

FAILING_MAX = 10_000
"""Rewrites that fail, judged at once, those that fail most first: the others have their turn once these are unsaid."""

UNSAID_MARK = "unsaid"
"""Name of the mark that grows with every rewrite that is unsaid."""


@dataclass(frozen=True, slots=True)
class TriggerRow:
    """A trigger whose outcome is asked for."""

    layer: str
    rewrite_id: str
    customer_id: str
    occasion: str
    turn_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class TriggerSum:
    """What came of a rewrite's triggers that count."""

    layer: str
    rewrite_id: str
    customer_id: str
    """Empty for the global layer: all customers together."""
    right: int
    wrong: int
    counts_from: datetime | None
    """Triggers before it do not count, UTC."""


@dataclass(frozen=True, slots=True)
class Occasions:
    """What came of all triggers of a layer, or of one rewrite of the global layer."""

    customers: int
    right: int
    wrong: int
    waiting: int
    """Those of which labels do not tell yet what came of them."""


@dataclass(frozen=True, slots=True)
class SaidBeside:
    """A rewrite that the global layer says, and what came of it."""

    rewrite_id: str
    source: str
    """What was said, as a decision of the newest has it."""
    target: str
    occasions: Occasions


@dataclass(frozen=True, slots=True)
class UnsaidRow:
    """A row of table `unsaid`."""

    customer_id: str
    rewrite_id: str
    unsaid_from: datetime
    """UTC."""
    why: str


class TriggerBooks:
    """The tables of triggers; safe to share between threads."""

    def __init__(self, books: Books) -> None:
        """In these books."""
        self._books = books

    def asked_for(self) -> list[TriggerRow]:
        """Triggers of which it is not known for good what came of them, the newest first.

        Raises: BooksUnavailable.
        """
        names = ("layer", "rewrite_id", "customer_id", "occasion", "turn_id", "outcome")
        return [TriggerRow(*row) for row in asked_for(self._books, TRIGGERS, names)]

    def settle(self, outcomes: Mapping[TriggerRow, str]) -> None:
        """Write down what came of triggers.

        Raises: BooksUnavailable.
        """
        settle(self._books, TRIGGERS, outcomes)

    def failing(self, *, wrong_min: int) -> list[TriggerSum]:
        """Rewrites that failed so often and are not rolled back, those that failed most first: as many as are to be judged, and no more.

        Raises: BooksUnavailable.
        """
        with self._books.reading() as connection:
            # The global layer is judged over all customers, a history by its own customer.
            every = [
                *(TriggerSum(GLOBAL, name, "", *rest) for name, *rest in connection.execute(_failing_global(wrong_min))),
                *(TriggerSum(PERSONAL, name, who, *rest) for name, who, *rest in connection.execute(_failing_own(wrong_min))),
            ]
        return [_in_utc(each) for each in sorted(every, key=lambda each: -each.wrong)[:FAILING_MAX]]

    def unsay(self, row: UnsaidRow, *, before: datetime | None, event: Event) -> bool:
        """Leave a customer's own rewrite unsaid from now on, with an event that names nobody.

        Answers whether it stood as before, so that of two who judge at once one does.

        Raises: BooksUnavailable.
        """
        of = sa.and_(UNSAID.c.customer_id == row.customer_id, UNSAID.c.rewrite_id == row.rewrite_id)
        values = {"unsaid_from": row.unsaid_from, "why": row.why}
        with self._books.writing() as connection:
            # A write first, so that what is read behind it holds.
            mark_up(connection, UNSAID_MARK)
            known = connection.execute(sa.select(UNSAID.c.unsaid_from).where(of)).scalar()
            if (known and utc(known)) != before:
                return False
            triggers = (TRIGGERS.c.layer == PERSONAL, TRIGGERS.c.customer_id == row.customer_id, TRIGGERS.c.rewrite_id == row.rewrite_id)
            if connection.execute(sa.select(sa.literal(1)).where(*triggers).limit(1)).first() is None:
                return False  # Forgotten since it was judged.
            if known is None:
                connection.execute(UNSAID.insert(), {"customer_id": row.customer_id, "rewrite_id": row.rewrite_id, **values})
            else:
                connection.execute(UNSAID.update().where(of).values(**values))
            note(connection, RULE, event)
        return True

    def drop_ended(self, *, before: datetime) -> int:
        """Let go of what was unsaid before this moment, and is said again, with the triggers that it was unsaid for; how many those were.

        Raises: BooksUnavailable.
        """
        of, unsaid = TRIGGERS.c, UNSAID.c
        ended = sa.exists().where(
            unsaid.customer_id == of.customer_id,
            unsaid.rewrite_id == of.rewrite_id,
            unsaid.unsaid_from <= before,
            of.event_time <= unsaid.unsaid_from,
        )
        with self._books.reading() as connection:
            # Most rounds find nothing, and need not stand in the way of those who write.
            if (
                connection.execute(sa.select(sa.literal(1)).select_from(UNSAID).where(unsaid.unsaid_from <= before).limit(1)).first()
                is None
            ):
                return 0
        with self._books.writing() as connection:
            mark_up(connection, UNSAID_MARK)
            # Without them the others would count again from the first, and all would be unsaid anew.
            connection.execute(TRIGGERS.delete().where(of.layer == PERSONAL, ended))
            return int(connection.execute(UNSAID.delete().where(unsaid.unsaid_from <= before)).rowcount)

    def edition(self) -> int:
        """A number that grows whenever what is unsaid may have changed.

        Raises: BooksUnavailable.
        """
        marks = self._books.marks()
        return marks.get(UNSAID_MARK, 0) + marks.get(FORGOTTEN_MARK, 0)

    def by_layer(self) -> dict[str, Occasions]:
        """What came of the layers beside the table.

        Raises: BooksUnavailable.
        """
        query = sa.select(TRIGGERS.c.layer, *_OCCASIONS).group_by(TRIGGERS.c.layer)
        with self._books.reading() as connection:
            return {layer: Occasions(*counts) for layer, *counts in connection.execute(query)}

    def said_most(self, *, limit: int) -> list[SaidBeside]:
        """Rewrites of the global layer that were said most often, with the words of one answer each.

        Raises: BooksUnavailable.
        """
        of, said = TRIGGERS.c, DECISIONS.c
        most = sa.select(of.rewrite_id, sa.func.max(of.event_time), *_OCCASIONS).where(of.layer == GLOBAL)
        query = most.group_by(of.rewrite_id).order_by(sa.func.count().desc(), of.rewrite_id).limit(limit)
        with self._books.reading() as connection:
            rows = connection.execute(query).fetchall()
            # By time, by which decisions are indexed: those of a large service take a second to look through.
            newest = sa.and_(said.event_time.in_([row[1] for row in rows]), said.rewrite_id.in_([row[0] for row in rows]))
            words = sa.select(said.rewrite_id, said.source, said.target).where(newest, said.target.is_not(None))
            by_id = {rewrite_id: (source, target) for rewrite_id, source, target in connection.execute(words)}
        return [SaidBeside(name, *by_id[name], Occasions(*counts)) for name, _, *counts in rows if name in by_id]

    def taken_back(self) -> frozenset[str]:
        """Rewrites that the global layer said, and that are rolled back.

        Raises: BooksUnavailable.
        """
        of = STAGES.c
        said = sa.exists().where(TRIGGERS.c.layer == GLOBAL, TRIGGERS.c.rewrite_id == of.rewrite_id)
        with self._books.reading() as connection:
            return frozenset(connection.execute(sa.select(of.rewrite_id).where(of.stage == _TAKEN_BACK, said)).scalars())

    def count_unsaid(self) -> int:
        """How many rewrites of customers' own histories are unsaid.

        Raises: BooksUnavailable.
        """
        with self._books.reading() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(UNSAID)).scalar_one())

    def unsaid(self, *, limit: int) -> list[UnsaidRow]:
        """What is unsaid, the newest first.

        Raises: BooksUnavailable.
        """
        query = sa.select(UNSAID).order_by(UNSAID.c.unsaid_from.desc(), UNSAID.c.customer_id).limit(limit)
        with self._books.reading() as connection:
            return [_unsaid(row) for row in connection.execute(query).mappings()]


_TAKEN_BACK = "taken_back"
"""Stage of what is rolled back."""

_RIGHT, _WRONG, _WAITING = (
    sa.cast(sa.func.sum(sa.case((TRIGGERS.c.outcome == each, 1), else_=0)), sa.BigInteger) for each in ("right", "wrong", "")
)

_OCCASIONS = (sa.func.count(TRIGGERS.c.customer_id.distinct()), _RIGHT, _WRONG, _WAITING)


def _failing_global(wrong_min: int) -> sa.Select[Any]:
    of, stage = TRIGGERS.c, STAGES.c
    joined = TRIGGERS.outerjoin(STAGES, stage.rewrite_id == of.rewrite_id)
    counts = sa.or_(stage.counts_from.is_(None), of.event_time >= stage.counts_from)
    lives = sa.or_(stage.stage.is_(None), stage.stage != _TAKEN_BACK)
    query = sa.select(of.rewrite_id, _RIGHT, _WRONG, stage.counts_from).select_from(joined).where(of.layer == GLOBAL, counts, lives)
    return query.group_by(of.rewrite_id, stage.counts_from).having(wrong_min <= _WRONG).order_by(_WRONG.desc()).limit(FAILING_MAX)


def _failing_own(wrong_min: int) -> sa.Select[Any]:
    of, unsaid = TRIGGERS.c, UNSAID.c
    same = sa.and_(unsaid.customer_id == of.customer_id, unsaid.rewrite_id == of.rewrite_id)
    counts = sa.or_(unsaid.unsaid_from.is_(None), of.event_time > unsaid.unsaid_from)
    keys = (of.rewrite_id, of.customer_id)
    query = sa.select(*keys, _RIGHT, _WRONG, unsaid.unsaid_from).select_from(TRIGGERS.outerjoin(UNSAID, same))
    failing = query.where(of.layer == PERSONAL, counts).group_by(*keys, unsaid.unsaid_from).having(wrong_min <= _WRONG)
    return failing.order_by(_WRONG.desc()).limit(FAILING_MAX)


def _in_utc(each: TriggerSum) -> TriggerSum:
    counts_from = each.counts_from and utc(each.counts_from)
    return TriggerSum(each.layer, each.rewrite_id, each.customer_id, each.right, each.wrong, counts_from)


def _unsaid(row: Mapping[Any, Any]) -> UnsaidRow:
    return UnsaidRow(row["customer_id"], row["rewrite_id"], utc(row["unsaid_from"]), row["why"])
