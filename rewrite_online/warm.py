"""Warming: a generation is asked some questions before customers ask theirs, so that its pages are in memory and its models have run once.

Nothing of it is served, logged or counted. Knows no time limits: who calls says when it is enough.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice

from resay.dialogue.rewrite import BeforeRequest, Heard, Layer, RewriteRequest
from rewrite_online.global_layer import GlobalLayer
from rewrite_online.misheard import misheard
from rewrite_online.rewriter import Live

log = logging.getLogger(__name__)

TEXTS_MAX = 40
"""Texts that are asked of each kind: enough for all code and most pages of memory to be walked through, and a fraction of a second."""

ASKED_BY = "resay-warm-up"
"""Who asks: nobody of this name has a history."""

_OF_GENERATIONS = frozenset({Layer.TABLE, Layer.GLOBAL})
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def warm(live: Live, *, enough: Callable[[], bool]) -> int:
    """Ask the layers of a generation until it is enough, and say how often; what breaks here breaks again where it matters."""
    asked = 0
    for text in questions(live):
        for layer in live.layers:
            if enough():
                return asked
            if layer.layer in _OF_GENERATIONS:
                asked += 1
                try:
                    layer.candidates(request_of(text))
                except Exception:  # Whoever asks in earnest is told.
                    log.debug("warming_failed", exc_info=True)
    return asked


def questions(live: Live) -> Iterator[str]:
    """What customers may say to it: what the table rewrites, and words that are nearly those that it says."""
    for rewrite in islice(live.rewrites, TEXTS_MAX):
        yield rewrite.source
    for rewrite in islice(live.rewrites, TEXTS_MAX):
        yield misheard(rewrite.target)
    for layer in live.layers:
        if isinstance(layer, GlobalLayer):
            yield from (misheard(text) for text in layer.examples(TEXTS_MAX))


def request_of(text: str, *, at: datetime = _LONG_AGO) -> RewriteRequest:
    """A text as a question of nobody's."""
    return BeforeRequest(Heard(ASKED_BY, ASKED_BY, at, text))
