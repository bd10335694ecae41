"""Candidates: which later turns may be a second try at an earlier one. Bounds the work and the reach of every detector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from resay.dialogue.session import Session, silence_between
from resay.dialogue.turn import Turn, said
from resay.label.reading import is_answer, is_refused
from resay.label.remark import Remark, RemarkKind, remark_of
from resay.label.wordings import ENGLISH, Wordings

LAG_MAX = 3
"""Requests that a second try may lie behind the first: after an uncorrected failure 49 % say it again in the next turn, 60 % within two,
64 % within three (EVALUATION, section 2), so a fourth would add little."""

GAP_MAX = timedelta(seconds=45)
"""Silence between the first try and the second: that which ends a session."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a second try may lie from the first."""

    lag_max: int = LAG_MAX
    gap_max: timedelta = GAP_MAX


@dataclass(frozen=True, slots=True)
class Candidate:
    """A turn and a later one that may be its second try, by their places in the session."""

    source: int
    target: int
    lag: int
    """1 where the target is the next request, 2 where one lies between, …"""
    gap: timedelta
    """Silence between the two."""


def candidates_of(
    session: Session, bounds: Bounds, *, remarks: Sequence[Remark] | None = None, wordings: Wordings = ENGLISH
) -> Iterator[Candidate]:
    """All candidates of a session, by source, then target; at most `bounds.lag_max` a source.

    Turns that ask for nothing (a bare "no, that's wrong", a "no" to a refusal, a goodbye) are neither tries nor counted as lag.
    """
    turns = session.turns
    remarks = remarks or [remark_of(said(turn), wordings) for turn in turns]
    tries = [place for place in range(len(turns)) if _asks(turns, place, remark=remarks[place], wordings=wordings)]
    for number, source in enumerate(tries):
        for lag, target in enumerate(tries[number + 1 : number + 1 + bounds.lag_max], start=1):
            gap = silence_between(turns[source], turns[target])
            if gap > bounds.gap_max:
                break
            yield Candidate(source, target, lag, gap)


def _asks(turns: Sequence[Turn], place: int, *, remark: Remark, wordings: Wordings) -> bool:
    """Whether a turn asks for something, or answers a question."""
    if not remark.is_bare or remark.kind is RemarkKind.AFFIRMATIVE:
        return True
    if remark.kind is RemarkKind.STOP:
        # A stop that the assistant did not understand was a try at stopping.
        return is_refused(turns[place], wordings)
    if remark.kind is RemarkKind.NEGATIVE:
        # Where nothing had been asked it denies what was done; after a refusal, of which nothing can be denied, it is annoyance.
        return place == 0 or is_answer(turns[place], after=turns[place - 1])
    return False
