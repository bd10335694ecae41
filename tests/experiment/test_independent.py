"""Our arithmetic beside that of others: gbstats 0.8.0 (GrowthBook), savvi 0.3.1, and SciPy's integrals.

What the libraries printed stands here literally, so that it is compared everywhere. Where gbstats is installed (`pip install --no-deps
gbstats==0.8.0`: what it pins, numpy below 2, its statistics do not need), the literals are held against it too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from scipy.integrate import quad
from scipy.stats import norm

from resay.experiment.bounds import clopper_pearson
from resay.experiment.pre_period import adjusted_log_ratio
from resay.experiment.sample_ratio import sample_ratio
from resay.experiment.sequential import (
    Estimate,
    at_all_looks,
    e_value,
    fixed_difference,
    information_to_find,
    log_ratio,
    sequential_difference,
)
from resay.experiment.statistic import Unit, joint, moments, rate_of

CONTROL: list[Unit] = [((number * 7) % 5, 5 + number % 9) for number in range(60)]
TREATMENT: list[Unit] = [((number * 3) % 4, 4 + number % 7) for number in range(80)]
"""Customers whose turns differ in number."""

PAST_CONTROL: list[Unit] = [(2 + number % 3, 1) for number in range(60)]
PAST_TREATMENT: list[Unit] = [(1 + number % 4, 1) for number in range(60)]
"""What was measured before, once a customer."""

ARMS = ((CONTROL, PAST_CONTROL), (TREATMENT, PAST_TREATMENT))
"""Of treatment's eighty, the first sixty have a past."""

GBSTATS_RATES = (0.22598870056497175, 0.0004947958326228442, 0.21660649819494585, 0.0003811534512870367)
"""gbstats: mean of RatioStatistic, and its variance over n, of control and treatment."""

GBSTATS_DIFFERENCE = (-0.09797103145042, 0.11673543619047182)
"""gbstats: SequentialTwoSidedTTest tuned as ours is, absolute, control less treatment."""

GBSTATS_RELATIVE = (-0.5810318306723412, 0.4979993396976119, 0.01636388042749514)
"""gbstats: the same of treatment over control less one, and the variance."""

GBSTATS_P_VALUE = 0.0045399945839466535
"""gbstats: that the difference is 0.15."""

GBSTATS_ADJUSTED = {0.0: 0.01789077212806025, 0.1: 0.017650659133709966, 0.2: 0.018060263653483975}
"""gbstats: variance of two RegressionAdjustedStatistic over n, by θ, of means that are scaled to one."""


def test_rates_and_their_variances_are_those_of_gbstats():
    """Ratio metrics by the delta method."""
    assert (*rate_of(moments(CONTROL)), *rate_of(moments(TREATMENT))) == pytest.approx(GBSTATS_RATES, rel=1e-9)


def test_the_sequential_interval_is_that_of_gbstats():
    """Of the difference of rates: both write the same proposition, in observations and in information."""
    found = sequential_difference(moments(CONTROL), moments(TREATMENT))

    assert (found.lo, found.hi) == pytest.approx(GBSTATS_DIFFERENCE, rel=1e-9)


def test_the_variance_of_the_log_ratio_is_that_of_gbstats():
    """Its relative variance is ours times the squared ratio; its interval is symmetric, ours of the log: as wide to first order."""
    ratio = GBSTATS_RATES[2] / GBSTATS_RATES[0]
    found = log_ratio(moments(CONTROL), moments(TREATMENT))
    assert isinstance(found, Estimate)

    interval = at_all_looks(found, aimed=0.1)

    assert found.variance * ratio**2 == pytest.approx(GBSTATS_RELATIVE[2], rel=1e-9)
    assert interval.lo is not None
    assert interval.hi is not None
    assert (interval.hi - interval.lo) * ratio == pytest.approx(GBSTATS_RELATIVE[1] - GBSTATS_RELATIVE[0], rel=1e-9)


def test_the_evidence_is_that_of_gbstats():
    """Its always-valid p-value is one over our e-value."""
    rates = GBSTATS_RATES
    estimate = Estimate(rates[0] - rates[2], rates[1] + rates[3], 140)

    assert 1 / e_value(estimate, aimed=0.03, null=0.15) == pytest.approx(GBSTATS_P_VALUE, rel=1e-9)


def test_the_least_variance_that_gbstats_can_reach_is_ours():
    """Its variance is a parabola in θ, drawn through three of its values; ours is its lowest point."""
    at_0, at_1, at_2 = GBSTATS_ADJUSTED.values()
    bend, slope = (at_2 - 2 * at_1 + at_0) / 0.02, (4 * at_1 - 3 * at_0 - at_2) / 0.2
    arms = [joint([((total, 1), past) for (total, _), past in zip(now, before, strict=False)]) for now, before in ARMS]

    found = adjusted_log_ratio(*arms)

    assert isinstance(found, Estimate)
    assert found.variance == pytest.approx(at_0 - slope**2 / (4 * bend), rel=1e-9)


@pytest.mark.parametrize(
    ("sizes", "shares", "odds"),
    [
        ((400, 280), (0.5, 0.5), 3828.687627739392),
        ((60, 110, 240), (0.1, 0.3, 0.6), 7.7809205456081285),
        ((1500, 1320), (0.5, 0.5), 47.64937722617896),
    ],
)
def test_the_sample_ratio_is_that_of_savvi(sizes: Sequence[int], shares: Sequence[float], odds: float):
    """Its Multinomial with k = 100, told the first two in two batches each."""
    assert sample_ratio(sizes, shares).e_value == pytest.approx(odds, rel=1e-9)


@pytest.mark.parametrize(("value", "variance", "null"), [(0.05, 0.0004, 0.0), (-0.2, 0.003, 0.0), (0.1, 0.001, 0.13), (0.0, 0.01, 0.0)])
def test_the_evidence_is_the_mixture_that_it_claims_to_be(value: float, variance: float, null: float):
    """SciPy integrates exp(λS − λ²I/2) over λ from N(0, ρ²), with ρ² = (7.936…) / I of one look."""
    information = 1 / variance
    total = (value - null) * information
    spread = math.sqrt((math.log(1 - 2 * math.log(0.05)) - 2 * math.log(0.05)) / information_to_find(0.1))

    mixed, _ = quad(
        lambda each: math.exp(each * total - each**2 * information / 2) * norm.pdf(each, scale=spread), -6 * spread, 6 * spread, limit=200
    )

    assert e_value(Estimate(value, variance, 100), aimed=0.1, null=null) == pytest.approx(mixed, rel=1e-5)


@pytest.mark.parametrize("variance", [1e-5, 1e-3, 0.1])
def test_the_interval_holds_just_what_the_evidence_does_not_refute(variance: float):
    """At both ends the evidence is 1/α."""
    estimate = Estimate(0.3, variance, 100)
    interval = at_all_looks(estimate, aimed=0.1)

    for end in (interval.lo, interval.hi):
        assert end is not None
        assert e_value(estimate, aimed=0.1, null=end) == pytest.approx(20)


def test_one_look_is_the_normal_interval_of_scipy():
    """1.96 standard errors, and a power of four in five at the information that is called enough for it."""
    found = fixed_difference(moments(CONTROL), moments(TREATMENT))
    reach = float(norm.ppf(0.975)) * math.sqrt(GBSTATS_RATES[1] + GBSTATS_RATES[3])

    assert (found.lo, found.hi) == pytest.approx((GBSTATS_RATES[0] - GBSTATS_RATES[2] - reach, GBSTATS_RATES[0] - GBSTATS_RATES[2] + reach))
    assert norm.sf(1.959964 - 0.1 * math.sqrt(information_to_find(0.1))) == pytest.approx(0.8, abs=1e-5)
    assert clopper_pearson(50, 1_000).hi == pytest.approx(0.0654, abs=1e-4)


def test_the_literals_are_what_gbstats_says():
    """Where it is installed."""
    tests: Any = pytest.importorskip("gbstats.frequentist.tests")
    statistics: Any = pytest.importorskip("gbstats.models.statistics")

    def mean(values: Sequence[float]) -> Any:
        return statistics.SampleMeanStatistic(n=len(values), sum=sum(values), sum_squares=sum(each**2 for each in values))

    def ratio(units: Sequence[Unit]) -> Any:
        totals, bases = ([unit[place] for unit in units] for place in (0, 1))
        crossed = sum(total * base for total, base in units)
        return statistics.RatioStatistic(n=len(units), m_statistic=mean(totals), d_statistic=mean(bases), m_d_sum_of_products=crossed)

    def adjusted(now: Sequence[Unit], past: Sequence[Unit], theta: float) -> float:
        totals, before = [total for total, _ in now[: len(past)]], [total for total, _ in past]
        scaled = [each * len(totals) / sum(totals) for each in totals]
        crossed = sum(one * other for one, other in zip(scaled, before, strict=True))
        found = statistics.RegressionAdjustedStatistic(
            n=len(scaled), post_statistic=mean(scaled), pre_statistic=mean(before), post_pre_sum_of_products=crossed, theta=theta
        )
        return float(found.variance) / len(scaled)

    def sequential(one: Any, other: Any, *, kind: str, looks: float, value: float = 0.0) -> Any:
        tuned = tests.SequentialConfig(difference_type=kind, test_value=value, sequential_tuning_parameter=140 * looks)
        return tests.SequentialTwoSidedTTest(one, other, tuned)

    control, treatment = ratio(CONTROL), ratio(TREATMENT)
    variances = control.variance / 60, treatment.variance / 80
    absolute = information_to_find(0.03) * sum(variances)
    log_variance = variances[0] / control.mean**2 + variances[1] / treatment.mean**2
    relative = sequential(control, treatment, kind="relative", looks=information_to_find(0.1) * log_variance)

    assert (control.mean, variances[0], treatment.mean, variances[1]) == pytest.approx(GBSTATS_RATES)
    assert sequential(treatment, control, kind="absolute", looks=absolute).confidence_interval == pytest.approx(GBSTATS_DIFFERENCE)
    assert sequential(treatment, control, kind="absolute", looks=absolute, value=0.15).p_value == pytest.approx(GBSTATS_P_VALUE)
    assert relative.variance == pytest.approx(GBSTATS_RELATIVE[2])
    for theta, variance in GBSTATS_ADJUSTED.items():
        assert sum(adjusted(now, past, theta) for now, past in ARMS) == pytest.approx(variance)
