"""Who is in which arm: by a salted hash of the customer, so that it needs no memory and nothing that a customer does can change it.

A *layer* draws a place in [0, 1) for each customer, and an experiment holds a stretch of it: two experiments of one layer share nobody.
Inside, arms are drawn by a second hash, salted by the experiment's own name: experiments of different layers, and one that later takes the
same stretch, are independent of each other. Knows names and shares; knows nothing of what arms do.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

CONTROL, TREATMENT = "control", "treatment"
"""The arms of an ordinary experiment."""

NAME_BYTES_MAX = 48
"""blake2b takes a key of 64 bytes, of which the prefix needs some."""


@dataclass(frozen=True, slots=True)
class Share:
    """An arm and how many of the experiment's customers are in it."""

    arm: str
    share: float


EVEN = (Share(CONTROL, 0.5), Share(TREATMENT, 0.5))
"""Halves: the least variance for a number of customers."""


@dataclass(frozen=True, slots=True)
class Draw:
    """How an experiment draws its customers and their arms. Never changed while it runs, but for a stretch that may grow."""

    experiment: str
    """Its name: the salt of its arms."""
    arms: Sequence[Share] = EVEN
    """In a fixed order; shares come to one."""
    layer: str = "main"
    """The salt of its stretch."""
    start: float = 0.0
    end: float = 1.0
    """Its stretch of the layer. A later end takes in more customers, and moves nobody."""

    def __post_init__(self) -> None:
        names = [each.arm for each in self.arms]
        assert len(set(names)) == len(names) >= 2, "an experiment must have two arms or more, each named once"
        assert math.isclose(sum(each.share for each in self.arms), 1), "shares of arms must come to one"
        assert all(each.share > 0 for each in self.arms), "every arm must have a share"
        assert 0 <= self.start < self.end <= 1, "a stretch must lie in [0, 1]"
        assert all(0 < len(name.encode()) <= NAME_BYTES_MAX for name in (self.experiment, self.layer)), "names must be short"

    def arm_of(self, customer_id: str) -> str | None:
        """The arm of a customer; nothing where they are not in the experiment."""
        whole = self.start == 0 and self.end == 1
        if not whole and not self.start <= drawn(customer_id, f"resay/layer/{self.layer}") < self.end:
            return None
        place, reached = drawn(customer_id, f"resay/arms/{self.experiment}"), 0.0
        for each in self.arms:
            reached += each.share
            if place < reached:
                return each.arm
        return self.arms[-1].arm  # Shares such as three thirds come to a hair less than one.


def drawn(customer_id: str, salt: str) -> float:
    """A customer's place in [0, 1): the same for the same salt, and unrelated to those of other salts."""
    digest = hashlib.blake2b(customer_id.encode("utf-8", "surrogatepass"), key=salt.encode(), digest_size=8).digest()
    # 53 bits, as a float has: of all 64 the largest would be rounded to one.
    return (int.from_bytes(digest) >> 11) * 2.0**-53


def overlapping(draws: Sequence[Draw]) -> list[tuple[str, str]]:
    """Pairs of experiments that share customers of one layer, and must not run at once."""
    placed = sorted(draws, key=lambda each: (each.layer, each.start, each.end, each.experiment))
    return [
        (one.experiment, other.experiment)
        for place, one in enumerate(placed)
        for other in placed[place + 1 :]
        if one.layer == other.layer and one.start < other.end and other.start < one.end
    ]
