"""The hold-out: a small permanent share of eligible turns is never rewritten, so that success as said stays measurable."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC

from resay.dialogue.rewrite import Heard
from resay.dialogue.text import canonical

HOLD_OUT_SHARE = 0.02
"""Share of eligible turns: at 500 triggers a week ten still show how the original does, and 98 % of the gain is kept. That a rewrite loses
is seen in the turns that it was put into; what only the hold-out shows, that the assistant has learnt, makes it needless, not harmful."""

_DRAWS = 2**53
"""As many as a float tells apart, so that none is rounded up to 1."""


@dataclass(frozen=True, slots=True)
class HoldOut:
    """Which eligible turns pass through unchanged.

    Drawn by customer, words and day (UTC): whoever says the same again at once is answered the same, nobody carries the cost for longer
    than a day, and a customer's day is what records of success count by (`markov.trials`). Not by customer alone: arms of experiments are
    drawn so already. A request that is sent twice gets one answer.
    """

    share: float = HOLD_OUT_SHARE
    salt: str = "resay/hold-out/2"

    def at_least(self, share: float) -> HoldOut:
        """The same with a greater share, drawn so that who was held out before still is; nothing is held out where nothing is anyway."""
        return replace(self, share=share) if 0 < self.share < share else self

    def keeps(self, heard: Heard) -> bool:
        """Whether this turn is held out."""
        return drawn(heard, self.salt) < self.share


def drawn(heard: Heard, salt: str) -> float:
    """A number from 0 to just below 1 that is the same for a customer's words all day (UTC), and another one with another salt."""
    unit = "\0".join((heard.customer_id, canonical(heard.utterance), f"{heard.at.astimezone(UTC):%Y-%m-%d}"))
    digest = hashlib.blake2b(unit.encode("utf-8", "surrogatepass"), key=salt.encode()[:64], digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / _DRAWS


USUAL_HOLD_OUT = HoldOut()

NO_HOLD_OUT = HoldOut(share=0.0)
"""Holds nothing out: for people who ask what would be said, and for scoring."""
