"""Histories: what one customer said, what stood in its place, and how that fared for them. Theirs alone: never shown to another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Way(StrEnum):
    """How a target came to be said in place of what was said."""

    SAID = "said"
    """It did not: the target is what was said."""
    REPHRASED = "rephrased"
    """By the customer, later in the same goal segment."""
    REWRITTEN = "rewritten"
    """By us."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One wording of one customer in one place, and one target of it, over all such turns that were judged."""

    said: str
    """Canonical text."""
    prompt_kind: str
    """What the assistant had asked; empty: nothing."""
    room: str
    """Empty where it is not known."""
    way: Way
    target: str
    """Canonical text of what the assistant was handed in the end."""
    wording: str
    """The same as it was last written."""
    state: str
    """What the target was last taken for, where it succeeded if it ever did."""
    times: int
    """How often it was tried; of rephrases only those that succeeded are told."""
    successes: int
    last_day: date
    """UTC."""
    turn_id: str
    """The last such turn: of rephrases the one that worked."""
