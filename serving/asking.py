"""Asking: of turns that pass through, a few are answered `ask`, so that customers tell what labels cannot.

Which wordings are worth it stands in the lake, who was asked in the books; a turn is drawn by chance, and the limits hold over all services
that share them. Whoever cannot be asked in time is not asked.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from resay.dialogue.rewrite import Action, Decision, Reason, RetryRequest, RewriteAnswer, RewriteRequest
from resay.dialogue.state import interpretation_key
from resay.dialogue.text import canonical
from resay.dialogue.turn import ResponseStatus
from resay.label.doubted import is_risky, read_doubted
from resay.label.explore import SHARE_MAX, chosen
from resay.store.asked import DAYS_COUNTED, AskedBooks, AskedTurn
from resay.store.lake import Lake
from resay.store.tables import OUTCOMES
from rewrite_online.draw import Draw
from rewrite_online.hold_out import drawn
from serving.waiting_line import WaitingLine

log = logging.getLogger(__name__)

SALT = "resay/ask/1"

LOOK_EVERY = timedelta(hours=1)
"""Time between two looks at the lake: what is doubted changes by the day, and a look costs a large lake seconds."""

FIRST_LOOKS_EVERY = timedelta(minutes=1)
"""The same while there is nothing to ask: a new home has labels within minutes."""

COUNTED_MAX = 10_000
"""Turns that are remembered as counted: whoever sends a request again does so within seconds."""

CALM = frozenset({Reason.NO_CANDIDATE, Reason.BELOW_MARGIN, Reason.CONFUSABLE, Reason.LESS_LIKELY, Reason.NEEDLESS, Reason.TARGET_OFFERED})
"""Reasons for which words go on as they are and a customer may be asked: nothing is risky, broken, switched off or held back."""

_REFUSED = frozenset({ResponseStatus.FAILED, ResponseStatus.UNSUPPORTED})


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of the lake, and when."""

    forgettings: int
    """How many had been asked for before it was read: it holds only as long as no other is."""
    at: datetime
    """UTC."""
    version: int
    """Of the labels."""
    chances: Mapping[str, float]
    """With which each wording is asked about."""


class Asking:
    """Who is asked; `look` and `refresh` are for one thread at a time each, all else for the event loop."""

    def __init__(self, books: AskedBooks, lake: Callable[[], Lake], *, share: float, draw: Draw, line: WaitingLine[bool]) -> None:
        """Ask about this share of turns, none where it is nought; customers whom `draw` has in an experiment are not asked."""
        assert 0.0 <= share <= SHARE_MAX, "no more than the share is asked about"
        self._books = books
        self._lake = lake
        self._share = share
        self._draw = draw
        self._line = line
        self._read: _Read | None = None
        self._forgettings = 0

    @property
    def is_on(self) -> bool:
        """Whether anybody is asked anything."""
        return self._share > 0

    def look(self, now: datetime) -> bool:
        """Read which wordings are worth it, where that is due; answers whether it was.

        Raises: LakeUnavailable, BooksUnavailable.
        """
        if not self.is_on:
            return False
        lake, read = self._lake(), self._read
        forgettings, version = self._books.forgettings(), lake.version(OUTCOMES)
        if read is not None and read.forgettings == forgettings:
            every = LOOK_EVERY if read.chances else FIRST_LOOKS_EVERY
            if version == read.version or now - read.at < every:
                return False
        told = read_doubted(lake)
        asked = self._books.times(since=now - timedelta(days=DAYS_COUNTED))
        chances = chosen(told.doubted, turns=told.turns, share=self._share, asked=asked)
        self._read = _Read(forgettings, now, version, chances)
        log.info("asking_looked wordings=%d", len(chances))
        return True

    def refresh(self) -> None:
        """Let go of all wordings where somebody was forgotten since: nobody else may have said one of them.

        Raises: BooksUnavailable.
        """
        if not self.is_on:
            return
        self._forgettings = forgettings = self._books.forgettings()
        # Whatever was written down behind the last refresh may have been read long before.
        if self._read is not None and self._read.forgettings != forgettings:
            self._read = None

    async def asked(self, request: RewriteRequest, answer: RewriteAnswer, *, now: datetime, left_s: float) -> RewriteAnswer:
        """The same answer, or that the customer is to be asked; within the time that is left.

        Raises: BooksUnavailable.
        """
        chance = self._chance(request, answer)
        if not chance:
            return answer
        if drawn(request.heard, SALT) >= chance:
            return replace(answer, propensity=answer.propensity * (1.0 - chance))
        began, turn = time.perf_counter(), _turn(request, now=now, propensity=answer.propensity * chance)
        if left_s <= 0 or not await self._line.answer(lambda _left_s: self._books.ask(turn, share=self._share), budget_s=left_s):
            return answer
        latency_ms = answer.latency_ms + (time.perf_counter() - began) * 1000
        return replace(answer, action=Action.ASK, reason=Reason.EXPLORE, propensity=turn.propensity, latency_ms=latency_ms)

    def close(self) -> None:
        """Ask nobody any more; what is under way ends by itself."""
        self._line.close()

    def _chance(self, request: RewriteRequest, answer: RewriteAnswer) -> float:
        """The chance with which this turn is asked about; nought where it must not be."""
        if answer.action is not Action.PASS_THROUGH or answer.reason not in CALM or request.heard.prompt is not None:
            return 0.0
        read = self._read
        if read is None or read.forgettings != self._forgettings:
            return 0.0
        chance = read.chances.get(canonical(answer.original), 0.0)
        return 0.0 if not chance or _must_not(request) or self._draw(request.heard.customer_id) is not None else chance


class Counting:
    """What writes decisions down, and counts their turns behind that: what is not counted is not asked about. For one thread at a time."""

    def __init__(
        self,
        write: Callable[[Sequence[Decision]], None],
        books: AskedBooks,
        *,
        clock: Callable[[], datetime],
        on_fault: Callable[[str, Exception], None],
    ) -> None:
        """Write through `write`; `on_fault` hears where turns could not be counted."""
        self._write = write
        self._books = books
        self._clock = clock
        self._on_fault = on_fault
        self._counted: OrderedDict[int, None] = OrderedDict()
        """Hashes, so that nobody is named here who was forgotten since; two of so many are not alike but by one chance in 10^11."""

    def __call__(self, decisions: Sequence[Decision]) -> None:
        """Write them down.

        Raises: BooksUnavailable.
        """
        self._write(decisions)
        try:
            # A request that is sent again is the same turn.
            new = [each for each in decisions if _hash(each) not in self._counted]
            if new:
                self._books.count(new, now=self._clock())
            self._counted.update((_hash(each), None) for each in new)
            while len(self._counted) > COUNTED_MAX:
                self._counted.popitem(last=False)
        except Exception as error:  # They are written: to raise would have them written twice.
            self._on_fault("asking", error)


def _hash(decision: Decision) -> int:
    """Of a turn that was answered in a mode; another in each process."""
    return hash((decision.mode, decision.customer_id, decision.turn_id))


def _must_not(request: RewriteRequest) -> bool:
    """Whether the words, or what the assistant took them for, are risky, or it has refused: then the customer knows."""
    if is_risky(canonical(request.heard.utterance), ()):
        return True
    if not isinstance(request, RetryRequest):
        return False
    return request.status in _REFUSED or is_risky("", [interpretation_key(each) for each in request.interpretations])


def _turn(request: RewriteRequest, *, now: datetime, propensity: float) -> AskedTurn:
    heard = request.heard
    return AskedTurn(heard.customer_id, heard.turn_id, heard.at, now, heard.session_id, canonical(heard.utterance), propensity)
