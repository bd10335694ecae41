"""Evidence about a single rewrite, to be looked at after every trial: e-processes, from counts alone.

A trial is a turn for which a rewrite was ready; chance says whether it is applied or held out, and then the turn succeeds or fails. What
chance was given is known: w, the share that is applied.

**Against the hold-out.** For chances a (as said) and b (rewritten), and m = (1 − w) a + w b, each trial multiplies the evidence by

    b/m or (1 − b)/(1 − m)  where it was applied and succeeded, or failed;      a/m or (1 − a)/(1 − m)  where it was held out.

If rewriting changes nothing, a trial that would succeed with chance q, whatever q is, brings q · m/m + (1 − q) · (1 − m)/(1 − m) = 1 on
average, for (1 − w) a + w b = m: this is the likelihood ratio of *which arm was drawn*, given what became of the trial. With b > a it
brings one at most where rewriting is worse, so that it is evidence for "better" alone; with b < a for "worse" alone. Hence the product is
a supermartingale, and by Ville's inequality it ever reaches 1/α with chance α at most: exactly, for any number of looks, however unlike
customers are and however alike their own turns, as nothing is asked of q. These are the E-variables of Turner, Ly and Grünwald ("Generic
E-variables for exact sequential k-sample tests that allow for optional stopping", J. Stat. Planning and Inference 230, 2024) with drawn in
place of planned groups. As a and b are not known, the mean over a grid of them is taken, which is again such a product's mean.

**Against its promise.** No rewrite is served that is not to succeed more often than not. For chances q below the promise p each trial that
was applied multiplies by q/p or (1 − q)/(1 − p): one at most on average while the promise is kept. It needs no hold-out, and no time:
where all trials fail, `failures_to_roll_back` of them suffice.

The same counts give the same evidence in whatever order they came, and counts of days add up.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

CHANCES = (0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98)
"""The grid: tenths, and nearly never and nearly always; finer ones gain less than their share of the mean costs."""

PROMISE = 0.5
"""A rewrite that fails more often than not does harm, whatever was said before (as in `markov.standing`)."""

ROLL_BACK_ALPHA = 0.1
"""Chance of ever taking back a rewrite that just keeps its promise: one in ten of the barely good, for five bad exposures, not six."""

SHARES_KEPT = 64
"""Shares whose logs are kept at hand; an operator has two or three."""

_EXPONENT_MAX = 700.0


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Trials that succeeded and failed."""

    right: int = 0
    wrong: int = 0

    def __add__(self, other: Outcomes) -> Outcomes:
        return Outcomes(self.right + other.right, self.wrong + other.wrong)


@dataclass(frozen=True, slots=True)
class Phase:
    """Trials of a rewrite while it was applied to one share of those for whom it was ready."""

    share: float
    """The chance of being applied, by which each was drawn."""
    applied: Outcomes = Outcomes()
    held_out: Outcomes = Outcomes()


def added(phases: Iterable[Phase]) -> list[Phase]:
    """Phases of the same share as one; the order of trials tells nothing."""
    by_share: dict[float, Phase] = {}
    for each in phases:
        known = by_share.get(each.share, Phase(each.share))
        by_share[each.share] = Phase(each.share, known.applied + each.applied, known.held_out + each.held_out)
    return list(by_share.values())


def for_better(phases: Sequence[Phase]) -> float:
    """Evidence that rewriting is better than leaving it as said."""
    return _against_hold_out(phases, better=True)


def for_worse(phases: Sequence[Phase]) -> float:
    """Evidence that it is worse."""
    return _against_hold_out(phases, better=False)


def for_broken_promise(applied: Outcomes, promise: float = PROMISE) -> float:
    """Evidence that a rewrite succeeds more seldom than promised."""
    return _mean(
        applied.right * math.log(chance / promise) + applied.wrong * math.log((1 - chance) / (1 - promise))
        for chance in CHANCES
        if chance < promise
    )


def failures_to_roll_back(promise: float = PROMISE, alpha: float = ROLL_BACK_ALPHA) -> int:
    """How many trials, all of which fail, break a promise: a rewrite that never works is served no oftener."""
    failures = 1
    while for_broken_promise(Outcomes(0, failures), promise) < 1 / alpha:
        failures += 1
    return failures


def _against_hold_out(phases: Sequence[Phase], *, better: bool) -> float:
    # Where nothing was drawn, nothing can be compared.
    drawn = [each for each in phases if 0 < each.share < 1]
    if not drawn:
        return 1.0
    told = []
    for each in drawn:
        counts = (each.applied.right, each.applied.wrong, each.held_out.right, each.held_out.wrong)
        told.append([sum(map(operator.mul, counts, weights)) for weights in _weights(each.share, better)])
    return _mean(map(sum, zip(*told, strict=True)))


@lru_cache(maxsize=SHARES_KEPT)
def _weights(share: float, better: bool) -> list[tuple[float, float, float, float]]:
    """Of each pair of chances: the log of what a trial of each of the four kinds multiplies by."""
    weights = []
    for said, rewritten in combinations(CHANCES, 2) if better else combinations(reversed(CHANCES), 2):
        mean = (1 - share) * said + share * rewritten
        ratios = (rewritten / mean, (1 - rewritten) / (1 - mean), said / mean, (1 - said) / (1 - mean))
        weights.append((math.log(ratios[0]), math.log(ratios[1]), math.log(ratios[2]), math.log(ratios[3])))
    return weights


def _mean(logs: Iterable[float]) -> float:
    """The mean of what these are the logs of."""
    each = list(logs)
    highest = max(each)
    if highest > _EXPONENT_MAX:
        return math.inf
    return sum(math.exp(one) for one in each) / len(each)
