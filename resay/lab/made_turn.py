"""A turn of made-up talk with the labels that a log would have of it, and the links between turns: for talk that needs no world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Outcome = Literal["success", "failure", "censored"]


@dataclass(frozen=True, slots=True)
class MadeTurn:
    """One turn, as it is written to a lake."""

    turn_id: str
    customer: str
    at: datetime
    """Event time, UTC."""
    text: str
    """What the NLU was given."""
    reading: str | None
    """`domain|intent|slots`; nothing: it was not understood."""
    outcome: Outcome | None
    """By the labels; nothing: it was not labelled."""
    segment: str
    """Its goal segment; empty: it is in none."""
    kind: str = ""
    """What the assistant had just asked."""
    room: str = ""
    customer_kind: str = "account"
    original: str | None = None
    """What was said, where we had rewritten it."""


@dataclass(frozen=True, slots=True)
class MadeLink:
    """That one turn says another again, as a detector sees it."""

    source: MadeTurn
    target: MadeTurn
    probability: float
    detector: str = "made-up/1"


@dataclass(frozen=True, slots=True)
class MadeTalk:
    """Turns and the links between them."""

    turns: tuple[MadeTurn, ...] = ()
    links: tuple[MadeLink, ...] = ()

    def __add__(self, other: MadeTalk) -> MadeTalk:
        return MadeTalk(self.turns + other.turns, self.links + other.links)
