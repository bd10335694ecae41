"""How two generations of the table differ, rewrite by rewrite. Pure: knows neither files nor how a difference is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resay.dialogue.rewrite import Place, Rewrite, Risk
from resay.dialogue.text import canonical

CHANCE_MOVED = 0.05
"""A chance of success that moved by less than this is noise of a day's new turns; the gate's least margin is twice that."""

CUSTOMERS_MOVED = 0.2
"""Support that moved by a smaller share of itself than this is as it was, for a reviewer."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A rewrite that the later generation lacks."""

    rewrite: Rewrite
    because: tuple[str, ...]
    """Why, where it is known; empty: the miner no longer proposes it."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One source, before and after."""

    before: Rewrite
    after: Rewrite

    @property
    def is_notable(self) -> bool:
        """Whether its figures moved by so much that a reviewer should see it."""
        one, two = self.before, self.after
        moved = max(abs(two.success_as_said - one.success_as_said), abs(two.success_as_rewritten - one.success_as_rewritten))
        support = abs(two.support - one.support)
        spared = _spared(one) != _spared(two)
        return (
            spared
            or one.risk is not two.risk
            or one.state != two.state
            or moved >= CHANCE_MOVED
            or support >= CUSTOMERS_MOVED * one.support
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """What a reviewer should know of a generation who knows the one before; each part by source and place."""

    new: tuple[Rewrite, ...]
    gone: tuple[Gone, ...]
    retargeted: tuple[Changed, ...]
    """Something else is said for the same source in the same place."""
    refigured: tuple[Changed, ...]
    """The same is said, and what stands behind it is not the same."""
    same: int
    """Rewrites that are as they were, but for the turns that are cited."""


def difference(before: Sequence[Rewrite], after: Sequence[Rewrite], reasons: Mapping[str, Sequence[str]]) -> Difference:
    """How `after` differs from `before`; `reasons` say by id why rewrites were taken out."""
    old, new = _by_source(before), _by_source(after)
    both = [Changed(old[source], new[source]) for source in sorted(old.keys() & new.keys())]
    retargeted = tuple(each for each in both if canonical(each.before.target) != canonical(each.after.target))
    refigured = tuple(each for each in both if each not in retargeted and _figures(each.before) != _figures(each.after))
    return Difference(
        new=tuple(new[source] for source in sorted(new.keys() - old.keys())),
        gone=tuple(Gone(old[source], tuple(reasons.get(old[source].rewrite_id, ()))) for source in sorted(old.keys() - new.keys())),
        retargeted=retargeted,
        refigured=refigured,
        same=len(both) - len(retargeted) - len(refigured),
    )


def riskier(changed: Changed) -> bool:
    """Whether what is done now is risky, and was not."""
    return changed.after.risk is Risk.HIGH and changed.before.risk is not Risk.HIGH


def _by_source(rewrites: Sequence[Rewrite]) -> dict[tuple[str, Place], Rewrite]:
    return {(each.source, each.place): each for each in rewrites}


def _figures(rewrite: Rewrite) -> tuple[object, ...]:
    """All that stands behind a rewrite, and how it is spelt; not which turns are cited: those are but a sample."""
    chances = (rewrite.score, rewrite.success_as_said, rewrite.success_as_rewritten)
    return rewrite.target, rewrite.state, rewrite.risk, *chances, rewrite.support, rewrite.times, *_spared(rewrite)


def _spared(rewrite: Rewrite) -> tuple[tuple[str, ...], ...]:
    return rewrite.not_rooms, rewrite.not_device_types, rewrite.not_cohorts
