"""How quickly a system learns: from the k-th customer's evidence for a rewrite to the first time that somebody is served it.

Evidence is what the log shows and no more: a customer is refused, and soon after the assistant does something for them.
Knows nothing of how a system learns; it may go by other evidence, and may be served before this is complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from resay.dialogue.text import canonical
from resay.dialogue.turn import ResponseStatus, Turn, said
from resay.lab.adviser import REFUSALS

TRIES_MAX = 3
"""Turns after a refusal within which what is done counts: most second tries come within three (DSTC2)."""

Lesson = tuple[str, str]
"""Canonical text that is refused, and what is done in the end, as the log names it."""


@dataclass(slots=True)
class Learning:
    """How far a lesson is."""

    customers: set[str] = field(default_factory=set)
    """Those who gave evidence, until there are enough."""
    evident: datetime | None = None
    """When the last of them that it takes did."""
    served: datetime | None = None
    """When somebody's words were first rewritten so, and it was done."""


class Pace:
    """Sees every turn of the learning days, and tells how far each lesson is."""

    def __init__(self, lessons: dict[Lesson, Learning], customers_min: int) -> None:
        """Go on with what was seen before, which is added to."""
        self._lessons, self._customers_min = lessons, customers_min

    def see(self, turns: Iterable[Turn]) -> None:
        """Take whole sessions in: those of a day, or of a part of one."""
        sessions: dict[str | None, list[Turn]] = {}
        for turn in turns:
            sessions.setdefault(turn.session_id, []).append(turn)
        shown = [each for session in sessions.values() for each in _evidence(session)]
        for turn, source in sorted(shown, key=lambda each: (each[0].at, each[0].turn_id)):
            learning = self._lessons.setdefault((canonical(source), _done(turn)), Learning())
            if turn.rewrite is not None:
                learning.served = learning.served or turn.at
            elif learning.evident is None:
                learning.customers.add(turn.customer_id)
                if len(learning.customers) >= self._customers_min:
                    learning.evident = turn.at
                    learning.customers.clear()


def _evidence(session: Sequence[Turn]) -> Iterator[tuple[Turn, str]]:
    """Turns in which something was done, and the words that it stands for: those that we rewrote, or those of a refusal before."""
    for place, turn in enumerate(session):
        if turn.rewrite is not None and _done(turn):
            yield turn, turn.rewrite.original
        elif turn.rewrite is None and _is_refused(turn):
            later = session[place + 1 : place + 1 + TRIES_MAX]
            yield from ((each, turn.utterance) for each in [each for each in later if _done(each) and each.rewrite is None][:1])


def _is_refused(turn: Turn) -> bool:
    return bool(said(turn)) and turn.response is not None and turn.response.status in REFUSALS


def _done(turn: Turn) -> str:
    """What the assistant did; empty where it did nothing."""
    return turn.response.action if turn.response and turn.response.status is ResponseStatus.DONE else ""
