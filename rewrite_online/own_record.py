"""What its own record makes of a candidate's chances: the ranker's guess, and then what came of it when it was said.

A ranker has seen words like these; the record is of these words, or of what is written nearly like them. Pure arithmetic.
"""

from __future__ import annotations

from resay.dialogue.wording import Fared, Wording

RANKER_TURNS = 4.0
"""Turns that the ranker's chance is worth: four that fail stop what it was sure of, and a dozen that succeed lift what it doubted."""

NEAR_SHARE = 0.5
"""How much a turn with a text that is written nearly like this one says of it: in mid between nothing and all."""

SAID_TURNS_MAX = 40.0
"""Turns with a wording as it is said that weigh, at most: beyond, the ranker has no say at all."""


def record_of(wording: Wording | None, state: str, *, is_near: bool) -> Fared | None:
    """How it fared when this state was reached in place of a wording, or of what is near to it; nothing where that is not known."""
    if wording is None:
        return None
    return next((each for each in wording.fared if each.state == state and each.is_near == is_near), None)


def chance_by_record(chance: float, fared: Fared | None) -> float:
    """A candidate's chance of success, once its record is known."""
    if fared is None:
        return chance
    share = NEAR_SHARE if fared.is_near else 1.0
    return (RANKER_TURNS * chance + share * fared.wins) / (RANKER_TURNS + share * (fared.wins + fared.losses))


def chance_as_said(chance: float, said: Wording | None) -> float:
    """The chance of the words as they were heard, once it is known how they fare lately; never less than the ranker says.

    What succeeds as it is said must not be rewritten, whatever a ranker thinks of words like these; that it fails, the ranker sees.
    """
    if said is None or not said.state:
        return chance
    turns = min(said.times, SAID_TURNS_MAX)
    return max(chance, (RANKER_TURNS * chance + turns * said.success) / (RANKER_TURNS + turns))
