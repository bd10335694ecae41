"""Guardrails: metrics that must not get worse, whatever else gets better. Harm that is shown stops an experiment; safety must be shown too.

A guardrail's sequential interval of the lift, turned so that more is worse, lies against a margin:

    all of it above nought                 HARMED: it got worse, and the experiment stops
    all of it below the margin             SAFE: it may have got worse, but by less than matters
    else                                   UNSURE, which is not the same as safe

The chance of ever stopping a harmless experiment is shared by all guardrails (Bonferroni), so that adding one costs the others little.
Knows comparisons; knows nothing of what stopping means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from resay.experiment.compare import Arm, Comparison, Plan, Ruling, compare
from resay.experiment.metric import Metric


class Safety(StrEnum):
    """What is known of a guardrail."""

    HARMED = "harmed"
    SAFE = "safe"
    UNSURE = "unsure"
    UNDECIDABLE = "undecidable"
    """Nothing can be said; the reason stands in the comparison."""


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A metric that must not get worse."""

    metric: Metric
    margin: float
    """Relative worsening that would still be borne."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """A guardrail at one look."""

    guardrail: Guardrail
    safety: Safety
    comparison: Comparison


def guard(plan: Plan, guardrails: Sequence[Guardrail], *, arms: Mapping[str, tuple[Arm, Arm]], crossed: int = 0) -> list[Guarded]:
    """Each guardrail at this look; `arms` by name of the metric, control first."""
    level = 1 - (1 - plan.level) / max(len(guardrails), 1)
    looks = []
    for each in guardrails:
        own = replace(plan, metric=each.metric, margin=each.margin, level=level)
        found = compare(own, *arms[each.metric.name], crossed=crossed)
        looks.append(Guarded(each, _safety(each, found), found))
    return looks


def must_stop(looks: Sequence[Guarded]) -> list[Guarded]:
    """The guardrails that stop the experiment."""
    return [each for each in looks if each.safety is Safety.HARMED]


def _safety(guardrail: Guardrail, found: Comparison) -> Safety:
    if found.ruling is Ruling.UNDECIDABLE:
        return Safety.UNDECIDABLE
    if found.ruling is Ruling.WORSE:
        return Safety.HARMED
    assert found.lift.lo is not None, "a comparison that is decidable has an interval"
    assert found.lift.hi is not None, "with both ends"
    worst = found.lift.hi if guardrail.metric.lower_is_better else -found.lift.lo
    return Safety.SAFE if worst < guardrail.margin else Safety.UNSURE
