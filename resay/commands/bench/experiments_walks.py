"""What is seen of a made-up experiment by who looks at it daily, by each of the ways to look. All arithmetic is the product's.

Ways: `sequential` (holds at all looks), `sequential+past` (the same, with variance reduction: what `resay.experiment.compare` answers), and
`fixed`, `fixed+past` (one look's interval). Who looks daily with the latter is `naive`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from resay.commands.bench.experiments_traffic import DayOf
from resay.experiment.bounds import Interval
from resay.experiment.compare import Arm, Comparison, Plan, compare
from resay.experiment.metric import DEFECT_RATE
from resay.experiment.sequential import fixed_reduction, sequential_reduction

PLAN = Plan(DEFECT_RATE)
"""The usual one, fixed before the first look."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one way of looking saw on one day."""

    found: bool
    """Whether it excluded that nothing differs."""
    held: bool
    """Whether the true effect lay in its interval; no interval excludes nothing."""


@dataclass(frozen=True, slots=True)
class Walk:
    """An experiment, day by day, as one way of looking saw it."""

    looks: tuple[Look, ...]

    @property
    def first(self) -> int | None:
        """The day, from 1, on which a difference was first found."""
        return next((day for day, look in enumerate(self.looks, 1) if look.found), None)

    @property
    def held(self) -> bool:
        """Whether the truth lay in all intervals."""
        return all(look.held for look in self.looks)


def walks(days: Sequence[DayOf], effect: float) -> dict[str, Walk]:
    """One experiment, by each way of looking."""
    seen = [_looked(day) for day in days]
    return {way: Walk(tuple(_look(each[way], effect) for each in seen)) for way in seen[0]}


def _looked(day: DayOf) -> Mapping[str, Interval]:
    """The reduction (0.13: 13 % less) by each way."""
    found = compare(PLAN, Arm(day.exposed[0], day.control), Arm(day.exposed[1], day.treatment))
    intervals = {way: plain(day.control.now, day.treatment.now) for way, plain in PLAIN.items()}
    return intervals | {f"{way}+past": _reduction(part(found)) for way, part in WITH_PAST.items()}


PLAIN: Mapping[str, Callable[..., Interval]] = {"sequential": sequential_reduction, "fixed": fixed_reduction}
WITH_PAST: Mapping[str, Callable[[Comparison], Interval]] = {
    "sequential": lambda found: found.lift,
    "fixed": lambda found: found.one_look,
}


def _reduction(lift: Interval) -> Interval:
    """A lift turned round."""
    if lift.value is None or lift.lo is None or lift.hi is None:
        return lift
    return Interval(-lift.value, -lift.hi, -lift.lo, lift.n)


def _look(interval: Interval, effect: float) -> Look:
    if interval.lo is None or interval.hi is None:
        return Look(found=False, held=True)
    return Look(found=not interval.lo <= 0 <= interval.hi, held=interval.lo <= effect <= interval.hi)
