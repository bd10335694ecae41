"""What becomes of each rewrite by its own evidence: tried on a share, promoted, taken back. A function of counts, and of nothing else.

A rewrite is tried on a *canary* share of those for whom it is ready. It is promoted while e-BH over all that were tried calls it better
than as said. It is taken back, for good, once its promise is broken or it is shown to be worse than as said, each at its own level: to
take back a good one costs little, to keep a bad one costs customers. Every change says why, and by how much evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from resay.experiment.discoveries import found_among
from resay.experiment.evidence import PROMISE, ROLL_BACK_ALPHA, Outcomes, Phase, for_better, for_broken_promise, for_worse

CANARY_SHARE = 0.3
"""Of those for whom a rewrite is ready: seven of ten are safe from an untried one, and it takes but half as many turns again as at ½."""

LIVE_SHARE = 0.98
"""Of a promoted one; the rest is the permanent hold-out."""


class Stage(StrEnum):
    """Where a rewrite stands."""

    CANARY = "canary"
    LIVE = "live"
    TAKEN_BACK = "taken_back"


class Why(StrEnum):
    """Why a rewrite changes its stage."""

    FOUND_BETTER = "found_better"
    NO_LONGER_FOUND = "no_longer_found"
    """Others were tried meanwhile, or it did worse: the evidence does not suffice among so many any more."""
    BROKEN_PROMISE = "broken_promise"
    FOUND_WORSE = "found_worse"


@dataclass(frozen=True, slots=True)
class Trial:
    """A rewrite under trial, or that once was: all of them count in the correction for many."""

    rewrite_id: str
    stage: Stage
    phases: tuple[Phase, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of stage: an event of the history."""

    rewrite_id: str
    before: Stage
    after: Stage
    why: Why
    evidence: float
    """E-value."""


def changes(trials: Sequence[Trial], *, promise: float = PROMISE) -> list[Change]:
    """What must change now."""
    assert len({each.rewrite_id for each in trials}) == len(trials), "a rewrite must be tried under one name, once"
    better = {each.rewrite_id: for_better(each.phases) for each in trials}
    found = found_among(better)
    due = []
    for each in trials:
        if each.stage is Stage.TAKEN_BACK:
            continue
        bad = _taken_back(each, promise)
        if bad is not None:
            due.append(bad)
        elif (each.rewrite_id in found) is not (each.stage is Stage.LIVE):
            after, why = (Stage.LIVE, Why.FOUND_BETTER) if each.stage is Stage.CANARY else (Stage.CANARY, Why.NO_LONGER_FOUND)
            due.append(Change(each.rewrite_id, each.stage, after, why, better[each.rewrite_id]))
    return due


def _taken_back(trial: Trial, promise: float) -> Change | None:
    applied = sum((each.applied for each in trial.phases), Outcomes())
    for why, evidence in (
        (Why.BROKEN_PROMISE, for_broken_promise(applied, promise)),
        (Why.FOUND_WORSE, for_worse(trial.phases)),
    ):
        if evidence >= 1 / ROLL_BACK_ALPHA:
            return Change(trial.rewrite_id, trial.stage, Stage.TAKEN_BACK, why, evidence)
    return None
