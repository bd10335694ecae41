"""Made-up customers of an experiment: each with an own rate of defects and an own amount of talk, so that turns are clustered.

Knows how they are drawn, and what the arms then hold on each day; the arithmetic that is tested is the product's (`resay.experiment`).
Customers' sums are drawn day by day, for all at once; who is in which arm says the product's own assignment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from resay.experiment.assign import TREATMENT, Draw
from resay.experiment.statistic import Joint, Moments

DAYS = 28
"""Looks at each experiment: four weeks of days (EVALUATION 9)."""

DAYS_BEFORE = 28
"""Of the stretch before: as long again."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Customers:
    """Whom an experiment is made with."""

    count: int
    """Of both arms."""
    rate: float = 0.33
    """Share of turns that are defective without us: the world's (EVALUATION 2)."""
    alike: float = 40.0
    """Own rates are Beta(rate · alike, (1 − rate) · alike): a standard deviation of seven points."""
    turns_a_day: float = 2.0
    spread: float = 0.6
    """Of own amounts of talk, log-normal: a tenth talks more than twice as much as most."""
    late: float = 0.1
    """Share who come in some time within the experiment, and have no past."""
    eligible: float = 0.2
    """Share of turns for which a rewrite is ready: the first one exposes its customer."""


@dataclass(frozen=True, slots=True)
class DayOf:
    """Both arms up to a day."""

    exposed: tuple[int, int]
    """Customers of control and of treatment."""
    control: Joint
    treatment: Joint


def lived(customers: Customers, effect: float, *, name: str, rng: np.random.Generator) -> list[DayOf]:
    """An experiment in which treatment's rates are lower by a share, day by day."""
    draw = Draw(name)
    treated = np.array([draw.arm_of(f"customer-{each}") == TREATMENT for each in range(customers.count)])
    now, before = _talk(customers, np.where(treated, 1 - effect, 1.0), rng)
    exposed = (now[:, 1] > 0).astype(np.int64)  # (day, customer): the first turn that counts is the one that exposes.
    sizes = zip((exposed @ ~treated).tolist(), (exposed @ treated).tolist(), strict=True)
    control, treatment = (_joints(now[..., arm], before[:, arm]) for arm in (~treated, treated))
    return [DayOf(*day) for day in zip(sizes, control, treatment, strict=True)]


def losing(days: list[DayOf], share: float, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Sizes of the arms by day, where logs of a share of treatment's customers never arrive."""
    lost = rng.binomial(days[-1].exposed[1], share) / max(days[-1].exposed[1], 1)
    return ((day.exposed[0], round(day.exposed[1] * (1 - lost))) for day in days)


def _talk(customers: Customers, factor: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Defects and turns of each customer: up to each day since the exposure, (day, 2, customer), and before, (2, customer)."""
    count = customers.count
    own = rng.beta(customers.rate * customers.alike, (1 - customers.rate) * customers.alike, count)
    daily = customers.turns_a_day * rng.lognormal(-(customers.spread**2) / 2, customers.spread, count)
    late = rng.random(count) < customers.late
    joined = np.where(late, rng.integers(0, DAYS, count), 0)
    turns = rng.poisson(daily * (np.arange(DAYS)[:, None] >= joined))  # (day, customer)
    # A day's turns before the first that is eligible do not count: those behind it, and itself, do.
    waited = rng.geometric(customers.eligible, count) - 1
    counted = np.diff(np.maximum(turns.cumsum(axis=0) - waited, 0), axis=0, prepend=0)
    defects = rng.binomial(counted, own * factor)
    turns_before = np.where(late, 0, rng.poisson(daily * DAYS_BEFORE))
    before = np.stack([rng.binomial(turns_before, own), turns_before])
    return np.stack([defects.cumsum(axis=0), counted.cumsum(axis=0)], axis=1).astype(np.float64), before.astype(np.float64)


def _joints(now: Floats, before: Floats) -> list[Joint]:
    """The sums of an arm's customers up to each day: products of two of what is known of a customer, being there among it."""
    total, base = now[:, 0], now[:, 1]  # (day, customer)
    there = (base > 0).astype(np.float64)
    known = np.stack([there, total, base, there * (before[1] > 0), there * before[0], there * before[1]], axis=1)  # (day, 6, customer)
    return [_joint(each) for each in (known @ known.transpose(0, 2, 1)).tolist()]


def _joint(products: list[list[float]]) -> Joint:
    there, total, base, _, total_before, base_before = products
    return Joint(
        now=Moments(round(there[0]), total=there[1], base=there[2], total_squared=total[1], base_squared=base[2], total_by_base=total[2]),
        before=Moments(round(there[3]), there[4], there[5], total_before[4], base_before[5], total_before[5]),
        total_by_total=total[4],
        total_by_base=total[5],
        base_by_total=base[4],
        base_by_base=base[5],
    )
