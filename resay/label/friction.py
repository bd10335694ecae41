"""Friction signs by rules: what a session shows of effort or annoyance, each sign at the turn that caused it.

Knows turns and their order; knows nothing of links, goals or defects, which build on this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise

from resay.dialogue.label import Friction, FrictionSign
from resay.dialogue.session import Session, silence_between
from resay.dialogue.state import state_of
from resay.dialogue.turn import Explicit, Turn, prompt_kind, said
from resay.label.doubt import NO_FLOORS, is_doubted
from resay.label.reading import is_answer, is_done, is_refused, status_of
from resay.label.remark import Remark, RemarkKind, remark_of
from resay.label.wordings import ENGLISH, Wordings

STOP_WITHIN = timedelta(seconds=15)
"""A stop said later is a request of its own. Who stops an answer does so while it lasts: of DSTC2's prompts (train) 99 % last under 13 s,
and an answer's end is not always logged."""


def friction_of(session: Session, *, wordings: Wordings = ENGLISH, floors: Mapping[str, float] = NO_FLOORS) -> list[Friction]:
    """All signs of friction in a session, by turn, at most one of a kind at each turn.

    `floors` are the recognisers' own low scores (`resay.label.doubt.score_floors`); without them the recogniser is not asked.
    """
    turns = session.turns
    remarks = [remark_of(said(turn), wordings) for turn in turns]
    signs = [
        *barge_ins(turns),
        *denials(turns, remarks, wordings=wordings),
        *stops(turns, remarks, wordings=wordings),
        *error_responses(turns, wordings),
        *repeated_interpretations(turns, remarks),
        *abandonment(turns, remarks, wordings=wordings),
        *low_confidence(turns, floors),
    ]
    unique = {(each.turn_id, each.sign): each for each in reversed(signs)}
    return sorted(unique.values(), key=lambda each: (each.at, each.turn_id, each.sign))


def barge_ins(turns: tuple[Turn, ...]) -> Iterator[Friction]:
    """A turn spoken over the response to the turn before; one over a session's opening prompt has no turn that caused it."""
    for earlier, later in pairwise(turns):
        if later.barge_in:
            yield _sign(earlier, FrictionSign.BARGE_IN, later)


def denials(turns: tuple[Turn, ...], remarks: list[Remark], *, wordings: Wordings) -> Iterator[Friction]:
    """A turn marked wrong by explicit feedback, or denied in words by a later turn.

    "No, I said …" and "that's wrong" always deny. A plain "no", alone or before other words, is an answer where something had been asked.
    The turn denied is the last one before that asked for something: "no", "no, I said madonna" both deny the request, not each other.
    """
    for turn in turns:
        if turn.feedback is not None and turn.feedback.explicit is Explicit.NO:
            yield _sign(turn, FrictionSign.DENIAL, turn)
    for place, later in enumerate(turns):
        caused_by = last_request(remarks, before=place)
        if caused_by is not None and denies(later, remarks[place], after=turns[place - 1], wordings=wordings):
            yield _sign(turns[caused_by], FrictionSign.DENIAL, later)


def stops(turns: tuple[Turn, ...], remarks: list[Remark], *, wordings: Wordings) -> Iterator[Friction]:
    """A plain "stop", "cancel" or "never mind", said soon after something was begun.

    Not "stop the music", which asks for something, nor a stop after a refusal: nothing had begun, and the refusal is its own sign.
    """
    for place, later in enumerate(turns):
        caused_by = last_request(remarks, before=place)
        if caused_by is None or remarks[place].kind is not RemarkKind.STOP:
            continue
        earlier = turns[caused_by]
        if not is_refused(earlier, wordings) and silence_between(turns[place - 1], later) <= STOP_WITHIN:
            yield _sign(earlier, FrictionSign.STOP, later)


def error_responses(turns: tuple[Turn, ...], wordings: Wordings) -> Iterator[Friction]:
    """A turn that the assistant failed or refused."""
    for turn in turns:
        if is_refused(turn, wordings):
            yield _sign(turn, FrictionSign.ERROR_RESPONSE, turn)


def repeated_interpretations(turns: tuple[Turn, ...], remarks: list[Remark]) -> Iterator[Friction]:
    """A turn taken to mean the very same as the turn before, which had not been done.

    After success the same request may well come again ("louder", "next song", the news twice a day): no sign, unless the later turn
    is spoken over the answer or says itself that it repeats. "Yes" to one question and "yes" to another mean two things.
    """
    for place, (earlier, later) in enumerate(pairwise(turns), start=1):
        if state_of(earlier) != state_of(later):
            continue
        insists = later.barge_in or remarks[place].kind is RemarkKind.REPAIR
        other_question = remarks[place].is_bare and prompt_kind(earlier) != prompt_kind(later)
        if (not is_done(earlier) or insists) and not other_question:
            yield _sign(earlier, FrictionSign.REPEATED_INTERPRETATION, later)


def abandonment(turns: tuple[Turn, ...], remarks: list[Remark], *, wordings: Wordings) -> Iterator[Friction]:
    """The last turn of a session, where it did not succeed: refused, or a question of the assistant left open.

    Goodbyes and stops end a session and abandon nothing; where no status is logged, nothing is known.
    """
    last = turns[-1]
    leaves = remarks[-1].kind in {RemarkKind.FAREWELL, RemarkKind.STOP}
    unanswered = status_of(last) is not None and not is_done(last)
    if not leaves and (unanswered or is_refused(last, wordings)):
        yield _sign(last, FrictionSign.ABANDONMENT, last)


def low_confidence(turns: Iterable[Turn], floors: Mapping[str, float]) -> Iterator[Friction]:
    """A turn that the NLU or the recogniser doubted (`resay.label.doubt`)."""
    for turn in turns:
        if is_doubted(turn, floors):
            yield _sign(turn, FrictionSign.LOW_CONFIDENCE, turn)


def denies(later: Turn, remark: Remark, *, after: Turn, wordings: Wordings) -> bool:
    """Whether a turn, by its remark, denies what came before."""
    if remark.kind in {RemarkKind.REPAIR, RemarkKind.DENIAL}:
        return True
    # Nothing can be denied of a refusal: "no" after one is annoyance.
    answers = is_answer(later, after=after) or is_refused(after, wordings)
    return remark.kind is RemarkKind.NEGATIVE and not answers


def last_request(remarks: list[Remark], *, before: int) -> int | None:
    """The place of the last turn before one that asked for something, or nothing where there is none."""
    return next((place for place in range(before - 1, -1, -1) if not remarks[place].is_bare), None)


def _sign(caused_by: Turn, sign: FrictionSign, shown_by: Turn) -> Friction:
    return Friction(
        turn_id=caused_by.turn_id,
        customer_id=caused_by.customer_id,
        at=caused_by.at,
        sign=sign,
        shown_by=shown_by.turn_id,
    )
