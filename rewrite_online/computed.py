"""Layers that need nothing but memory and a core: they may be asked by whoever has no thread to spare, where what is asked is short.

Such a layer keeps to its time by itself, as its work is bounded by what is asked; one that reads from a store may hang, and never may.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from resay.dialogue.rewrite import Layer, Rewrite, RewriteRequest
from rewrite_online.rewriter import Live, RewriteLayer

COMPUTED = frozenset({Layer.GLOBAL})
"""Layers whose candidates cost milliseconds of a core and wait for nobody."""

HYPOTHESES_MAX = 4
"""Hypotheses of what counts as short: each costs a search of half a millisecond."""

CHARS_MAX = 200
"""Letters of all of them: some forty words."""


class Computed:
    """A layer that answers at once what is short."""

    def __init__(self, layer: RewriteLayer) -> None:
        self._layer = layer
        self.offers = layer.offers

    @property
    def layer(self) -> Layer:
        """Which layer it is."""
        return self._layer.layer

    def at_once(self, request: RewriteRequest) -> bool:
        """Whether what is asked is short."""
        return is_short(request) or self._layer.at_once(request)

    def candidates(self, request: RewriteRequest) -> Sequence[Rewrite]:
        """What the layer would say."""
        return self._layer.candidates(request)


def is_short(request: RewriteRequest) -> bool:
    """Whether looking for what was heard takes some milliseconds at most."""
    heard = request.heard
    texts = (heard.utterance, *(each.text for each in heard.hypotheses))
    return len(heard.hypotheses) <= HYPOTHESES_MAX and sum(map(len, texts)) <= CHARS_MAX


def computed(live: Callable[[], Live]) -> Callable[[], Live]:
    """What is live, for those who may take a core for milliseconds."""
    seen: tuple[Live, Live] | None = None

    def look() -> Live:
        nonlocal seen
        now, pair = live(), seen
        if pair is None or pair[0] is not now:
            layers = tuple(Computed(each) if each.layer in COMPUTED else each for each in now.layers)
            seen = pair = (now, replace(now, layers=layers))
        return pair[1]

    return look
