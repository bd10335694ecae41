"""Intervals that stay valid though they are looked at daily: the difference of two arms' rates, and the relative reduction.

Customers are the units, so that turns of one customer may be as alike as they like. Knows sums; knows nothing of turns or of time.

**The interval.** An estimate with standard error `se`, I = 1/se² its information, ρ fixed beforehand:

    estimate ± se · sqrt((1 + 1/x) · ln((1 + x) / α²)),  x = ρ² I

This is the asymptotic confidence sequence with the normal-mixture boundary of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas,
"Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics 52 (2024), Proposition 2.5, written in
information instead of in numbers of observations. With chance 1 − α, as samples grow, it holds the truth at *all* looks at once.

**Why information.** Here the same customers speak on every day, and the theorem is for observations that come one after another. What its
boundary needs is a path of S = estimate · I that is near a Brownian motion with clock I, and so it is: an estimate of the mean over
customers with equal traffic has Cov(early, late) = Var(late), however alike each customer's own turns are. Where that covariance is
greater the looks are more alike, and fewer false alarms come of it (Slepian's inequality). That unequal traffic does not break it, is
tested by simulation.

**Standard errors.** The rate of an arm is a ratio, Σ defects / Σ turns; its variance is that of the customers' linearised values
(defectsᵢ − rate · turnsᵢ) / mean turns, over the number of customers (the delta method).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from statistics import NormalDist

from resay.experiment.bounds import LEVEL, NOTHING_COUNTED, TOO_FEW_UNITS, Interval

CUSTOMERS_MIN = 30
"""Customers in each arm: below it a standard error over customers is itself too unsure for a limit theorem."""

AIMED_DIFFERENCE = 0.03
"""The difference of rates at which the interval is narrowest: three points, a tenth of a rate of 30 %."""

AIMED_REDUCTION = 0.1
"""The same on the scale of ln(rate over rate): a tenth, between the −4 % and −13 % that EVALUATION 9 asks for."""

AIMED_POWER = 0.8
"""Chance of finding that effect in one look, at the information that ρ is tuned for."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over the customers of an arm. They add up: over customers, and over days where each day gives what it `gained`."""

    customers: int = 0
    defects: float = 0.0
    turns: float = 0.0
    defects_squared: float = 0.0
    turns_squared: float = 0.0
    defects_by_turns: float = 0.0

    def __add__(self, other: Moments) -> Moments:
        return Moments(*(getattr(self, each) + getattr(other, each) for each in _SUMS))


_SUMS = tuple(each.name for each in fields(Moments))

Unit = tuple[float, float]
"""A customer's defects and turns."""


def moments(units: Iterable[Unit]) -> Moments:
    """The sums over customers; who said nothing is not counted."""
    total = Moments()
    for unit in units:
        total += gained((0, 0), unit)
    return total


def gained(before: Unit, more: Unit) -> Moments:
    """What one customer's further turns add to the sums, after those before."""
    defects, turns = before[0] + more[0], before[1] + more[1]
    return Moments(
        customers=int(turns > 0) - int(before[1] > 0),
        defects=more[0],
        turns=more[1],
        defects_squared=defects**2 - before[0] ** 2,
        turns_squared=turns**2 - before[1] ** 2,
        defects_by_turns=defects * turns - before[0] * before[1],
    )


def rate_of(arm: Moments) -> tuple[float, float]:
    """The defect rate of an arm and its variance, customers being the units."""
    rate = arm.defects / arm.turns
    squares = arm.defects_squared - 2 * rate * arm.defects_by_turns + rate**2 * arm.turns_squared
    # Σ zᵢ² / (n (n − 1)) with zᵢ = residual / mean turns; the residuals sum to nothing.
    return rate, max(squares, 0.0) / arm.turns**2 * arm.customers / (arm.customers - 1)


def sequential_difference(control: Moments, treatment: Moments, *, aimed: float = AIMED_DIFFERENCE, level: float = LEVEL) -> Interval:
    """Control's rate less treatment's, with an interval that holds at all looks at once; `aimed` must be fixed before the first."""
    found = _difference(control, treatment)
    return found if isinstance(found, Interval) else _at_all_looks(*found, aimed=aimed, level=level)


def sequential_reduction(control: Moments, treatment: Moments, *, aimed: float = AIMED_REDUCTION, level: float = LEVEL) -> Interval:
    """One less treatment's rate over control's (0.2: a fifth fewer), with an interval that holds at all looks at once."""
    found = _log_ratio(control, treatment)
    return found if isinstance(found, Interval) else _reduced(_at_all_looks(*found, aimed=aimed, level=level))


def fixed_difference(control: Moments, treatment: Moments, *, level: float = LEVEL) -> Interval:
    """Control's rate less treatment's, with an interval that holds at one look alone; who looks daily is misled by it."""
    found = _difference(control, treatment)
    return found if isinstance(found, Interval) else _at_one_look(*found, level=level)


def fixed_reduction(control: Moments, treatment: Moments, *, level: float = LEVEL) -> Interval:
    """One less treatment's rate over control's, with an interval that holds at one look alone."""
    found = _log_ratio(control, treatment)
    return found if isinstance(found, Interval) else _reduced(_at_one_look(*found, level=level))


def width_in_errors(information: float, *, aimed: float, level: float = LEVEL) -> float:
    """How many standard errors the interval reaches to each side; never less than 3.03 at a level of 95 %."""
    alpha = 1 - level
    grown = information * _tuning(aimed, alpha)
    return math.sqrt((1 + 1 / grown) * math.log((1 + grown) / alpha**2))


def _tuning(aimed: float, alpha: float) -> float:
    """ρ², so that the interval is narrowest (in standard errors) when one look would find the aimed effect.

    It is so at x = −2 ln α + ln(1 + x), of which −2 ln α + ln(1 − 2 ln α) is near enough; one look has its power at I = (z + z')² / aimed².
    """
    normal = NormalDist()
    information = ((normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(AIMED_POWER)) / aimed) ** 2
    return (math.log(1 - 2 * math.log(alpha)) - 2 * math.log(alpha)) / information


def _difference(control: Moments, treatment: Moments) -> tuple[float, float, int] | Interval:
    """Estimate, variance, customers; or an answer that says what is missing."""
    customers = control.customers + treatment.customers
    if min(control.customers, treatment.customers) < CUSTOMERS_MIN:
        return Interval(None, None, None, customers, TOO_FEW_UNITS)
    (before, before_variance), (after, after_variance) = rate_of(control), rate_of(treatment)
    if not before_variance + after_variance:
        return Interval(before - after, None, None, customers, NOTHING_COUNTED)
    return before - after, before_variance + after_variance, customers


def _log_ratio(control: Moments, treatment: Moments) -> tuple[float, float, int] | Interval:
    """ln(treatment's rate over control's), its variance, customers; or what is missing."""
    found = _difference(control, treatment)
    if isinstance(found, Interval):
        return Interval(None, None, None, found.n, found.reason)
    (before, before_variance), (after, after_variance) = rate_of(control), rate_of(treatment)
    if not before or not after:
        return Interval(None, None, None, found[2], NOTHING_COUNTED)
    return math.log(after / before), before_variance / before**2 + after_variance / after**2, found[2]


def _at_all_looks(estimate: float, variance: float, customers: int, *, aimed: float, level: float) -> Interval:
    half = math.sqrt(variance) * width_in_errors(1 / variance, aimed=aimed, level=level)
    return Interval(estimate, estimate - half, estimate + half, customers)


def _at_one_look(estimate: float, variance: float, customers: int, *, level: float) -> Interval:
    half = math.sqrt(variance) * NormalDist().inv_cdf((1 + level) / 2)
    return Interval(estimate, estimate - half, estimate + half, customers)


def _reduced(logs: Interval) -> Interval:
    """From the log of a ratio to one less the ratio; what was low becomes high."""
    assert logs.value is not None, "an estimate must be there"
    assert logs.lo is not None, "and its interval"
    assert logs.hi is not None, "with both ends"
    return Interval(1 - math.exp(logs.value), 1 - math.exp(logs.hi), 1 - math.exp(logs.lo), logs.n)
