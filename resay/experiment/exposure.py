"""From when on a customer counts: the first moment at which the arms could differ for them.

Rewriting differs between arms where a rewrite was ready, whether it was applied (treatment) or withheld (control): the same question,
asked in both. Turns before it are the same in all arms and would only add noise; counting from anything later, or from what only one arm
shows, would compare unlike customers. Knows moments and arms; knows nothing of what was ready.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Exposure:
    """A moment at which the arms could differ for a customer."""

    customer_id: str
    arm: str
    """The one by which they were served."""
    at: datetime
    """Event time, UTC."""


@dataclass(frozen=True, slots=True)
class Exposed:
    """Who has been exposed so far. Days add up, in any order and with repeats."""

    first: Mapping[str, Exposure] = field(default_factory=dict)
    """The first exposure of each customer, those who crossed included."""
    crossed: frozenset[str] = frozenset()
    """Customers who were served by more than one arm: they belong to none, and are not counted."""

    def __add__(self, other: Exposed) -> Exposed:
        first = dict(self.first)
        crossed = set(self.crossed | other.crossed)
        for customer, exposure in other.first.items():
            known = first.get(customer, exposure)
            if known.arm != exposure.arm:
                crossed.add(customer)
            first[customer] = min(known, exposure, key=lambda each: (each.at, each.arm))
        return Exposed(first, frozenset(crossed))

    def counts(self, customer_id: str, at: datetime) -> str | None:
        """The arm that a turn counts for; nothing where its customer was not yet exposed, or crossed."""
        exposure = self.first.get(customer_id)
        if exposure is None or customer_id in self.crossed or at < exposure.at:
            return None
        return exposure.arm

    def sizes(self) -> dict[str, int]:
        """Customers of each arm, those who crossed counted where they began."""
        sizes: dict[str, int] = {}
        for each in self.first.values():
            sizes[each.arm] = sizes.get(each.arm, 0) + 1
        return sizes


def exposed(moments: Iterable[Exposure]) -> Exposed:
    """Who was exposed, from all moments of any stretch, in any order."""
    first: dict[str, Exposure] = {}
    crossed = set()
    for each in moments:
        known = first.get(each.customer_id, each)
        if known.arm != each.arm:
            crossed.add(each.customer_id)
        first[each.customer_id] = min(known, each, key=lambda one: (one.at, one.arm))
    return Exposed(first, frozenset(crossed))
