"""Leanings: how what is meant by a wording leans on where and when it is said. Pure arithmetic over what was learnt.

A wording that means the same everywhere has none. Where nothing of a request's circumstances bears on a wording, nothing is told of it,
and all is as it would be without.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

AS_SAID = ""
"""The end of a turn that succeeds as it is said."""

NOT_KNOWN = "?"
"""The end of one that fails, and nobody knows what would have helped."""

OTHERS_LEAST = 0.02
"""Share of ends that are known, at least, over which those that are not are spread: a single success says little of many failures."""


@dataclass(frozen=True, slots=True)
class CueLeaning:
    """What one cue makes of a wording."""

    cue: str
    customers: int
    """Customers who count and said the wording there."""
    turns: float
    """Turns with the wording there; of no customer more than a few."""
    leans: tuple[float, ...]
    """Log odds that it adds to each end, nought where it says nothing."""


@dataclass(frozen=True, slots=True)
class Leaning:
    """Where one wording ends, and what that leans on."""

    text: str
    """Canonical text."""
    prompt_kind: str
    state: str
    """What it is mostly taken for as it is said; empty: it is refused."""
    ends: tuple[str, ...]
    """`AS_SAID`, states that enough customers came to, and `NOT_KNOWN`."""
    chances: tuple[float, ...]
    """Of each end, wherever it is said; they sum to one."""
    cues: tuple[CueLeaning, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What the circumstances of a request say of a wording."""

    leaning: Leaning
    cues: tuple[str, ...]
    """Those that bear on it here."""
    turns: float
    """Turns that stand behind the one that is known least."""
    as_said: float
    """Chance that it succeeds as it is said, here."""
    states: Mapping[str, float]
    """Chance of each state that other words reach to be what is wanted, here."""
    as_said_anywhere: float
    states_anywhere: Mapping[str, float]
    """The same wherever it is said."""

    def wanted(self, state: str) -> float:
        """Chance that a state is what is wanted here, by whatever words."""
        return self.states.get(state, 0.0) + (self.as_said if state == self.leaning.state else 0.0)

    def wanted_anywhere(self, state: str) -> float:
        """The same wherever it is said."""
        return self.states_anywhere.get(state, 0.0) + (self.as_said_anywhere if state == self.leaning.state else 0.0)


def told_by(leaning: Leaning, cues: Collection[str]) -> Told | None:
    """What is so here makes of a wording; nothing where none of it bears on it."""
    found = [each for each in leaning.cues if each.cue in cues]
    if not found:
        return None
    sums = [math.log(chance) + sum(each.leans[place] for each in found) for place, chance in enumerate(leaning.chances)]
    top = max(sums)
    raised = [math.exp(each - top) for each in sums]
    as_said, states = _spread(leaning.ends, [each / sum(raised) for each in raised])
    anywhere, states_anywhere = _spread(leaning.ends, leaning.chances)
    turns = min(each.turns for each in found)
    return Told(leaning, tuple(each.cue for each in found), turns, as_said, states, anywhere, states_anywhere)


def _spread(ends: Collection[str], chances: Collection[float]) -> tuple[float, Mapping[str, float]]:
    """The chance as said, and that of each state: whoever failed and was not heard again wanted what others wanted who failed."""
    by_end = dict(zip(ends, chances, strict=True))
    as_said, unknown = by_end.pop(AS_SAID, 0.0), by_end.pop(NOT_KNOWN, 0.0)
    known = max(sum(by_end.values()), OTHERS_LEAST)
    return as_said, {state: chance * (1 + unknown / known) for state, chance in by_end.items()}
