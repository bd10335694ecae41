"""Offering: after a failure and a second try that worked, a customer is asked whether the first words shall mean that from now on.

What worked stands in the lake, what was offered in the books; the limits hold over all services that share them. An offer that is late is
not made.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from resay.dialogue.rewrite import Action, Reason, RewriteAnswer, RewriteRequest
from resay.dialogue.teaching import Kind, Origin, Taught
from resay.dialogue.text import canonical
from resay.label.explore import SHARE_MAX
from resay.store import asked
from resay.store.asked import AskedBooks, AskedTurn
from resay.store.books import Books
from resay.store.lake import Lake
from resay.store.tables import LINKS, OUTCOMES
from resay.store.teachings import Overtaken, TeachingBooks
from resay.teach.ask import may_offer
from resay.teach.lessons import Outcome, new_row, offer
from resay.teach.rules import is_risky
from resay.teach.teaching import Teaching
from resay.teach.worked import Worked, read_worked
from rewrite_online.draw import Draw
from serving.asking import CALM
from serving.waiting_line import WaitingLine

log = logging.getLogger(__name__)

_CALM = CALM | {Reason.NOT_READY}
"""Something may be offered before anything was learnt, too."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of the lake."""

    forgettings: int
    """How many had been asked for before it was read: it holds only as long as no other is."""
    versions: tuple[int, int]
    """Of links and labels."""
    worked: dict[str, Worked]
    """By customer; whoever is offered it leaves."""


class Offering:
    """What is offered to whom; `look` and `refresh` are for one thread at a time each, all else for the event loop."""

    def __init__(self, books: Books, teachings: TeachingBooks, lake: Callable[[], Lake], *, share: float, draw: Draw) -> None:
        """Offer after this share of turns, never where it is nought; customers whom `draw` has in an experiment are offered nothing."""
        assert 0.0 <= share <= SHARE_MAX, "no more than the share is asked"
        self._asked = AskedBooks(books)
        self._teachings = teachings
        self._lake = lake
        self._share = share
        self._draw = draw
        self._line: WaitingLine[Taught | None] = WaitingLine()
        self._read: _Read | None = None
        self._forgettings = 0

    @property
    def is_on(self) -> bool:
        """Whether anybody is offered anything."""
        return self._share > 0

    def look(self, now: datetime) -> bool:
        """Read what worked lately, where labels have changed; answers whether they had.

        Raises: LakeUnavailable, BooksUnavailable.
        """
        if not self.is_on:
            return False
        lake, read = self._lake(), self._read
        forgettings, versions = self._asked.forgettings(), (lake.version(LINKS), lake.version(OUTCOMES))
        if read is not None and (read.forgettings, read.versions) == (forgettings, versions):
            return False
        worked = read_worked(lake, now=now)
        self._read = _Read(forgettings, versions, worked)
        log.info("offering_looked customers=%d", len(worked))
        return True

    def refresh(self) -> None:
        """Let go what was read of anybody, where somebody was forgotten since.

        Raises: BooksUnavailable.
        """
        if not self.is_on:
            return
        self._forgettings = forgettings = self._asked.forgettings()
        # Whatever was written down behind the last refresh may have been read long before.
        if self._read is not None and self._read.forgettings != forgettings:
            self._read = None

    async def offered(self, request: RewriteRequest, answer: RewriteAnswer, *, now: datetime, left_s: float) -> Taught | None:
        """What is offered with this answer, if anything; within the time that is left.

        Raises: BooksUnavailable.
        """
        heard, read = request.heard, self._read
        if read is None or read.forgettings != self._forgettings:
            return None
        worked = read.worked.get(heard.customer_id)
        if worked is None or left_s <= 0 or heard.prompt is not None or heard.turn_id in {worked.first_turn_id, worked.turn_id}:
            return None
        if answer.action is not Action.PASS_THROUGH or answer.reason not in _CALM or self._draw(heard.customer_id) is not None:
            return None
        turn = AskedTurn(
            heard.customer_id, heard.turn_id, heard.at, now, heard.session_id, canonical(heard.utterance), kind=asked.Kind.OFFER
        )
        made = await self._line.answer(lambda _left_s: self._offer(turn, worked, read.forgettings), budget_s=left_s)
        if made is not None:
            read.worked.pop(heard.customer_id, None)
        return made

    def close(self) -> None:
        """Offer nothing any more; what is under way ends by itself."""
        self._line.close()

    def _offer(self, turn: AskedTurn, worked: Worked, forgettings: int) -> Taught | None:
        lesson = Teaching(Kind.REQUEST, worked.words, worked.meaning)
        new = new_row(lesson, teaching_id=uuid.uuid4().hex, now=turn.asked_at, origin=Origin.AGENT)
        # Looked at first, so that what would not be offered anyway takes nothing of the share.
        if is_risky(worked.meaning) or not may_offer(new, self._teachings.of(turn.customer_id), now=turn.asked_at):
            return None
        if not self._asked.ask(turn, share=self._share):
            return None
        try:
            answer = self._teachings.change(turn.customer_id, lambda rows: offer(rows, new), forgettings=forgettings)
        except Overtaken:
            return None
        return answer.taught if answer.outcome is Outcome.OFFERED else None
