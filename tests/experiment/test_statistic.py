"""Summaries of customers with what they did before: days add up, and what is taken out is what the past foretells."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.experiment.bounds import Interval
from resay.experiment.pre_period import adjusted_log_ratio, knows_before, variance_kept
from resay.experiment.sequential import Estimate, log_ratio
from resay.experiment.statistic import Joint, Unit, gained_jointly, joint, moments, rate_of

CONTROL = [((2, 4), (4, 8)), ((1, 4), (1, 8))] * 20
TREATMENT = [((1, 4), (3, 8)), ((0, 4), (2, 8))] * 20

PARTS = st.tuples(st.integers(0, 3), st.integers(0, 4))


def customers(rng: Random, count: int, *, rate: float, past: bool = True) -> list[tuple[Unit, Unit]]:
    """Customers with rates of their own, who keep them."""
    drawn = []
    for _ in range(count):
        own, turns, turns_before = rng.betavariate(rate * 10, (1 - rate) * 10), rng.randint(1, 30), rng.randint(1, 30) if past else 0
        drawn.append((_unit(rng, own, turns), _unit(rng, own, turns_before)))
    return drawn


def _unit(rng: Random, rate: float, turns: int) -> Unit:
    return sum(rng.random() < rate for _ in range(turns)), turns


def estimate(control: Joint, treatment: Joint) -> Estimate:
    """The adjusted one, which must be there."""
    found = adjusted_log_ratio(control, treatment)
    assert isinstance(found, Estimate)
    return found


@given(st.lists(st.lists(PARTS, min_size=3, max_size=3), max_size=6), st.lists(PARTS, min_size=3, max_size=3))
def test_any_days_add_up_together_with_what_was_before(days: list[list[Unit]], past: list[Unit]):
    """Whatever three customers do from day to day, the sums over days are the sums of the whole."""
    so_far: list[Unit] = [(0, 0)] * 3
    earlier = [(min(total, base), base) for total, base in past]
    by_day = Joint()
    for day in days:
        for place, (total, base) in enumerate(day):
            more = (min(total, base), base)
            by_day += gained_jointly(so_far[place], more, earlier=earlier[place])
            so_far[place] = (so_far[place][0] + more[0], so_far[place][1] + more[1])

    assert by_day == joint(list(zip(so_far, earlier, strict=True)))


def test_the_past_of_who_is_not_counted_is_not_counted():
    """A customer without turns since the exposure adds nothing, however much they did before."""
    assert joint([((0, 0), (3, 9))]) == Joint()


def test_the_adjusted_estimate_is_the_one_reckoned_by_hand():
    """Log of ⅓; before, 5/16 in both arms: nothing to shift; the variance falls by what residuals share.

    Of each arm: now residuals ±½ around 4 · rate, before ±1½ (control) and ±½ (treatment) around 2½. So of ln rate the sum of squares is
    40 · ¼ / (160 · rate)², of the rate before 40 · 2¼ / 320² and 40 · ¼ / 320², and of both 40 · ¾ / (160 · rate · 320) and 40 · ¼ / (…),
    each times 40/39.
    """
    plain = 10 / 60**2 + 10 / 20**2
    before, both = 90 / 320**2 + 10 / 320**2, 30 / (60 * 320) + 10 / (20 * 320)

    found = estimate(joint(CONTROL), joint(TREATMENT))

    assert found.value == pytest.approx(math.log(1 / 3))
    assert found.variance == pytest.approx((plain - both**2 / before) * 40 / 39)
    assert variance_kept(joint(CONTROL), joint(TREATMENT)) == pytest.approx(1 - both**2 / before / plain)


def test_arms_that_change_places_give_the_mirrored_estimate():
    """The log of the inverse ratio, with the same variance."""
    rng = Random(3)
    control, treatment = joint(customers(rng, 60, rate=0.3)), joint(customers(rng, 80, rate=0.2))

    there, back = estimate(control, treatment), estimate(treatment, control)

    assert there.value == pytest.approx(-back.value)
    assert there.variance == pytest.approx(back.variance)


def test_what_differed_before_is_taken_out():
    """An arm that was worse before, and is as much worse now, is not called so much worse for it: most of the difference goes."""
    rng = Random(5)
    control, treatment = customers(rng, 400, rate=0.3), customers(rng, 400, rate=0.33)
    plain = log_ratio(*(moments(now for now, _ in arm) for arm in (control, treatment)))
    assert isinstance(plain, Estimate)

    adjusted = estimate(joint(control), joint(treatment))

    assert abs(adjusted.value) < 0.6 * abs(plain.value)
    assert adjusted.variance < 0.85 * plain.variance


def test_the_variance_is_that_of_estimates_made_anew():
    """Over 400 experiments without an effect, adjusted estimates scatter by the standard error that they state, and around nought."""
    rng = Random(11)
    found = [estimate(*(joint(customers(rng, 40, rate=0.3)) for _ in range(2))) for _ in range(400)]

    mean = sum(each.value for each in found) / 400
    scatter = sum((each.value - mean) ** 2 for each in found) / 399
    stated = sum(each.variance for each in found) / 400

    assert abs(mean) < 3 * math.sqrt(scatter / 400)
    assert scatter / stated == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize(
    ("control", "treatment"),
    [
        ([(now, (0, 0)) for now, _ in CONTROL], TREATMENT),
        (CONTROL, [(now, before if place < 29 else (0, 0)) for place, (now, before) in enumerate(TREATMENT)]),
        ([(now, (1, 2)) for now, _ in CONTROL], [(now, (1, 2)) for now, _ in TREATMENT]),
    ],
    ids=["nobody was there", "too few were there", "all were alike"],
)
def test_where_the_past_tells_nothing_the_estimate_stays_as_it_is(control: list[tuple[Unit, Unit]], treatment: list[tuple[Unit, Unit]]):
    """And says that it does not know."""
    arms = joint(control), joint(treatment)

    assert not knows_before(*arms)
    assert adjusted_log_ratio(*arms) == log_ratio(arms[0].now, arms[1].now)
    assert variance_kept(*arms) == 1


def test_thirty_who_were_there_suffice():
    """In each arm; of twenty-nine nothing is taken."""
    treatment = [(now, before if place < 30 else (0, 0)) for place, (now, before) in enumerate(TREATMENT)]

    assert knows_before(joint(CONTROL), joint(treatment))
    assert (variance_kept(joint(CONTROL), joint(treatment)) or 1) < 1


def test_newcomers_are_neither_left_out_nor_guessed_at():
    """Half of the customers have no past; all of them count in the estimate, and the variance still falls."""
    rng = Random(7)
    control, treatment = (customers(rng, 200, rate=0.3) + customers(rng, 200, rate=0.3, past=False) for _ in range(2))
    plain = log_ratio(*(moments(now for now, _ in arm) for arm in (control, treatment)))
    assert isinstance(plain, Estimate)

    adjusted = estimate(joint(control), joint(treatment))

    assert adjusted.units == 800
    assert adjusted.variance < plain.variance


def test_what_is_missing_is_said_before_anything_is_taken_out():
    """Too few customers give no estimate, with or without a past."""
    found = adjusted_log_ratio(joint(CONTROL[:29]), joint(TREATMENT))

    assert isinstance(found, Interval)
    assert found.reason == "too_few_units"
    assert variance_kept(joint(CONTROL[:29]), joint(TREATMENT)) is None


def test_a_perfect_forecast_is_not_believed():
    """Where the past tells all of the present, no standard error is left; the plain one stands."""
    control = [((2, 4), (4, 8)), ((1, 4), (2, 8))] * 20
    treatment = [((2, 4), (4, 8)), ((1, 4), (2, 8))] * 20

    found = estimate(joint(control), joint(treatment))

    assert found.variance == pytest.approx(2 * 10 / 60**2 * 40 / 39)
    assert rate_of(joint(control).now)[1] > 0
