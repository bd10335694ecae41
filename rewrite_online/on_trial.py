"""How far rewrites have come by their own evidence, as far as answers need to know: what is taken back, and what is said for a share first.

Knows ids, customers and shares; who judges, and by what, is known elsewhere (`resay.experiment.promote`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from resay.dialogue.rewrite import Heard, Layer, Rewrite

UNSAID_FOR = timedelta(days=28)
"""How long what a customer's own history offers stays unsaid once it broke its promise: nobody reviews it, and what failed while the
assistant was away must come back by itself."""


@dataclass(frozen=True, slots=True)
class OnTrial:
    """What became of rewrites so far. Those of the table are on trial; what is taken back there, the global layer does not say either."""

    share: float = 1.0
    """Of the turns for which a rewrite is ready that is not promoted yet, how many it is put into."""
    promoted: frozenset[str] = frozenset()
    """Ids of those found better than as said: only the usual hold-out is kept from them."""
    taken_back: frozenset[str] = frozenset()
    """Ids of those that did harm."""
    unsaid: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    """By customer and id: since when a rewrite of their own history is not said to them, UTC."""

    def held_out(self, layer: Layer, rewrite: Rewrite) -> float:
        """The share of turns that must be held out for a rewrite to be tried."""
        return round(1.0 - self.share, 9) if layer is Layer.TABLE and rewrite.rewrite_id not in self.promoted else 0.0

    def refuses(self, layer: Layer, rewrite: Rewrite, heard: Heard) -> bool:
        """Whether it must not be served any more, to this customer now."""
        if layer is Layer.PERSONAL:
            since = self.unsaid.get((heard.customer_id, rewrite.rewrite_id)) if self.unsaid else None
            return since is not None and heard.at < since + UNSAID_FOR
        return bool(self.taken_back) and layer in _JUDGED and rewrite.rewrite_id in self.taken_back


_JUDGED = frozenset({Layer.TABLE, Layer.GLOBAL})
"""What a customer taught is that customer's word."""

NO_TRIALS = OnTrial()
"""Everything is served as it is."""
