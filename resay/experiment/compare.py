"""What an experiment says at one look: better, worse, no difference that matters, open; or that it cannot say, and why.

Knows the sums of two arms; knows nothing of where they come from, nor of when.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from resay.experiment.bounds import LEVEL, Interval
from resay.experiment.metric import Metric
from resay.experiment.pre_period import adjusted_log_ratio, variance_kept
from resay.experiment.sample_ratio import sample_ratio
from resay.experiment.sequential import AIMED_REDUCTION, at_all_looks, at_one_look, e_value
from resay.experiment.statistic import Joint

NO_EXPOSURE = "no_exposure"
"""The arms could not yet differ for anybody."""

SAMPLE_RATIO_MISMATCH = "sample_ratio_mismatch"
"""The arms are not of the sizes that were drawn: something loses customers of one of them."""

CROSSED_ARMS = "crossed_arms"
"""Too many customers were served by both arms."""

CROSSED_SHARE_MAX = 0.01
"""Customers who were in both arms are left out; more than one in a hundred is a fault of serving, and who is left out is no chance."""


class Ruling(StrEnum):
    """What is known, with the chance of error that the level states over all looks."""

    BETTER = "better"
    WORSE = "worse"
    EVEN = "even"
    """Whatever difference there is, it is within the margin."""
    OPEN = "open"
    """The interval still holds both nought and something that matters."""
    UNDECIDABLE = "undecidable"
    """The figures mean nothing, or are missing; the reason stands beside."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is fixed before the first look."""

    metric: Metric
    shares: tuple[float, float] = (0.5, 0.5)
    """Of control and treatment among the customers of both."""
    aimed: float = AIMED_REDUCTION
    """The relative difference at which the interval is narrowest."""
    margin: float = 0.02
    """A relative difference below this does not matter: half of the smaller effect that EVALUATION 9 asks for."""
    level: float = LEVEL


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm at a look."""

    exposed: int
    """Customers for whom the arms could differ by now, those who crossed included."""
    sums: Joint


@dataclass(frozen=True, slots=True)
class Comparison:
    """Treatment beside control at one look."""

    metric: Metric
    ruling: Ruling
    lift: Interval
    """Relative difference, treatment over control (−0.13: 13 % less), at all looks at once; empty, with the reason, where undecidable."""
    one_look: Interval
    """The same for who looks once, at a moment that was fixed beforehand."""
    evidence: float
    """E-value against "no difference"."""
    variance_kept: float | None
    """Share of the variance that is left once what was before is taken out."""

    @property
    def reason(self) -> str:
        """Why it cannot be said; empty where it can."""
        return self.lift.reason


def compare(plan: Plan, control: Arm, treatment: Arm, *, crossed: int = 0) -> Comparison:
    """What is known at this look, of customers of whom `crossed` were seen in both arms."""
    broken = what_is_broken(plan, control, treatment, crossed=crossed)
    units = control.sums.now.units + treatment.sums.now.units
    if broken:
        return _undecidable(plan, Interval(None, None, None, units, broken))
    found = adjusted_log_ratio(control.sums, treatment.sums)
    if isinstance(found, Interval):
        return _undecidable(plan, found)
    lift = _lift(at_all_looks(found, aimed=plan.aimed, level=plan.level))
    return Comparison(
        metric=plan.metric,
        ruling=_ruling(plan, lift),
        lift=lift,
        one_look=_lift(at_one_look(found, level=plan.level)),
        evidence=e_value(found, aimed=plan.aimed, level=plan.level),
        variance_kept=variance_kept(control.sums, treatment.sums),
    )


def what_is_broken(plan: Plan, control: Arm, treatment: Arm, *, crossed: int = 0) -> str:
    """Why no figure of these arms means anything; empty where nothing speaks against them."""
    exposed = control.exposed + treatment.exposed
    if not exposed:
        return NO_EXPOSURE
    # Both who was exposed and who was measured: what loses the turns of an arm leaves its exposures.
    sizes = ((control.exposed, treatment.exposed), (control.sums.now.units, treatment.sums.now.units))
    if any(sample_ratio(each, plan.shares).mismatch for each in sizes):
        return SAMPLE_RATIO_MISMATCH
    return CROSSED_ARMS if crossed > CROSSED_SHARE_MAX * exposed else ""


def _undecidable(plan: Plan, missing: Interval) -> Comparison:
    empty = Interval(None, None, None, missing.n, missing.reason)
    return Comparison(plan.metric, Ruling.UNDECIDABLE, lift=empty, one_look=empty, evidence=1.0, variance_kept=None)


def _ruling(plan: Plan, lift: Interval) -> Ruling:
    assert lift.lo is not None, "an interval must have ends"
    assert lift.hi is not None, "both of them"
    if lift.lo > 0 or lift.hi < 0:
        return Ruling.BETTER if (lift.hi < 0) is plan.metric.lower_is_better else Ruling.WORSE
    return Ruling.EVEN if max(-lift.lo, lift.hi) <= plan.margin else Ruling.OPEN


def _lift(logs: Interval) -> Interval:
    """From the log of a ratio to the ratio less one."""
    assert logs.value is not None, "an estimate must be there"
    assert logs.lo is not None, "and its interval"
    assert logs.hi is not None, "with both ends"
    return Interval(math.expm1(logs.value), math.expm1(logs.lo), math.expm1(logs.hi), logs.n)
