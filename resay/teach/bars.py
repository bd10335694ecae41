"""Bars: above which chance what is understood holds at once, and above which it is asked. Pure arithmetic over what a model answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HELD_WRONGLY_MAX = 0.01
"""Share of teachings that may hold at once though they are misunderstood: a mistake that is heard in the confirmation, and is put right."""

TALK_HELD_MAX, TALK_ASKED_MAX = 0.01, 0.2
"""Shares of ordinary talk that may be taken for a teaching, and that may be asked about. The talk that is made is mostly made to be
mistaken, since 2026-11-23 twice as much of it, so that a fifth is where a tenth was: asking about less loses teachings (docs/log.md)."""


@dataclass(frozen=True, slots=True)
class Bars:
    """What the chance of a reading, of kind and places together, must pass."""

    sure: float
    """Above it holds at once."""
    guess: float
    """Above it is asked whether it shall."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model made of an utterance of which it is known what it is."""

    chance: float
    teaches: bool
    """Whether it is a teaching."""
    right: bool
    """Whether it was read as it was meant."""


def choose_bars(readings: Sequence[Reading]) -> Bars:
    """The lowest bars that keep within the shares above."""
    taught = [each for each in readings if each.teaches]
    talk = [each.chance for each in readings if not each.teaches]
    wrong = [each.chance for each in taught if not each.right]
    sure = max(_above(wrong, HELD_WRONGLY_MAX * len(taught)), _above(talk, TALK_HELD_MAX * len(talk)))
    return Bars(sure, min(sure, _above(talk, TALK_ASKED_MAX * len(talk))))


def _above(chances: Sequence[float], most: float) -> float:
    """A bar that so many of these chances pass at most."""
    barred = sorted(chances, reverse=True)[int(most) :]
    return barred[0] if barred else 0.0
