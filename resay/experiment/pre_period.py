"""Variance reduction: what customers did before the experiment foretells in part what they do in it, and that part is taken out.

CUPED (Deng, Xu, Kohavi and Walker, "Improving the Sensitivity of Online Controlled Experiments by Utilizing Pre-Experiment Data", WSDM
2013) for metrics that are ratios, whose estimate and covariate are both linearised by the delta method (its appendix B). With L the log of
the ratio of rates now, D the difference of the arms' rates before, and θ any number, L − θ D estimates what L does, as D is nought on
average: arms are drawn by a hash, and the experiment cannot have changed what was before. The variance is least at θ = Cov(L, D) / Var(D):

    Var(L − θ D) = Var(L) − Cov(L, D)² / Var(D)

Both are sums over the arms of the (co)variance of customers' linearised values over the number of customers. θ is found anew at each look;
as samples grow it settles, and L − θ D keeps the property on which sequential intervals rest. Who was not there before counts with a
residual of nought: they are neither left out nor guessed at. Knows sums of two stretches; knows nothing of arms' names or of metrics.
"""

from __future__ import annotations

from dataclasses import dataclass

from resay.experiment.bounds import Interval
from resay.experiment.sequential import CUSTOMERS_MIN, Estimate, log_ratio
from resay.experiment.statistic import Joint, rate_of

LEFT_MIN = 1e-6
"""A past that foretells more than all but a millionth of the variance is a copy of the present; what is left is rounding."""


@dataclass(frozen=True, slots=True)
class _Linear:
    """What the linearised values of an arm's customers come to."""

    before: float
    """Variance of its rate before."""
    both: float
    """Covariance of that with the log of its rate now."""


def adjusted_log_ratio(control: Joint, treatment: Joint) -> Estimate | Interval:
    """ln(treatment's rate over control's) without what was so before; as it stands where too little is known of before."""
    plain = log_ratio(control.now, treatment.now)
    if isinstance(plain, Interval) or not knows_before(control, treatment):
        return plain
    arms = [_linear(arm) for arm in (control, treatment)]
    before, both = sum(each.before for each in arms), sum(each.both for each in arms)
    variance = plain.variance - both**2 / before
    if variance <= LEFT_MIN * plain.variance:
        return plain
    apart = rate_of(treatment.before)[0] - rate_of(control.before)[0]
    return Estimate(plain.value - both / before * apart, variance, plain.units)


def knows_before(control: Joint, treatment: Joint) -> bool:
    """Whether enough customers of both arms were there before, and not all alike."""
    known = min(control.before.units, treatment.before.units) >= CUSTOMERS_MIN
    return known and sum(rate_of(arm.before)[1] for arm in (control, treatment)) > 0


def variance_kept(control: Joint, treatment: Joint) -> float | None:
    """Share of the variance that is left; nothing where there is no estimate."""
    plain, adjusted = log_ratio(control.now, treatment.now), adjusted_log_ratio(control, treatment)
    if isinstance(plain, Interval) or isinstance(adjusted, Interval):
        return None
    return adjusted.variance / plain.variance


def _linear(arm: Joint) -> _Linear:
    units = arm.now.units
    rate, _ = rate_of(arm.now)
    earlier, _ = rate_of(arm.before)
    # The residuals before are over all customers who are counted now, those without a past included: n is theirs, not of the past alone.
    squares = arm.before.total_squared - 2 * earlier * arm.before.total_by_base + earlier**2 * arm.before.base_squared
    crossed = arm.total_by_total - earlier * arm.total_by_base - rate * arm.base_by_total + rate * earlier * arm.base_by_base
    shrunk = units / (units - 1)
    return _Linear(
        before=max(squares, 0.0) / arm.before.base**2 * shrunk,
        both=crossed / (arm.now.base * rate * arm.before.base) * shrunk,
    )
