"""Cases: a turn with what came before and after it in its session, as a verdict may see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from resay.dialogue.session import Session, silence_between
from resay.dialogue.turn import Turn

FOLLOWING_MAX = 3
"""Turns after a turn that are looked at: of those who try again nearly all have done so by then (DSTC2: 64 of 68 %)."""


@dataclass(frozen=True, slots=True)
class Case:
    """One turn to be judged."""

    turn: Turn
    before: Turn | None = None
    following: tuple[Turn, ...] = ()
    """The next turns of the session, nearest first."""
    gap_s: float | None = None
    """The silence before the first of them."""
    is_last: bool = False
    """Whether the session is known to end here: never where later turns were kept back."""


def cases_of(session: Session, *, following: bool = True) -> Iterator[Case]:
    """A case for each turn of a session, in order; without what follows where that is not to be seen."""
    turns = session.turns
    for place, turn in enumerate(turns):
        after = turns[place + 1 : place + 1 + FOLLOWING_MAX] if following else ()
        gap_s = silence_between(turn, after[0]).total_seconds() if after else None
        before = turns[place - 1] if place else None
        yield Case(turn, before, after, gap_s, is_last=following and not after)
