"""Thresholds of the rows that are scored on corpora: chosen on held-out train callers, never on what is reported."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Sequence

from resay.dialogue.rewrite import RewriteRequest
from resay.label.corpora.dstc2 import Call
from rewrite_online.evaluate import PASS_THROUGH, Answer, Mode, Outcome, Rewriting, TurnResult, replay

FOLDS = 5
"""Each fold holds some 28 of DSTC2's 138 train callers."""

WIN_LOSS_AIM = 8.5
"""Wins over losses that a row is to keep (EVALUATION 1, "To reach")."""


def fold_of(caller: str, folds: int = FOLDS) -> int:
    """The fold of a caller, by hash, so that every run and every row cuts alike."""
    return int.from_bytes(hashlib.sha256(caller.encode()).digest()[:8]) % folds


def out_of_fold(calls: Sequence[Call], *, mode: Mode, learn: Callable[[Sequence[Call]], Rewriting]) -> list[TurnResult]:
    """What rewriters that were learnt on the other callers do to each caller's calls."""
    results: list[TurnResult] = []
    for fold in range(FOLDS):
        others = [call for call in calls if fold_of(call.live.caller) != fold]
        held_out = [call for call in calls if fold_of(call.live.caller) == fold]
        if others and held_out:
            results += replay(held_out, (call.live for call in others), mode=mode, rewriting=learn(others))
    return results


def threshold_for(results: Iterable[TurnResult], aim: float = WIN_LOSS_AIM) -> float:
    """The lowest score from which on wins over losses are at least the aim; infinite where there is none."""
    chosen, wins, losses = math.inf, 0, 0
    scored = sorted(((each.answer.score or 0.0, each.outcome) for each in results if each.is_triggered), key=lambda pair: -pair[0])
    for place, (score, outcome) in enumerate(scored):
        wins += outcome is Outcome.WIN
        losses += outcome is Outcome.LOSS
        # Equal scores pass together or not at all.
        is_last_of_score = place + 1 == len(scored) or scored[place + 1][0] < score
        if is_last_of_score and wins >= aim * losses and wins:
            chosen = score
    return chosen


def gated(rewriting: Rewriting, threshold: float) -> Rewriting:
    """The same rewriter, passing through whatever scores below a threshold."""

    def answer(request: RewriteRequest) -> Answer:
        offered = rewriting(request)
        return offered if offered.score is not None and offered.score >= threshold else PASS_THROUGH

    return answer
