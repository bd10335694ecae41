"""Before and after: what a rewriter would have done to later traffic whose truth is known.

This is a replay: customers say in it what they said, whatever the rewriter answers. A turn that a rewrite saves would not have been
said again, so the second tries that follow it stay in the count, and the reduction is that of turns as they were. What rewriting does
to the talk itself is for the closed loop.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from random import Random

from resay.dialogue.rewrite import Action as Advice
from resay.dialogue.rewrite import BeforeRequest, Heard, RewriteAnswer
from resay.dialogue.text import canonical
from resay.dialogue.tick import Tick
from resay.dialogue.turn import ResponseStatus, Turn
from resay.experiment.before_after import BeforeAfter, Week
from resay.experiment.bounds import Decided, relative_reduction, win_loss
from resay.lab.action import Action
from resay.lab.conversation import Truth
from resay.lab.shipped import Later

DAYS_IN_WEEK = 7

NOTE = (
    "Replay on later traffic, mode before: rewrites do not change what customers say next. "
    "Later turns share no recording with the turns that were learnt from; voices and customers are mostly the same."
)


class Effect(StrEnum):
    """What a trigger did to one turn, in the words of EVALUATION."""

    WIN = "win"
    LOSS = "loss"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Judged:
    """One later turn, before and after."""

    turn: Turn
    right_before: bool
    right_after: bool
    target: str | None
    """What it was rewritten to."""
    effect: Effect | None
    """None where nothing was rewritten."""
    caused_wrong_action: bool = False


def score(rewrite: Callable[[BeforeRequest], RewriteAnswer], later: Later, *, seed: int, tick: Tick) -> BeforeAfter:
    """Ask the rewriter about every later turn, before the NLU, and compare with the truth.

    A target's meaning is what the assistant makes of it in the room of the turn; a target that was never put to the assistant is wrong.
    """
    judged = []
    for done, each in enumerate(judge_turns(rewrite, later), start=1):
        judged.append(each)
        tick(done, len(later.turns))
    return summarise(judged, seed=seed)


def judge_turns(rewrite: Callable[[BeforeRequest], RewriteAnswer], later: Later) -> Iterator[Judged]:
    """Every later turn, before and after."""
    for turn in later.turns:
        answer = rewrite(BeforeRequest(heard_of(turn)))
        target = answer.utterance if answer.action is Advice.REWRITE else None
        yield _judged(turn, later.truth[turn.turn_id], target=target, later=later)


def heard_of(turn: Turn) -> Heard:
    """What was known of a turn before the assistant's NLU saw it."""
    return Heard(
        turn_id=turn.turn_id,
        customer_id=turn.customer_id,
        at=turn.at,
        utterance=turn.utterance,
        hypotheses=turn.hypotheses,
        prompt=turn.prompt,
        context=turn.context,
        audio=turn.audio,
        session_id=turn.session_id,
        device_id=turn.device_id,
        barge_in=turn.barge_in,
        versions=turn.versions,
    )


def summarise(judged: Sequence[Judged], *, seed: int) -> BeforeAfter:
    """The figures of judged turns, with intervals."""
    decided = win_loss(_decided(judged), Random(seed))
    reduction = relative_reduction(_defects_by_customer(judged), Random(seed))
    right = sum(each.right_before for each in judged)
    harmed = sum(each.right_before and not each.right_after for each in judged)
    return BeforeAfter(
        turns=len(judged),
        customers=len({each.turn.customer_id for each in judged}),
        defects_before=len(judged) - right,
        defects_after=sum(not each.right_after for each in judged),
        defect_reduction=reduction.value,
        defect_reduction_lo=reduction.lo,
        defect_reduction_hi=reduction.hi,
        wins=decided.wins,
        losses=decided.losses,
        neutral=sum(each.effect is Effect.NEUTRAL for each in judged),
        win_loss=_finite(decided.ratio.value),
        win_loss_lo=_finite(decided.ratio.lo),
        harm=harmed / right if right else None,
        triggers=sum(each.effect is not None for each in judged),
        wrong_actions_caused=sum(each.caused_wrong_action for each in judged),
        weeks=tuple(_weeks(judged)),
        note=NOTE,
    )


def _judged(turn: Turn, truth: Truth, *, target: str | None, later: Later) -> Judged:
    if target is None:
        return Judged(turn, truth.right, truth.right, None, None)
    room = turn.context.room if turn.context else ""
    does = later.meanings.action(target, room)
    after = later.meanings.knows(target, room) and _is_right(does, truth.wanted)
    refused = turn.response is None or turn.response.status is not ResponseStatus.DONE
    wrong_action = not truth.right and refused and does is not None and not after
    return Judged(turn, truth.right, after, target, _effect(truth.right, after, wrong_action), caused_wrong_action=wrong_action)


def _is_right(does: Action | None, wanted: Action | None) -> bool:
    return does == wanted


def _effect(before: bool, after: bool, wrong_action: bool) -> Effect:
    if not before and after:
        return Effect.WIN
    if (before and not after) or wrong_action:
        return Effect.LOSS
    return Effect.NEUTRAL


def _decided(judged: Iterable[Judged]) -> Iterator[Decided]:
    for each in judged:
        if each.effect in (Effect.WIN, Effect.LOSS):
            yield Decided(each.turn.customer_id, canonical(each.turn.utterance), each.target or "", win=each.effect is Effect.WIN)


def _defects_by_customer(judged: Iterable[Judged]) -> list[tuple[float, float]]:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for each in judged:
        sums[each.turn.customer_id][0] += not each.right_before
        sums[each.turn.customer_id][1] += not each.right_after
    return [(before, after) for before, after in sums.values()]


def _weeks(judged: Sequence[Judged]) -> Iterator[Week]:
    by_week: dict[int, list[Judged]] = defaultdict(list)
    first = min((_local_day(each.turn) for each in judged), default=date.min)
    for each in judged:
        by_week[(_local_day(each.turn) - first).days // DAYS_IN_WEEK + 1].append(each)
    for week, turns in sorted(by_week.items()):
        before, after = sum(not each.right_before for each in turns), sum(not each.right_after for each in turns)
        yield Week(week=week, turns=len(turns), defects_before=before, defects_after=after)


def _local_day(turn: Turn) -> date:
    """The customer's own day, where the log tells it: their evening is part of it, wherever they live."""
    local = turn.context.local_time if turn.context else ""
    return date.fromisoformat(local[:10]) if local else turn.at.date()


def _finite(value: float | None) -> float | None:
    """JSON knows no infinity: a ratio without losses has no value, but its bound has."""
    return None if value is None or math.isinf(value) else value
