"""Exploration: on a small share of turns a rewrite that just misses the bar is said all the same, so that what is doubted is found out.

What the gate never lets through never gets a record, and stays doubted for good. Knows neither why something was a near miss nor what comes
of it: outcomes are labels, and records are `markov.own_record`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Heard, Risk
from rewrite_online.hold_out import drawn

SHARE_LOW = 0.01
"""Share of near misses of low risk: one in a hundred. What it costs and finds in the loop stands in docs/log.md, 2026-11-22."""

SHARE_MAX = 0.05
"""No operator can ask for more: whoever is tried on did not ask to be."""


class TooMuchExploring(ResayError):
    """More turns would be tried on than anybody may ask for."""


@dataclass(frozen=True, slots=True)
class Exploration:
    """Which near misses are said.

    Drawn by customer, words and day, as the hold-out is and apart from it. Risky actions are never tried, whatever share is set.
    """

    low: float = SHARE_LOW
    """Share of near misses of low risk; none of high risk ever."""
    salt: str = "resay/explore/1"

    def __post_init__(self) -> None:
        """Refuse a share that is no small one.

        Raises: TooMuchExploring.
        """
        if not 0.0 <= self.low <= SHARE_MAX:
            message = f"the share of near misses that are tried must be from 0 to {SHARE_MAX:g}; got {self.low:g}; is it meant in percent?"
            raise TooMuchExploring(message)

    def share(self, risk: Risk) -> float:
        """The share of near misses of a class of risk."""
        return self._shares[risk]

    def tries(self, heard: Heard, risk: Risk) -> bool:
        """Whether a near miss is said on this turn."""
        return drawn(heard, self.salt) < self.share(risk)

    @property
    def _shares(self) -> Mapping[Risk, float]:
        return {Risk.LOW: self.low, Risk.HIGH: 0.0}


USUAL_EXPLORATION = Exploration()

NO_EXPLORATION = Exploration(low=0.0)
"""Tries nothing: for people who ask what would be said, and for scoring what is sure."""
