"""Rate limits: how many requests a second each key is answered, by one replica. Knows numbers and time; knows nothing of requests."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from serving.keyring import Caller

BURST_S = 2.0
"""How many seconds' worth may come at once: assistants ask in bursts when people come home."""

CALLERS_MAX = 10_000
"""Callers that are remembered, the oldest goes first: keys that were revoked long ago need no place."""


class RateLimit:
    """A bucket of requests for each caller, which fills at its rate. For one event loop."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """By this clock, in seconds."""
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def has_room(self, caller: Caller) -> bool:
        """Whether a request of theirs might go on by now; nothing is counted."""
        left, _ = self._filled(caller)
        return not caller.rate or left >= 1

    def wait_s(self, caller: Caller) -> int:
        """0 where a request of theirs may go on, which is counted; else in how many whole seconds one may."""
        if not caller.rate:
            return 0
        left, now = self._filled(caller)
        goes_on = left >= 1
        # Taken out first, so that whoever asked last stands last.
        self._left.pop(caller.key_id, None)
        self._left[caller.key_id] = (left - 1 if goes_on else left, now)
        while len(self._left) > CALLERS_MAX:
            del self._left[next(iter(self._left))]
        return 0 if goes_on else max(1, math.ceil((1 - left) / caller.rate))

    def _filled(self, caller: Caller) -> tuple[float, float]:
        """What is in their bucket by now, and what time that is."""
        now, most = self._clock(), max(1.0, caller.rate * BURST_S)
        left, at = self._left.get(caller.key_id, (most, now))
        return min(most, left + (now - at) * caller.rate), now
