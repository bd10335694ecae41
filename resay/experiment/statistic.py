"""Frozen summaries of an arm's customers: sums, sums of squares and cross-products, which add up over customers and over days.

A metric is a ratio of two sums: a `total` (defects, barge-ins, milliseconds) over a `base` (turns, segments). The unit is the customer, so
that turns of one customer may be as alike as they like. Knows sums; knows nothing of turns, time or arms.

**Days add up** though squares of sums do not: a day gives what each customer's further turns *add* to the squares, which is known from
what they had before (`gained`, `gained_jointly`).

**Standard errors.** The rate of an arm is Σ total / Σ base, and both are chance. By the delta method its variance is that of the
customers' linearised values (totalᵢ − rate · baseᵢ) / mean base, over the number of customers (Deng, Knoblich and Lu, "Applying the Delta
Method in Metric Analytics", KDD 2018, section 3): turns that lean on each other inside a customer need no model of how.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Unit = tuple[float, float]
"""What is counted of a customer: total and base, as defects and turns."""

NOTHING: Unit = (0, 0)


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over the customers of an arm. They add up: over customers, and over days where each day gives what it `gained`."""

    units: int = 0
    """Customers of whom anything was counted."""
    total: float = 0.0
    base: float = 0.0
    total_squared: float = 0.0
    base_squared: float = 0.0
    total_by_base: float = 0.0

    def __add__(self, other: Moments) -> Moments:
        # Field by field: a look adds up one of these for each customer and day.
        return Moments(
            self.units + other.units,
            self.total + other.total,
            self.base + other.base,
            self.total_squared + other.total_squared,
            self.base_squared + other.base_squared,
            self.total_by_base + other.total_by_base,
        )


_NO_MOMENTS = Moments()


@dataclass(frozen=True, slots=True)
class Joint:
    """Sums over an arm's customers of what they did since their exposure, of what the same did before, and of both together."""

    now: Moments = _NO_MOMENTS
    before: Moments = _NO_MOMENTS
    """Of the stretch before the experiment; who was not there then adds nothing."""
    total_by_total: float = 0.0
    """Now by before, as all that follow."""
    total_by_base: float = 0.0
    base_by_total: float = 0.0
    base_by_base: float = 0.0

    def __add__(self, other: Joint) -> Joint:
        return Joint(
            self.now + other.now,
            # Of a further day of a customer nothing is earlier.
            self.before if other.before is _NO_MOMENTS else self.before + other.before,
            self.total_by_total + other.total_by_total,
            self.total_by_base + other.total_by_base,
            self.base_by_total + other.base_by_total,
            self.base_by_base + other.base_by_base,
        )


def moments(units: Iterable[Unit]) -> Moments:
    """The sums over customers; of whom nothing was counted is left out."""
    # Column by column: to add value to value takes ten times as long, and there may be a million customers.
    return _moments(list(units))


def gained(before: Unit, more: Unit) -> Moments:
    """What one customer's further turns add to the sums, after those before."""
    total, base = before[0] + more[0], before[1] + more[1]
    return Moments(
        units=int(base > 0) - int(before[1] > 0),
        total=more[0],
        base=more[1],
        total_squared=total**2 - before[0] ** 2,
        base_squared=base**2 - before[1] ** 2,
        total_by_base=total * base - before[0] * before[1],
    )


def joint(units: Iterable[tuple[Unit, Unit]]) -> Joint:
    """The sums over customers, each with what was counted since the exposure and before."""
    counted = list(units)
    return Joint(
        now=_moments([now for now, _ in counted]),
        before=_moments([earlier for now, earlier in counted if now[1] > 0]),
        total_by_total=sum(now[0] * earlier[0] for now, earlier in counted),
        total_by_base=sum(now[0] * earlier[1] for now, earlier in counted),
        base_by_total=sum(now[1] * earlier[0] for now, earlier in counted),
        base_by_base=sum(now[1] * earlier[1] for now, earlier in counted),
    )


def gained_jointly(before: Unit, more: Unit, *, earlier: Unit) -> Joint:
    """What one customer's further turns add, after those before, where `earlier` is what they did before the experiment.

    Turns that are taken back are negative, and take with them what they had brought.
    """
    now = gained(before, more)
    # What was earlier counts once: it comes with the first turns that count at all, and goes with the last that are taken back.
    past = _NO_MOMENTS
    if now.units:
        past = gained(NOTHING, earlier) if now.units > 0 else gained(earlier, (-earlier[0], -earlier[1]))
    return Joint(
        now=now,
        before=past,
        total_by_total=more[0] * earlier[0],
        total_by_base=more[0] * earlier[1],
        base_by_total=more[1] * earlier[0],
        base_by_base=more[1] * earlier[1],
    )


def _moments(units: Sequence[Unit]) -> Moments:
    return Moments(
        units=sum(base > 0 for _, base in units),
        total=sum(total for total, _ in units),
        base=sum(base for _, base in units),
        total_squared=sum(total**2 for total, _ in units),
        base_squared=sum(base**2 for _, base in units),
        total_by_base=sum(total * base for total, base in units),
    )


def rate_of(arm: Moments) -> tuple[float, float]:
    """The rate of an arm and its variance, customers being the units."""
    rate = arm.total / arm.base
    squares = arm.total_squared - 2 * rate * arm.total_by_base + rate**2 * arm.base_squared
    # Σ zᵢ² / (n (n − 1)) with zᵢ = residual / mean base; the residuals sum to nothing.
    return rate, max(squares, 0.0) / arm.base**2 * arm.units / (arm.units - 1)
