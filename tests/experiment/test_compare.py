"""What an experiment says: better, worse, even, open, or why it cannot say; of its guardrails and of its cohorts too."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from resay.experiment.cohorts import Cohorts, by_cohort, harmed, undecidable, worst_gap
from resay.experiment.compare import Arm, Comparison, Plan, Ruling, compare
from resay.experiment.guard import Guardrail, Safety, guard, must_stop
from resay.experiment.metric import BARGE_IN, DEFECT_RATE, GOAL_SUCCESS, LATENCY_MS, METRICS
from resay.experiment.statistic import Joint, joint

PLAN = Plan(DEFECT_RATE)


def arm(rate: float, customers: int = 400, *, seed: int = 1, turns: int = 20) -> Arm:
    """An arm of customers who were not there before."""
    rng = Random(f"{seed}/{rate}")
    units = [((sum(rng.random() < rate for _ in range(turns)), turns), (0, 0)) for _ in range(customers)]
    return Arm(customers, joint(units))


@pytest.mark.parametrize(
    ("metric", "rate", "ruling"),
    [
        (DEFECT_RATE, 0.2, Ruling.BETTER),
        (DEFECT_RATE, 0.4, Ruling.WORSE),
        (GOAL_SUCCESS, 0.4, Ruling.BETTER),
        (GOAL_SUCCESS, 0.2, Ruling.WORSE),
        (DEFECT_RATE, 0.3, Ruling.OPEN),
    ],
)
def test_better_is_what_the_metric_calls_better(metric: object, rate: float, ruling: Ruling):
    """Fewer defects, more goals reached; where nothing is shown it stays open."""
    found = compare(replace(PLAN, metric=metric), arm(0.3), arm(rate, seed=2))  # type: ignore[arg-type]

    assert found.ruling is ruling
    assert found.reason == ""
    assert found.lift.lo is not None
    assert found.lift.hi is not None
    assert found.one_look.lo is not None
    assert found.lift.lo < found.one_look.lo < found.lift.hi
    assert (found.evidence >= 20) is (ruling is not Ruling.OPEN)


def test_no_difference_that_matters_is_said_only_with_an_interval_that_is_narrow_enough():
    """Among many, two like arms are even within ten in a hundred; within two nothing is shown yet."""
    control, treatment = arm(0.3, 3_000), arm(0.3, 3_000, seed=2)

    assert compare(replace(PLAN, margin=0.1), control, treatment).ruling is Ruling.EVEN
    assert compare(PLAN, control, treatment).ruling is Ruling.OPEN


@pytest.mark.parametrize(
    ("control", "treatment", "crossed", "reason"),
    [
        (Arm(0, Joint()), Arm(0, Joint()), 0, "no_exposure"),
        (arm(0.3, 40), arm(0.1, 20), 0, "too_few_units"),
        (arm(0.0, 40), arm(0.0, 40), 0, "nothing_counted"),
        (arm(0.3, 400), arm(0.1, 280), 0, "sample_ratio_mismatch"),
        (Arm(400, arm(0.3, 400).sums), Arm(400, arm(0.1, 280).sums), 0, "sample_ratio_mismatch"),
        (arm(0.3, 400), arm(0.1, 400), 9, "crossed_arms"),
    ],
)
def test_what_cannot_be_decided_says_why(control: Arm, treatment: Arm, crossed: int, reason: str):
    """Nobody exposed, too few, no defect at all, arms of the wrong size (exposed or measured), customers in both."""
    found = compare(PLAN, control, treatment, crossed=crossed)

    assert (found.ruling, found.reason, found.lift.lo, found.one_look.lo) == (Ruling.UNDECIDABLE, reason, None, None)
    assert found.evidence == 1


def test_a_few_who_crossed_are_borne():
    """Eight of eight hundred are one in a hundred."""
    assert compare(PLAN, arm(0.3, 400), arm(0.1, 400), crossed=8).ruling is Ruling.BETTER


def test_arms_that_change_places_give_the_mirrored_result():
    """Better becomes worse, and the lifts are each other's inverse, as factors."""
    there, back = compare(PLAN, arm(0.3), arm(0.2)), compare(PLAN, arm(0.2), arm(0.3))

    assert (there.ruling, back.ruling) == (Ruling.BETTER, Ruling.WORSE)
    assert there.evidence == pytest.approx(back.evidence)
    for one, other in ((there.lift.value, back.lift.value), (there.lift.lo, back.lift.hi), (there.lift.hi, back.lift.lo)):
        assert one is not None
        assert other is not None
        assert (1 + one) * (1 + other) == pytest.approx(1)


def test_only_what_was_validated_decides():
    """The others are reported and guarded."""
    assert [each.name for each in METRICS if each.decides] == ["defect_rate"]


def test_a_guardrail_stops_what_does_harm_and_says_what_is_safe():
    """Barge-ins went up by half: stop. Latency stayed, among many: safe within a fifth. Goals: too few to tell."""
    rails = [Guardrail(BARGE_IN, 0.1), Guardrail(LATENCY_MS, 0.2), Guardrail(GOAL_SUCCESS, 0.01)]
    arms = {
        "barge_in": (arm(0.2), arm(0.3)),
        "latency_ms": (arm(0.5, 2_000), arm(0.5, 2_000, seed=2)),
        "goal_success": (arm(0.7), arm(0.7, seed=2)),
    }

    looks = guard(PLAN, rails, arms=arms)

    assert [each.safety for each in looks] == [Safety.HARMED, Safety.SAFE, Safety.UNSURE]
    assert [each.guardrail.metric.name for each in must_stop(looks)] == ["barge_in"]


def test_a_guardrail_that_gets_better_is_safe_and_one_that_cannot_be_read_is_not():
    """Whichever way better is; and a guardrail without figures says so."""
    rails = [Guardrail(GOAL_SUCCESS, 0.05), Guardrail(BARGE_IN, 0.05), Guardrail(LATENCY_MS, 0.05)]
    arms = {"goal_success": (arm(0.5), arm(0.7)), "barge_in": (arm(0.3), arm(0.2)), "latency_ms": (arm(0.3, 9), arm(0.3, 9))}

    looks = guard(PLAN, rails, arms=arms)

    assert [each.safety for each in looks] == [Safety.SAFE, Safety.SAFE, Safety.UNDECIDABLE]
    assert must_stop(looks) == []


def test_guardrails_share_the_chance_of_a_false_stop():
    """Of four, each has an interval at 98.75 %: wider than one alone has."""
    rails = [Guardrail(each, 0.1) for each in (BARGE_IN, LATENCY_MS, GOAL_SUCCESS, DEFECT_RATE)]
    arms = {each.metric.name: (arm(0.3), arm(0.3, seed=2)) for each in rails}

    together, alone = guard(PLAN, rails, arms=arms)[0].comparison, guard(PLAN, rails[:1], arms=arms)[0].comparison

    assert _width(together) > 1.05 * _width(alone)
    assert _width(alone) == _width(compare(replace(PLAN, metric=BARGE_IN), *arms["barge_in"]))
    assert guard(PLAN, [], arms={}) == []
    assert _width(together) == _width(compare(replace(PLAN, metric=BARGE_IN, level=0.9875), *arms["barge_in"]))


def test_levels_of_cohorts_come_to_the_experiments_own():
    """Whatever is declared or added later, in whatever number, the chances of error never come to more than five in a hundred."""
    cohorts = Cohorts(("uk", "us", "kitchen"))
    for number in range(500):
        cohorts = cohorts.with_added(f"slice-{number}")

    names = (*cohorts.declared, *cohorts.added)
    spent = [1 - cohorts.level_of(name, 0.95) for name in names]

    assert sum(spent) <= 0.05
    assert sum(spent) == pytest.approx(0.05, abs=1e-4)
    assert spent[0] == pytest.approx(0.025 / 3)
    assert spent[3] == pytest.approx(0.0125)


def test_a_cohort_that_is_added_takes_nothing_from_the_others():
    """Their level was fixed when they were first looked at; adding one twice changes nothing."""
    before = Cohorts(("uk",)).with_added("kitchen")
    after = before.with_added("bedroom").with_added("kitchen").with_added("uk")

    assert after.added == ("kitchen", "bedroom")
    assert [after.level_of(each, 0.95) for each in ("uk", "kitchen")] == [before.level_of(each, 0.95) for each in ("uk", "kitchen")]


def test_the_cohort_that_is_harmed_is_found_though_the_whole_is_better():
    """Three cohorts gain, one loses: it is named, and has the worst gap; one is too small to tell."""
    arms = {
        "uk": (arm(0.3), arm(0.15)),
        "us": (arm(0.3, seed=3), arm(0.15, seed=4)),
        "scots": (arm(0.3, seed=5), arm(0.4, seed=6)),
        "new": (arm(0.3, 9), arm(0.1, 9)),
    }
    cohorts = Cohorts(("uk", "us", "scots", "new", "nobody"))
    whole = compare(PLAN, *(_together([pair[place] for pair in arms.values()]) for place in (0, 1)))

    found = by_cohort(PLAN, cohorts, arms)

    assert whole.ruling is Ruling.BETTER
    assert harmed(found) == ["scots"]
    assert undecidable(found) == [("new", "too_few_units")]
    gap = worst_gap(found, whole)
    assert gap is not None
    assert gap[0] == "scots"
    assert gap[1] == pytest.approx((found["scots"].lift.value or 0) - (whole.lift.value or 0))
    assert worst_gap({}, whole) is None
    assert worst_gap(found, found["new"]) is None


def test_where_more_is_better_the_worst_gap_is_the_least_gain():
    """Of two cohorts that reach more goals, the one that gains less; one that was added later counts too."""
    plan = replace(PLAN, metric=GOAL_SUCCESS)
    arms = {"uk": (arm(0.3), arm(0.6)), "kitchen": (arm(0.3, seed=3), arm(0.4, seed=4))}
    whole = compare(plan, *(_together([pair[place] for pair in arms.values()]) for place in (0, 1)))

    found = by_cohort(plan, Cohorts(("uk",)).with_added("kitchen"), arms)

    gap = worst_gap(found, whole)
    assert gap is not None
    assert gap[0] == "kitchen"
    assert gap[1] == pytest.approx((whole.lift.value or 0) - (found["kitchen"].lift.value or 0))


def test_cohorts_by_chance_are_seldom_found():
    """A hundred experiments of ten equal cohorts: corrected, hardly any finds one; uncorrected looks find many."""
    rng = Random(9)
    names = tuple(f"cohort-{number}" for number in range(10))
    corrected = uncorrected = 0
    for _ in range(100):
        arms = {name: (_coins(rng), _coins(rng)) for name in names}
        corrected += any(each.ruling in {Ruling.BETTER, Ruling.WORSE} for each in by_cohort(PLAN, Cohorts(names), arms).values())
        uncorrected += any(_excludes_nought(compare(PLAN, *pair)) for pair in arms.values())

    assert corrected <= 5
    assert uncorrected > 25


def _coins(rng: Random) -> Arm:
    return Arm(100, joint([((rng.getrandbits(20).bit_count(), 20), (0, 0)) for _ in range(100)]))


def _excludes_nought(found: Comparison) -> bool:
    assert found.one_look.lo is not None
    assert found.one_look.hi is not None
    return not found.one_look.lo <= 0 <= found.one_look.hi


def _together(arms: list[Arm]) -> Arm:
    return Arm(sum(each.exposed for each in arms), sum((each.sums for each in arms), Joint()))


def _width(found: Comparison) -> float:
    assert found.lift.lo is not None
    assert found.lift.hi is not None
    return found.lift.hi - found.lift.lo
