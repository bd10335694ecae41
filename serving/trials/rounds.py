"""Rounds of what a service does by itself, each on a thread of its own: to ask the lake takes longer than a veto may wait."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

EVERY_S = 10.0
"""Time between two rounds: labels come every few seconds where `resay stream` runs, and a round without trials is one small query."""

CLOSE_S = 5.0
"""How long stopping waits for a round that is under way."""


class Rounds:
    """Calls something again and again until it is closed."""

    def __init__(
        self, part: str, work: Callable[[], object], *, on_fault: Callable[[str, Exception], None], every_s: float = EVERY_S
    ) -> None:
        """Call `work`; `on_fault` hears what broke by the name of the part, and the next round is made all the same."""
        self._part = part
        self._work = work
        self._on_fault = on_fault
        self._every_s = every_s
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"resay-{part}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_S)

    def _run(self) -> None:
        # Not at once: what starts must answer first.
        while not self._closing.wait(self._every_s):
            try:
                self._work()
            except Exception as error:  # What was known holds on.
                self._on_fault(self._part, error)
                log.warning("round_failed part=%s error=%s", self._part, type(error).__name__)
