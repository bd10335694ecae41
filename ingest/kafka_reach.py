"""Whether the brokers answer, and saying so when that changes.

Knows nothing of brokers: whoever speaks to them tells it how that went.
"""

from __future__ import annotations

import time
from collections.abc import Callable

SPEAK_S = 60.0
"""Brokers that come and go are said to be away at most this often; an operator needs the first sentence, not the hundredth."""


class Reach:
    """Whether brokers could be reached when they were last spoken to."""

    def __init__(self, tell: Callable[[str], None] = lambda _sentence: None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.tell = tell
        """Says a sentence to people."""
        self._clock = clock
        self._heard = clock()
        self._spoke: float | None = None
        self._away = False
        self._said = False

    @property
    def up(self) -> bool:
        """Whether they answered last."""
        return not self._away

    def away(self, why: str) -> None:
        """They do not answer."""
        self._away = True
        now = self._clock()
        if self._said or (self._spoke is not None and now - self._spoke < SPEAK_S):
            return
        self._said, self._spoke = True, now
        self.tell(f"{why}; waiting until they do")

    def back(self) -> None:
        """They answer."""
        away_s, self._heard = self._clock() - self._heard, self._clock()
        if self._said:
            self.tell(f"brokers answer again; they were away for {away_s:,.0f} s")
        self._away = self._said = False
