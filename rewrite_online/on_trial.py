"""How far rewrites have come by their own evidence, as far as answers need to know: what is taken back, and what is said for a share first.

Knows ids and shares; who judges, and by what, is known elsewhere (`resay.experiment.promote`).
"""

from __future__ import annotations

from dataclasses import dataclass

from resay.dialogue.rewrite import Layer, Rewrite


@dataclass(frozen=True, slots=True)
class OnTrial:
    """What became of rewrites so far. Those of the table are on trial; what is taken back there, the global layer does not say either."""

    share: float = 1.0
    """Of the turns for which a rewrite is ready that is not promoted yet, how many it is put into."""
    promoted: frozenset[str] = frozenset()
    """Ids of those found better than as said: only the usual hold-out is kept from them."""
    taken_back: frozenset[str] = frozenset()
    """Ids of those that did harm."""

    def held_out(self, layer: Layer, rewrite: Rewrite) -> float:
        """The share of turns that must be held out for a rewrite to be tried."""
        return round(1.0 - self.share, 9) if layer is Layer.TABLE and rewrite.rewrite_id not in self.promoted else 0.0

    def refuses(self, layer: Layer, rewrite: Rewrite) -> bool:
        """Whether it must not be served any more."""
        return bool(self.taken_back) and layer in _JUDGED and rewrite.rewrite_id in self.taken_back


_JUDGED = frozenset({Layer.TABLE, Layer.GLOBAL})
"""What a customer taught, or succeeded with, is that customer's own."""

NO_TRIALS = OnTrial()
"""Everything is served as it is."""
