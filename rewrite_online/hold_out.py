"""The hold-out: a small permanent share of eligible turns is never rewritten, so that success as said stays measurable."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

HOLD_OUT_SHARE = 0.02
"""Share of eligible turns: at 500 triggers a week ten still show how the original does, and 98 % of the gain is kept."""

_DRAWS = 2**64


@dataclass(frozen=True, slots=True)
class HoldOut:
    """Which eligible turns pass through unchanged.

    Drawn by turn and not by customer: arms of experiments are drawn by customer already, and no one person is to carry the cost for good.
    The same turn always draws the same, so that a request that is sent twice gets one answer.
    """

    share: float = HOLD_OUT_SHARE
    salt: str = "resay/hold-out/1"

    def keeps(self, turn_id: str) -> bool:
        """Whether this turn is held out."""
        drawn = hashlib.blake2b(turn_id.encode("utf-8", "surrogatepass"), key=self.salt.encode()[:64], digest_size=8).digest()
        return int.from_bytes(drawn) < self.share * _DRAWS


USUAL_HOLD_OUT = HoldOut()

NO_HOLD_OUT = HoldOut(share=0.0)
"""Holds nothing out: for people who ask what would be said, and for scoring."""
