"""Intervals for the figures that we report: bootstrap over units, the win/loss bound, Clopper–Pearson.

Knows sums per unit and chance; knows nothing of turns, corpora or tables. Plain Python: 2,000 resamples of 1,000 units take a second.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

RESAMPLES = 2_000
"""Bootstrap resamples: the 2.5th percentile then rests on fifty of them."""

LEVEL = 0.95
"""Confidence level of every interval."""

PAIRS_MIN = 100
"""Distinct (source, target) pairs below which a win/loss bound is not called met (EVALUATION, "Bounds")."""

UNITS_MIN = 2
"""With one unit every resample is the same, and an interval of no width would be a lie."""

BISECTIONS = 60
"""Halvings of [0, 1] for Clopper–Pearson: 2⁻⁶⁰ is below the precision of a float there."""

TOO_FEW_UNITS = "too_few_units"
TOO_FEW_PAIRS = "too_few_pairs"
NOTHING_COUNTED = "nothing_counted"

Statistic = Callable[[Sequence[tuple[float, ...]]], float | None]
"""A figure of units, each a tuple of sums; nothing where there is nothing to divide by."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and where it plausibly lies; `None` where that cannot be said, with the reason."""

    value: float | None
    lo: float | None
    hi: float | None
    n: int
    """Units (or trials) behind it."""
    reason: str = ""
    """Why something is missing; empty where nothing is."""


@dataclass(frozen=True, slots=True)
class Decided:
    """One trigger that was a win or a loss."""

    customer: str
    source: str
    target: str
    win: bool


@dataclass(frozen=True, slots=True)
class WinLoss:
    """Wins over losses with the bound of EVALUATION; infinite where there is no loss."""

    wins: int
    losses: int
    customers: int
    pairs: int
    """Distinct (source, target) pairs."""
    ratio: Interval
    """Wins over losses; `lo` is the bound, `reason` is `too_few_pairs` where it may not be called met."""


def bootstrap_ratio(units: Sequence[tuple[float, float]], rng: Random, resamples: int = RESAMPLES) -> Interval:
    """The ratio of two sums over units, each unit a (numerator, denominator), with its bootstrap percentile interval."""
    return bootstrap(units, _ratio_of_sums, rng=rng, resamples=resamples)


def relative_reduction(units: Sequence[tuple[float, float]], rng: Random, resamples: int = RESAMPLES) -> Interval:
    """One less the ratio of sums, each unit (defects before, defects after): 0.2 means a fifth fewer."""
    return bootstrap_ratio([(before - after, before) for before, after in units], rng, resamples)


def rate_reduction(units: Sequence[tuple[float, ...]], rng: Random, resamples: int = RESAMPLES) -> Interval:
    """One less the ratio of two rates, each unit (defects before, turns before, defects after, turns after).

    Paired where each unit has both sides; for two arms, each unit has one side and noughts on the other.
    """
    return bootstrap(units, reduction_of_rates, rng=rng, resamples=resamples)


def reduction_of_rates(units: Sequence[tuple[float, ...]]) -> float | None:
    """The figure of `rate_reduction`."""
    before, of, after, of_after = (sum(unit[place] for unit in units) for place in range(4))
    return 1 - (after / of_after) / (before / of) if before and of and of_after else None


def paired_difference(
    ours: Sequence[tuple[float, float]], reference: Sequence[tuple[float, float]], *, rng: Random, resamples: int = RESAMPLES
) -> Interval:
    """Our ratio of sums less the reference's, over the same units in the same order, resampled together."""
    assert len(ours) == len(reference), "both must be measured on the same units"
    pairs = [(*mine, *theirs) for mine, theirs in zip(ours, reference, strict=True)]
    return bootstrap(pairs, _difference_of_ratios, rng=rng, resamples=resamples)


def win_loss(decided: Iterable[Decided], rng: Random, resamples: int = RESAMPLES) -> WinLoss:
    """Wins over losses and its lower bound, exactly as EVALUATION puts it.

    The lower of two 2.5th percentiles of wins/(wins + losses), one of a bootstrap over customers, one over (source, target) pairs,
    turned back into a ratio; Clopper–Pearson where nothing was lost, because every resample would then say "never".
    """
    each = list(decided)
    by_customer = _shares(each, lambda one: one.customer)
    by_pair = _shares(each, lambda one: (one.source, one.target))
    return win_loss_of_sums(by_customer, by_pair, rng=rng, resamples=resamples)


def win_loss_of_sums(
    by_customer: Sequence[tuple[float, float]], by_pair: Sequence[tuple[float, float]], *, rng: Random, resamples: int = RESAMPLES
) -> WinLoss:
    """As `win_loss`, from (wins, decided triggers) of each customer and of each pair, where the triggers themselves are not kept."""
    wins, decided = round(sum(won for won, _ in by_customer)), round(sum(total for _, total in by_customer))
    share = _share_interval(wins, decided, [by_customer, by_pair], rng=rng, resamples=resamples)
    too_few = TOO_FEW_PAIRS if len(by_pair) < PAIRS_MIN else ""
    value = wins / (decided - wins) if decided > wins else _odds(share.value)
    ratio = Interval(value, _odds(share.lo), _odds(share.hi), decided, share.reason or too_few)
    return WinLoss(wins=wins, losses=decided - wins, customers=len(by_customer), pairs=len(by_pair), ratio=ratio)


def clopper_pearson(successes: int, trials: int, level: float = LEVEL) -> Interval:
    """The exact interval of a share of independent trials, by bisection on the binomial tail."""
    assert 0 <= successes <= trials, "successes must be among the trials"
    if trials == 0:
        return Interval(None, None, None, 0, NOTHING_COUNTED)
    tail = (1 - level) / 2
    lo = 0.0 if successes == 0 else _bisect(lambda p: at_least(successes, trials, p) < tail)
    hi = 1.0 if successes == trials else _bisect(lambda p: 1 - at_least(successes + 1, trials, p) > tail)
    return Interval(successes / trials, lo, hi, trials)


def at_least(successes: int, trials: int, p: float) -> float:
    """The chance of that many successes or more among independent trials, each with chance `p`."""
    if successes <= 0 or p >= 1:
        return 1.0 if successes <= trials else 0.0
    if successes > trials or p <= 0:
        return 0.0
    # Summed away from the mode on the side that falls, so that terms shrink and nothing underflows that matters.
    if successes > trials * p:
        return _tail(successes, trials, p)
    return 1 - _tail(trials - successes + 1, trials, 1 - p)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which a share of ordered values lies, with a straight line between neighbours."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    if ordered[below] == ordered[above]:
        return ordered[below]
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def bootstrap(units: Sequence[tuple[float, ...]], statistic: Statistic, *, rng: Random, resamples: int = RESAMPLES) -> Interval:
    """Any figure of units with its bootstrap percentile interval."""
    value = statistic(units)
    if value is None:
        return Interval(None, None, None, len(units), NOTHING_COUNTED)
    if len(units) < UNITS_MIN:
        return Interval(value, None, None, len(units), TOO_FEW_UNITS)
    drawn = (statistic(rng.choices(units, k=len(units))) for _ in range(resamples))
    # A resample in which nothing was counted says nothing about the ratio, and is left out.
    values = sorted(one for one in drawn if one is not None)
    tail = (1 - LEVEL) / 2
    return Interval(value, percentile(values, tail), percentile(values, 1 - tail), len(units))


def _share_interval(
    wins: int, decided: int, groupings: Sequence[Sequence[tuple[float, float]]], *, rng: Random, resamples: int
) -> Interval:
    if wins == decided:
        return clopper_pearson(wins, decided)
    drawn = [bootstrap_ratio(units, rng, resamples) for units in groupings]
    if any(each.lo is None or each.hi is None for each in drawn):
        return Interval(wins / decided, None, None, decided, TOO_FEW_UNITS)
    return Interval(wins / decided, min(each.lo or 0.0 for each in drawn), max(each.hi or 0.0 for each in drawn), decided)


def _shares(decided: Sequence[Decided], key: Callable[[Decided], object]) -> list[tuple[float, float]]:
    """Wins and decided triggers of each group, in order of first sight, so that a seed gives the same interval again."""
    sums: dict[object, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for one in decided:
        wins, total = sums[key(one)]
        sums[key(one)] = (wins + one.win, total + 1)
    return list(sums.values())


def _odds(share: float | None) -> float | None:
    if share is None:
        return None
    return math.inf if share >= 1 else share / (1 - share)


def _ratio_of_sums(units: Sequence[tuple[float, ...]]) -> float | None:
    denominator = sum(unit[1] for unit in units)
    return sum(unit[0] for unit in units) / denominator if denominator else None


def _difference_of_ratios(pairs: Sequence[tuple[float, ...]]) -> float | None:
    ours = _ratio_of_sums([pair[:2] for pair in pairs])
    reference = _ratio_of_sums([pair[2:] for pair in pairs])
    return None if ours is None or reference is None else ours - reference


def _tail(successes: int, trials: int, p: float) -> float:
    """The upper binomial tail from above the mode, where terms fall."""
    choices = math.lgamma(trials + 1) - math.lgamma(successes + 1) - math.lgamma(trials - successes + 1)
    term = math.exp(choices + successes * math.log(p) + (trials - successes) * math.log1p(-p))
    total = term
    odds = p / (1 - p)
    for count in range(successes, trials):
        term *= (trials - count) / (count + 1) * odds
        total += term
        if term < total * 1e-17:
            break
    return total


def _bisect(is_below: Callable[[float], bool]) -> float:
    """The point in [0, 1] up to which a condition holds."""
    lo, hi = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (lo + hi) / 2
        lo, hi = (middle, hi) if is_below(middle) else (lo, middle)
    return (lo + hi) / 2
