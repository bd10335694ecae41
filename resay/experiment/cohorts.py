"""The same question asked of many cohorts: each answer at the level that keeps all of them right together, and the worst gap.

Twenty cohorts at 5 % each find a difference by chance in one experiment of two. The chance of error is shared out instead, so that with 1
− α *all* intervals of *all* cohorts hold at *all* looks (a union bound, whatever cohorts have in common). Cohorts that were declared
before the first look share one half of α evenly. A cohort that somebody adds later (DESIGN 11: it stays) takes from the other half: the
k-th gets α/2 · 1/(k (k + 1)), which comes to α/2 for any number of them. Where none was declared, the first half is not spent. Knows names
and sums of cohorts; knows nothing of what makes one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from resay.experiment.compare import Arm, Comparison, Plan, Ruling, compare


@dataclass(frozen=True, slots=True)
class Cohorts:
    """The cohorts of an experiment, in the order in which they came; none is ever taken away, for it was looked at."""

    declared: tuple[str, ...]
    """Before the first look."""
    added: tuple[str, ...] = ()
    """Later, the earliest first."""

    def with_added(self, name: str) -> Cohorts:
        """With one more; one that is there already stays as it is."""
        return self if name in (*self.declared, *self.added) else replace(self, added=(*self.added, name))

    def level_of(self, name: str, level: float) -> float:
        """The level of a cohort's own interval, so that all hold together at the experiment's level."""
        half = (1 - level) / 2
        if name in self.declared:
            return 1 - half / len(self.declared)
        place = self.added.index(name) + 1
        return 1 - half / (place * (place + 1))


def by_cohort(plan: Plan, cohorts: Cohorts, arms: Mapping[str, tuple[Arm, Arm]]) -> dict[str, Comparison]:
    """Each cohort's comparison, corrected for all others and for all looks; `arms` by cohort, control first."""
    return {
        name: compare(replace(plan, level=cohorts.level_of(name, plan.level)), *arms[name])
        for name in (*cohorts.declared, *cohorts.added)
        if name in arms
    }


def harmed(found: Mapping[str, Comparison]) -> list[str]:
    """Cohorts for which it is shown that the treatment is worse."""
    return sorted(name for name, each in found.items() if each.ruling is Ruling.WORSE)


def worst_gap(found: Mapping[str, Comparison], whole: Comparison) -> tuple[str, float] | None:
    """The cohort that gains least beside the whole, and by how much its lift is the worse; nothing where there is none to compare."""
    if whole.lift.value is None:
        return None
    sign = 1 if whole.metric.lower_is_better else -1
    gaps = [(name, sign * (each.lift.value - whole.lift.value)) for name, each in found.items() if each.lift.value is not None]
    return max(gaps, key=lambda each: each[1], default=None)


def undecidable(found: Mapping[str, Comparison]) -> Sequence[tuple[str, str]]:
    """Cohorts of which nothing can be said, with the reason."""
    return [(name, each.reason) for name, each in found.items() if each.ruling is Ruling.UNDECIDABLE]
