"""What a planted case came to: held, not held, or not built, with the numbers. A value; who judges stands in each scenario."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Ruling(StrEnum):
    """Whether what was promised came true."""

    HELD = "held"
    NOT_HELD = "not_held"
    NOT_BUILT = "not_built"
    """It did not come true, and the part of the product that should see to it is not there yet."""


class Part(StrEnum):
    """Parts of the product that planted cases test."""

    RETIREMENT = "retirement of rewrites that are no longer needed"
    MONITORS = "monitors of each rewrite, by cohort"
    TRUST = "limits on what a few accounts can teach"
    FORGETTING = "forgetting a customer"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a case."""

    row: str
    """As benches name their rows."""
    metric: str
    value: float
    n: int = 0
    """What it was counted over."""
    lo: float | None = None
    hi: float | None = None
    unit: str = "count"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one planted case ended."""

    scenario: str
    ruling: Ruling
    happened: str
    """In a sentence, for people."""
    figures: tuple[Figure, ...] = ()
    missing: str = ""
    """The part that is not built; empty where that is not why."""


def rule(scenario: str, *, kept: bool, happened: str, needs: Part | None = None, built: frozenset[Part] = frozenset()) -> Verdict:
    """The verdict on a promise that was kept or not; not kept for want of a part is said so."""
    missing = needs if needs is not None and not kept and needs not in built else None
    ruling = Ruling.HELD if kept else Ruling.NOT_BUILT if missing else Ruling.NOT_HELD
    return Verdict(scenario, ruling, happened, missing=str(missing) if missing else "")
