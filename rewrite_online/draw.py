"""The draw: which arm of a running experiment a customer is in, and whether that arm leaves the words as they are.

The rewriter asks once a rewrite is ready, and not before: that is the first moment at which arms could differ. Who draws, and from what, is
known elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Drawn:
    """The arm that a customer was drawn into."""

    experiment: str
    arm: str
    share: float
    """Of this arm among the experiment's customers: the chance with which it was drawn."""
    passes_through: bool
    """Whether the words go on unchanged: the control arm."""


Draw = Callable[[str], Drawn | None]
"""The arm of a customer, by id; nothing where they are in no experiment. Safe to share between threads, and never slow.

May raise where it is not known what runs; the words then go on unchanged, as of a broken part.
"""


def no_experiment(_customer_id: str) -> Drawn | None:
    """Nobody is in an experiment: for people who ask what would be said, and for scoring."""
    return None
