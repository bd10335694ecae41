"""The running sums of an experiment: days go in, an arm at a look comes out. Nothing of a past day is read again.

Keeps the sums of each arm, metric and cohort, and of each customer what was counted so far, by which a day's gain to the squares is known
and by which one customer can be taken out exactly: because they were deleted, or turned up in the other arm. Knows counts by customer and
day; knows nothing of turns, of tables, or of what is decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from resay.experiment.compare import Arm
from resay.experiment.exposure import Exposed
from resay.experiment.statistic import NOTHING, Joint, Unit, gained_jointly

EVERYBODY = ""
"""The cohort of all."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of a customer on a day, of turns from their exposure on."""

    customer_id: str
    metric: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a customer from before the experiment; fixed before they are counted."""

    earlier: Mapping[str, Unit]
    """By metric."""
    cohorts: frozenset[str] = frozenset()


NEWCOMER = Past({})


class Reckoning:
    """The sums of one experiment, so far."""

    def __init__(self, past: Mapping[str, Past]) -> None:
        """With what is known from before, by customer; who is not named there is a newcomer."""
        self._past = past
        self._exposed = Exposed()
        self._so_far: dict[str, dict[str, Unit]] = {}
        """By customer and metric."""
        self._arm_of: dict[str, str] = {}
        """The arm that a customer was counted in."""
        self._sums: dict[tuple[str, str, str], Joint] = {}
        """By arm, metric and cohort."""

    @property
    def exposed(self) -> Exposed:
        """Who was exposed so far."""
        return self._exposed

    def crossed(self) -> int:
        """How many customers were served by more than one arm: they are not counted."""
        return len(self._exposed.crossed)

    def add(self, exposed: Exposed, counts: Iterable[Counted]) -> None:
        """One more stretch of time: who was exposed in it, and what was counted of whom."""
        crossed_before = self._exposed.crossed
        self._exposed += exposed
        for customer in self._exposed.crossed - crossed_before:
            self._drop(customer)
        for each in counts:
            if each.customer_id not in self._exposed.crossed:
                exposure = self._exposed.first.get(each.customer_id)
                assert exposure is not None, "a customer must be exposed before anything of them counts"
                self._count(exposure.arm, each)

    def take_out(self, customer_id: str) -> None:
        """As if the customer had never been there."""
        self._drop(customer_id)
        first = {customer: each for customer, each in self._exposed.first.items() if customer != customer_id}
        self._exposed = Exposed(first, self._exposed.crossed - {customer_id})

    def arms(self, names: Sequence[str], metric: str, *, cohort: str = EVERYBODY) -> list[Arm]:
        """The arms at this look, of everybody or of one cohort."""
        sizes = dict.fromkeys(names, 0)
        for customer, exposure in self._exposed.first.items():
            if exposure.arm in sizes and cohort in self._cohorts_of(customer):
                sizes[exposure.arm] += 1
        return [Arm(sizes[name], self._sums.get((name, metric, cohort), Joint())) for name in names]

    def cohorts(self) -> list[str]:
        """The cohorts of whoever was exposed, in order."""
        return sorted({cohort for customer in self._exposed.first for cohort in self._cohorts_of(customer)} - {EVERYBODY})

    def _cohorts_of(self, customer_id: str) -> tuple[str, ...]:
        return EVERYBODY, *self._past.get(customer_id, NEWCOMER).cohorts

    def _count(self, arm: str, counted: Counted) -> None:
        assert counted.unit[1] > 0, "what is counted must have a base"
        so_far = self._so_far.setdefault(counted.customer_id, {})
        before = so_far.get(counted.metric, NOTHING)
        self._move(arm, counted, before=before)
        so_far[counted.metric] = before[0] + counted.unit[0], before[1] + counted.unit[1]
        self._arm_of[counted.customer_id] = arm

    def _drop(self, customer_id: str) -> None:
        """Take back what was counted, from the arm that it was counted in."""
        for metric, so_far in self._so_far.pop(customer_id, {}).items():
            self._move(self._arm_of[customer_id], Counted(customer_id, metric, (-so_far[0], -so_far[1])), before=so_far)
        self._arm_of.pop(customer_id, None)

    def _move(self, arm: str, counted: Counted, *, before: Unit) -> None:
        earlier = self._past.get(counted.customer_id, NEWCOMER).earlier.get(counted.metric, NOTHING)
        gain = gained_jointly(before, counted.unit, earlier=earlier)
        for cohort in self._cohorts_of(counted.customer_id):
            key = arm, counted.metric, cohort
            self._sums[key] = self._sums.get(key, Joint()) + gain
