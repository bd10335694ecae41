"""The result of an experiment at one look: decision, guardrails, cohorts, and why it must stop."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from resay.experiment.assign import CONTROL, TREATMENT, Draw, Share
from resay.experiment.cohorts import Cohorts
from resay.experiment.compare import Plan, Ruling
from resay.experiment.exposure import Exposure, exposed
from resay.experiment.guard import Guardrail, Safety
from resay.experiment.metric import BARGE_IN, DEFECT_RATE
from resay.experiment.reckoning import Counted, Past, Reckoning
from resay.experiment.report import Experiment, Report, report_of
from tests.builders import BASE

EXPERIMENT = Experiment(Draw("rewriting"), Plan(DEFECT_RATE), (Guardrail(BARGE_IN, 0.1),), Cohorts(("uk", "scots")))

Rates = dict[tuple[str, str], tuple[float, float]]

GOOD: Rates = {
    ("uk", CONTROL): (0.3, 0.2),
    ("uk", TREATMENT): (0.15, 0.2),
    ("scots", CONTROL): (0.3, 0.2),
    ("scots", TREATMENT): (0.15, 0.2),
}
"""Chances of a defect and of a barge-in, by cohort and arm."""


def looked(rates: Rates, *, lost: float = 0.0, crossed: int = 0) -> Report:
    """The result with six hundred customers of twenty turns each, two thirds of them from the UK."""
    rng = Random(3)
    names = [f"customer-{number}" for number in range(600)]
    cohort_of = {name: "scots" if number % 3 == 0 else "uk" for number, name in enumerate(names)}
    reckoning = Reckoning({name: Past({}, frozenset({cohort})) for name, cohort in cohort_of.items()})
    for name in names:
        arm = EXPERIMENT.draw.arm_of(name) or ""
        if arm == TREATMENT and rng.random() < lost:
            continue
        chances = zip(("defect_rate", "barge_in"), rates[cohort_of[name], arm], strict=True)
        counts = [Counted(name, metric, (sum(rng.random() < rate for _ in range(20)), 20)) for metric, rate in chances]
        reckoning.add(exposed([Exposure(name, arm, BASE)]), counts)
    for name in names[:crossed]:
        reckoning.add(exposed([Exposure(name, arm, BASE + timedelta(days=1)) for arm in (CONTROL, TREATMENT)]), [])
    return report_of(EXPERIMENT, reckoning)


def test_what_is_good_for_all_may_go_on():
    """Better as a whole and in both cohorts, the guardrail unharmed."""
    found = looked(GOOD)

    assert (found.experiment, found.decision.ruling, found.stop, found.crossed) == ("rewriting", Ruling.BETTER, (), 0)
    assert sum(found.exposed) == 600
    assert {name: each.ruling for name, each in found.cohorts.items()} == {"uk": Ruling.BETTER, "scots": Ruling.BETTER}
    assert found.guardrails[0].safety is not Safety.HARMED
    assert found.worst is not None
    assert abs(found.worst[1]) < 0.2


def test_what_harms_a_cohort_or_a_guardrail_must_stop_though_it_is_better_as_a_whole():
    """Both are named."""
    rates = GOOD | {("scots", TREATMENT): (0.45, 0.2), ("uk", TREATMENT): (0.1, 0.35)}

    found = looked(rates)

    assert found.decision.ruling is Ruling.BETTER
    assert found.stop == ("guardrail=barge_in", "cohort=scots")
    assert found.worst is not None
    assert found.worst[0] == "scots"


def test_a_broken_experiment_must_stop_and_says_nothing_else():
    """Four in ten of treatment's customers are lost: no figure is shown of the whole, and none of the guardrail."""
    found = looked(GOOD, lost=0.4)

    assert found.decision.ruling is Ruling.UNDECIDABLE
    assert found.stop == ("sample_ratio_mismatch",)
    assert found.guardrails[0].safety is Safety.UNDECIDABLE
    assert found.worst is None


def test_many_who_crossed_make_it_undecidable():
    """Twelve of six hundred were served by both arms."""
    found = looked(GOOD, crossed=12)

    assert (found.crossed, found.decision.reason) == (12, "crossed_arms")


@pytest.mark.parametrize(
    "wrong",
    [
        {"plan": Plan(BARGE_IN)},
        {"plan": Plan(DEFECT_RATE, shares=(0.6, 0.4))},
        {"draw": Draw("other", arms=(Share("one", 0.5), Share("other", 0.5)))},
        {"draw": Draw("other", arms=(Share(CONTROL, 0.2), Share(TREATMENT, 0.8)))},
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(wrong: dict[str, object]):
    """A metric that was not validated, shares that are not those that are drawn, no control."""
    with pytest.raises(AssertionError):
        replace(EXPERIMENT, **wrong)


def test_a_third_arm_does_not_disturb_the_two():
    """Shares of control and treatment are those among the customers of both."""
    draw = Draw("three", arms=(Share(CONTROL, 0.2), Share(TREATMENT, 0.6), Share("other", 0.2)))

    assert Experiment(draw, Plan(DEFECT_RATE, shares=(0.25, 0.75))).plan.shares == (0.25, 0.75)
