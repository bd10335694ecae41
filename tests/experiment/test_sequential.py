"""Sequential intervals: numbers reckoned by hand, sums that add up, and promises kept though they are looked at daily."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.experiment.bounds import NOTHING_COUNTED, TOO_FEW_UNITS, Interval, clopper_pearson
from resay.experiment.sequential import (
    Moments,
    fixed_difference,
    gained,
    moments,
    rate_of,
    sequential_difference,
    sequential_reduction,
    width_in_errors,
)

CONTROL = [(2, 4), (1, 4)] * 20
TREATMENT = [(1, 4), (0, 4)] * 20

WALKS, DAYS, CUSTOMERS = 1_000, 28, 150
DEFECT_RATE = 0.33


def test_the_rate_and_its_variance_are_those_reckoned_by_hand():
    """Forty customers of four turns, half with one defect and half with two: residuals of ½ around 1½ defects.

    0.375, and 40 · ¼ / 160² · 40 / 39.
    """
    rate, variance = rate_of(moments(CONTROL))

    assert rate == 0.375
    assert variance == pytest.approx(10 / 25_600 * 40 / 39)


def test_the_difference_and_its_interval_are_those_reckoned_by_hand():
    """A quarter; se = √(2 · 0.00040064) = 0.028307; x = 7.9362 / 8720.9 · 1248.0 = 1.13571; √(1.88051 · ln 854.28) = 3.56305 errors."""
    interval = sequential_difference(moments(CONTROL), moments(TREATMENT))

    assert interval.value == 0.25
    assert interval.lo == pytest.approx(0.25 - 0.028307 * 3.56305, abs=1e-5)
    assert interval.hi == pytest.approx(0.25 + 0.028307 * 3.56305, abs=1e-5)
    assert interval.n == 80


def test_the_reduction_is_one_less_the_ratio_of_rates():
    """From 0.375 to 0.125 is two thirds fewer; the interval is of the log of the ratio, so that it never exceeds one."""
    interval = sequential_reduction(moments(CONTROL), moments(TREATMENT))

    assert interval.value == pytest.approx(2 / 3)
    assert interval.lo is not None
    assert interval.hi is not None
    assert 0 < interval.lo < 2 / 3 < interval.hi < 1
    # Both ends are as far from the estimate, as factors.
    assert (1 - interval.lo) / (1 / 3) == pytest.approx((1 / 3) / (1 - interval.hi))


@pytest.mark.parametrize(("information", "errors"), [(1e2, 8.55), (8_720.9, 3.035), (1e6, 3.58)])
def test_the_interval_is_narrowest_where_it_was_aimed(information: float, errors: float):
    """Wide while little is known, three standard errors at its best, and slowly wider after."""
    assert width_in_errors(information, aimed=0.03) == pytest.approx(errors, abs=0.05)


def test_customers_and_days_add_up():
    """The sums of two groups are the sums of all; the sums of a day are what it adds, customers who spoke before included."""
    first, more = [(1, 3), (0, 0)], [(1, 2), (2, 2)]
    by_day = moments(first)
    for before, after in zip(first, more, strict=True):
        by_day += gained(before, after)

    assert by_day == moments([(2, 5), (2, 2)]) == moments([(2, 5)]) + moments([(2, 2)])
    assert by_day == Moments(units=2, total=4, base=7, total_squared=8, base_squared=29, total_by_base=14)


@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=3, max_size=3), max_size=6))
def test_any_days_add_up(days: list[list[tuple[int, int]]]):
    """Whatever three customers do from day to day, the sums over days are the sums of the whole."""
    so_far, by_day = [(0, 0)] * 3, Moments()
    for day in days:
        for place, more in enumerate(day):
            by_day += gained(so_far[place], more)
            so_far[place] = (so_far[place][0] + more[0], so_far[place][1] + more[1])

    assert by_day == moments(so_far)


@pytest.mark.parametrize(
    ("control", "treatment", "reason"),
    [
        (CONTROL[:29], TREATMENT, TOO_FEW_UNITS),
        ([], [], TOO_FEW_UNITS),
        ([(0, 4)] * 40, [(0, 4)] * 40, NOTHING_COUNTED),
    ],
)
def test_what_is_missing_is_said(control: list[tuple[int, int]], treatment: list[tuple[int, int]], reason: str):
    """Too few customers, or no defect at all, give no interval and say why."""
    for interval in (sequential_difference, sequential_reduction):
        found = interval(moments(control), moments(treatment))
        assert (found.lo, found.hi, found.reason) == (None, None, reason)


@cache
def _walks(reduction: float, seed: int = 11) -> list[list[tuple[Interval, Interval]]]:
    """Of each of many experiments and each day: the sequential and the fixed interval of all that was seen up to then.

    Customers have their own rates (standard deviation 0.07) and their own traffic (log-normal), and a tenth come in later.
    """
    rng = np.random.default_rng(seed)
    looks = []
    for _ in range(WALKS):
        arms = [_moments_daily(rng, DEFECT_RATE), _moments_daily(rng, DEFECT_RATE * (1 - reduction))]
        looks.append([(sequential_difference(*day), fixed_difference(*day)) for day in zip(*arms, strict=True)])
    return looks


def _moments_daily(
    rng: np.random.Generator, rate: float, customers: int = CUSTOMERS, *, alike: float = 40, spread: float = 0.6, late: float = 0.1
) -> list[Moments]:
    own = rng.beta(rate * alike, (1 - rate) * alike, customers)
    daily = 2.0 * rng.lognormal(-(spread**2) / 2, spread, customers)
    joined = np.where(rng.random(customers) < late, rng.integers(0, DAYS, customers), 0)
    turns = rng.poisson(daily * (np.arange(DAYS)[:, None] >= joined))
    defects = rng.binomial(turns, own)
    turns, defects = turns.cumsum(axis=0), defects.cumsum(axis=0)
    sums = ((turns > 0).sum(1), defects.sum(1), turns.sum(1), (defects**2).sum(1), (turns**2).sum(1), (defects * turns).sum(1))
    return [Moments(*(int(each[day]) for each in sums)) for day in range(DAYS)]


def _missed(look: Interval, truth: float) -> bool:
    return look.lo is not None and look.hi is not None and not look.lo <= truth <= look.hi


def test_two_equal_arms_are_seldom_found_different_however_often_one_looks():
    """A thousand A/A experiments looked at on each of 28 days: at most 5 % false alarms, where naive looks give > 20 %."""
    walks = _walks(0.0)

    sequential = sum(any(_missed(each, 0.0) for each, _ in days) for days in walks)
    naive = sum(any(_missed(each, 0.0) for _, each in days) for days in walks)

    upper = clopper_pearson(sequential, WALKS).hi
    assert sequential / WALKS <= 0.05
    assert upper is not None
    assert upper <= 0.065
    assert naive / WALKS > 0.2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sizes", "traffic"),
    [
        ((150, 150), {"spread": 1.5}),
        ((35, 35), {"spread": 1.5, "alike": 10}),
        ((300, 35), {}),
        ((150, 150), {"alike": 10, "late": 0.5}),
    ],
    ids=["a few talk most", "few customers", "a tenth treated", "half come late"],
)
def test_false_alarms_are_seldom_in_bad_weather_too(sizes: tuple[int, int], traffic: dict[str, float]):
    """Unequal traffic, few and unlike customers, arms of unequal size, customers who come late: of both intervals."""
    rng = np.random.default_rng(5)
    walks = [[_moments_daily(rng, DEFECT_RATE, size, **traffic) for size in sizes] for _ in range(WALKS)]

    for interval in (sequential_difference, sequential_reduction):
        alarms = sum(any(_missed(interval(*day), 0.0) for day in zip(*arms, strict=True)) for arms in walks)
        assert alarms / WALKS <= 0.05


def test_the_interval_holds_the_true_effect_at_all_looks_at_once():
    """With −30 % too: at most 5 % of the experiments ever exclude what is true."""
    walks, truth = _walks(0.3), DEFECT_RATE * 0.3

    assert sum(any(_missed(each, truth) for each, _ in days) for days in walks) / WALKS <= 0.05


def test_an_effect_is_found_and_not_much_later_than_by_one_look():
    """−30 % of defects is found by nearly all, in the middle within twice the days after which one look finds it in 80 %."""
    walks = _walks(0.3)
    found = [_first(days, sequential=True) for days in walks]
    powers = [sum(_missed(days[day][1], 0.0) for days in walks) / WALKS for day in range(DAYS)]

    fixed_days = next(day + 1 for day, power in enumerate(powers) if power >= 0.8)
    median = sorted(found)[WALKS // 2]

    assert sum(day <= DAYS for day in found) / WALKS >= 0.95
    assert median <= 2 * fixed_days


def _first(days: list[tuple[Interval, Interval]], *, sequential: bool) -> float:
    """The day on which nought is first excluded."""
    return next((day + 1 for day, looks in enumerate(days) if _missed(looks[not sequential], 0.0)), math.inf)
