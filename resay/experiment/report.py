"""An experiment and its result at one look: the question as it was fixed before the first look, and all that is known by now.

Puts the parts together: sums, the decision, guardrails, cohorts, and whether it must stop. Knows nothing of who asks or where it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from resay.experiment.assign import CONTROL, TREATMENT, Draw
from resay.experiment.cohorts import Cohorts, by_cohort, harmed, worst_gap
from resay.experiment.compare import SAMPLE_RATIO_MISMATCH, Arm, Comparison, Plan, compare
from resay.experiment.guard import Guarded, Guardrail, guard, must_stop
from resay.experiment.reckoning import EVERYBODY

NO_COHORTS = Cohorts(())


@dataclass(frozen=True, slots=True)
class Experiment:
    """A question put to traffic, with all that must not be changed once it was looked at."""

    draw: Draw
    plan: Plan
    guardrails: tuple[Guardrail, ...] = ()
    cohorts: Cohorts = NO_COHORTS
    """May grow."""

    def __post_init__(self) -> None:
        shares = {each.arm: each.share for each in self.draw.arms}
        assert self.plan.metric.decides, "an experiment must be decided by a metric that was shown to measure what is true"
        assert {CONTROL, TREATMENT} <= set(shares), "an experiment must have a control and a treatment"
        both = shares[CONTROL] + shares[TREATMENT]
        planned = shares[CONTROL] / both, shares[TREATMENT] / both
        assert max(abs(one - other) for one, other in zip(planned, self.plan.shares, strict=True)) < 1e-9, (
            "shares must be those that are drawn"
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What is known at one look."""

    experiment: str
    exposed: tuple[int, int]
    """Customers of control and of treatment."""
    crossed: int
    """Customers who were served by more than one arm, and are not counted."""
    decision: Comparison
    guardrails: tuple[Guarded, ...]
    cohorts: Mapping[str, Comparison]
    """Corrected for their number."""
    worst: tuple[str, float] | None
    """The cohort that gains least beside the whole, and by how much."""
    stop: tuple[str, ...]
    """Why it must stop, by name: a broken experiment, guardrails and cohorts that are harmed; empty where it may go on."""


class Sums(Protocol):
    """The sums of an experiment so far, as `Reckoning` keeps them, or as an engine made them."""

    def crossed(self) -> int:
        """How many customers were served by more than one arm."""

    def arms(self, names: Sequence[str], metric: str, *, cohort: str = EVERYBODY) -> list[Arm]:
        """The arms at this look, of everybody or of one cohort."""


def report_of(experiment: Experiment, reckoning: Sums) -> Report:
    """The result so far."""
    crossed = reckoning.crossed()
    metric = experiment.plan.metric.name
    control, treatment = _pair(reckoning, metric)
    decision = compare(experiment.plan, control, treatment, crossed=crossed)
    guarded = guard(experiment.plan, experiment.guardrails, arms=_by_metric(experiment, reckoning), crossed=crossed)
    cohorts = by_cohort(experiment.plan, experiment.cohorts, _by_cohort(experiment, reckoning, metric))
    broken = [decision.reason] if decision.reason == SAMPLE_RATIO_MISMATCH else []
    stop = [
        *broken,
        *(f"guardrail={each.guardrail.metric.name}" for each in must_stop(guarded)),
        *(f"cohort={each}" for each in harmed(cohorts)),
    ]
    return Report(
        experiment=experiment.draw.experiment,
        exposed=(control.exposed, treatment.exposed),
        crossed=crossed,
        decision=decision,
        guardrails=tuple(guarded),
        cohorts=cohorts,
        worst=worst_gap(cohorts, decision),
        stop=tuple(stop),
    )


def _by_metric(experiment: Experiment, reckoning: Sums) -> dict[str, tuple[Arm, Arm]]:
    names = [each.metric.name for each in experiment.guardrails]
    return {name: _pair(reckoning, name) for name in names}


def _by_cohort(experiment: Experiment, reckoning: Sums, metric: str) -> dict[str, tuple[Arm, Arm]]:
    names = (*experiment.cohorts.declared, *experiment.cohorts.added)
    return {name: _pair(reckoning, metric, cohort=name) for name in names}


def _pair(reckoning: Sums, metric: str, *, cohort: str = EVERYBODY) -> tuple[Arm, Arm]:
    control, treatment = reckoning.arms((CONTROL, TREATMENT), metric, cohort=cohort)
    return control, treatment
