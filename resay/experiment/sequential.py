"""Intervals that stay valid though they are looked at daily: the difference of two arms' rates, and the relative reduction.

Customers are the units, so that turns of one customer may be as alike as they like. Knows estimates with their variances; knows nothing of
turns or of time.

**The interval.** An estimate with standard error `se`, I = 1/se² its information, ρ fixed beforehand:

    estimate ± se · sqrt((1 + 1/x) · ln((1 + x) / α²)),  x = ρ² I

This is the asymptotic confidence sequence with the normal-mixture boundary of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas,
"Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics 52 (2024), Proposition 2.5, written in
information instead of in numbers of observations. With chance 1 − α, as samples grow, it holds the truth at *all* looks at once. Where it
comes from, step by step: `docs/decisions/0020-experiments.md`.

**Why information.** Here the same customers speak on every day, and the theorem is for observations that come one after another. What its
boundary needs is a path of S = estimate · I that is near a Brownian motion with clock I, and so it is: an estimate of the mean over
customers with equal traffic has Cov(early, late) = Var(late), however alike each customer's own turns are. Where that covariance is
greater the looks are more alike, and fewer false alarms come of it (Slepian's inequality). That unequal traffic does not break it, is
tested by simulation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from resay.experiment.bounds import LEVEL, NOTHING_COUNTED, TOO_FEW_UNITS, Interval
from resay.experiment.statistic import Moments, Unit, gained, moments, rate_of

__all__ = [
    "AIMED_DIFFERENCE",
    "AIMED_POWER",
    "AIMED_REDUCTION",
    "CUSTOMERS_MIN",
    "Estimate",
    "Moments",
    "Unit",
    "at_all_looks",
    "at_one_look",
    "e_value",
    "fixed_difference",
    "fixed_reduction",
    "gained",
    "information_to_find",
    "log_ratio",
    "moments",
    "rate_of",
    "sequential_difference",
    "sequential_reduction",
    "width_in_errors",
]

CUSTOMERS_MIN = 30
"""Customers in each arm: below it a standard error over customers is itself too unsure for a limit theorem."""

AIMED_DIFFERENCE = 0.03
"""The difference of rates at which the interval is narrowest: three points, a tenth of a rate of 30 %."""

AIMED_REDUCTION = 0.1
"""The same on the scale of ln(rate over rate): a tenth, between the −4 % and −13 % that EVALUATION 9 asks for."""

AIMED_POWER = 0.8
"""Chance of finding that effect in one look, at the information that ρ is tuned for."""

EXPONENT_MAX = 700.0
"""Above it e to that power is no float any more; evidence is then called infinite."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A difference between two arms, on a scale on which it is near normal."""

    value: float
    variance: float
    units: int
    """Customers of both arms."""


def sequential_difference(control: Moments, treatment: Moments, *, aimed: float = AIMED_DIFFERENCE, level: float = LEVEL) -> Interval:
    """Control's rate less treatment's, with an interval that holds at all looks at once; `aimed` must be fixed before the first."""
    found = _difference(control, treatment)
    return found if isinstance(found, Interval) else at_all_looks(found, aimed=aimed, level=level)


def sequential_reduction(control: Moments, treatment: Moments, *, aimed: float = AIMED_REDUCTION, level: float = LEVEL) -> Interval:
    """One less treatment's rate over control's (0.2: a fifth fewer), with an interval that holds at all looks at once."""
    found = log_ratio(control, treatment)
    return found if isinstance(found, Interval) else _reduced(at_all_looks(found, aimed=aimed, level=level))


def fixed_difference(control: Moments, treatment: Moments, *, level: float = LEVEL) -> Interval:
    """Control's rate less treatment's, with an interval that holds at one look alone; who looks daily is misled by it."""
    found = _difference(control, treatment)
    return found if isinstance(found, Interval) else at_one_look(found, level=level)


def fixed_reduction(control: Moments, treatment: Moments, *, level: float = LEVEL) -> Interval:
    """One less treatment's rate over control's, with an interval that holds at one look alone."""
    found = log_ratio(control, treatment)
    return found if isinstance(found, Interval) else _reduced(at_one_look(found, level=level))


def log_ratio(control: Moments, treatment: Moments) -> Estimate | Interval:
    """ln(treatment's rate over control's); or an interval without ends that says what is missing."""
    found = _difference(control, treatment)
    if isinstance(found, Interval):
        return Interval(None, None, None, found.n, found.reason)
    (before, before_variance), (after, after_variance) = rate_of(control), rate_of(treatment)
    if not before or not after:
        return Interval(None, None, None, found.units, NOTHING_COUNTED)
    return Estimate(math.log(after / before), before_variance / before**2 + after_variance / after**2, found.units)


def at_all_looks(estimate: Estimate, *, aimed: float, level: float = LEVEL) -> Interval:
    """The interval of an estimate that holds at all looks at once."""
    half = math.sqrt(estimate.variance) * width_in_errors(1 / estimate.variance, aimed=aimed, level=level)
    return Interval(estimate.value, estimate.value - half, estimate.value + half, estimate.units)


def at_one_look(estimate: Estimate, *, level: float = LEVEL) -> Interval:
    """The interval of an estimate that holds at one look alone."""
    half = math.sqrt(estimate.variance) * NormalDist().inv_cdf((1 + level) / 2)
    return Interval(estimate.value, estimate.value - half, estimate.value + half, estimate.units)


def e_value(estimate: Estimate, *, aimed: float, null: float = 0.0, level: float = LEVEL) -> float:
    """The evidence against `null`, at any look; if that is true it ever reaches 1/α with chance α at most.

    It does so just where the interval excludes `null`.

    The mixture over N(0, ρ²) of exp(λS − λ²I/2): exp(ρ²S² / 2(1 + x)) / sqrt(1 + x), with x = ρ² I and S = (estimate − null) · I.
    """
    information = 1 / estimate.variance
    tuning = _tuning(aimed, 1 - level)
    grown = information * tuning
    exponent = tuning * ((estimate.value - null) * information) ** 2 / (2 * (1 + grown)) - math.log1p(grown) / 2
    return math.exp(exponent) if exponent < EXPONENT_MAX else math.inf


def width_in_errors(information: float, *, aimed: float, level: float = LEVEL) -> float:
    """How many standard errors the interval reaches to each side; never less than 3.03 at a level of 95 %."""
    alpha = 1 - level
    grown = information * _tuning(aimed, alpha)
    return math.sqrt((1 + 1 / grown) * math.log((1 + grown) / alpha**2))


def information_to_find(effect: float, *, power: float = AIMED_POWER, level: float = LEVEL) -> float:
    """The information at which one look, planned beforehand, finds an effect with this chance."""
    normal = NormalDist()
    return ((normal.inv_cdf((1 + level) / 2) + normal.inv_cdf(power)) / effect) ** 2


def _tuning(aimed: float, alpha: float) -> float:
    """ρ², so that the interval is narrowest (in standard errors) when one look would find the aimed effect.

    It is so at x = −2 ln α + ln(1 + x), of which −2 ln α + ln(1 − 2 ln α) is near enough; one look has its power at I = (z + z')² / aimed².
    """
    return (math.log(1 - 2 * math.log(alpha)) - 2 * math.log(alpha)) / information_to_find(aimed, level=1 - alpha)


def _difference(control: Moments, treatment: Moments) -> Estimate | Interval:
    """Control's rate less treatment's; or an answer that says what is missing."""
    customers = control.units + treatment.units
    if min(control.units, treatment.units) < CUSTOMERS_MIN:
        return Interval(None, None, None, customers, TOO_FEW_UNITS)
    (before, before_variance), (after, after_variance) = rate_of(control), rate_of(treatment)
    if not before_variance + after_variance:
        return Interval(before - after, None, None, customers, NOTHING_COUNTED)
    return Estimate(before - after, before_variance + after_variance, customers)


def _reduced(logs: Interval) -> Interval:
    """From the log of a ratio to one less the ratio; what was low becomes high."""
    assert logs.value is not None, "an estimate must be there"
    assert logs.lo is not None, "and its interval"
    assert logs.hi is not None, "with both ends"
    return Interval(1 - math.exp(logs.value), 1 - math.exp(logs.hi), 1 - math.exp(logs.lo), logs.n)
