"""The core line: requests that need nothing but a core for some milliseconds, taken one by one on the event loop.

A hop to another thread and back costs more than it gains where the interpreter lets one thread run at a time. Between two of them the loop
goes round once, so that whoever is answered from memory never stands behind more than one. Knows time; knows nothing of what is asked.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

INSIDE_MAX = 12
"""Requests in the line: at some 3 ms each, whoever comes behind twelve would wait longer than the usual budget. Better to know at once."""


class CoreLine:
    """A line before the event loop itself; to be used from one loop."""

    def __init__(self, *, inside_max: int = INSIDE_MAX, clock: Callable[[], float] = time.perf_counter) -> None:
        self._inside_max = inside_max
        self._clock = clock
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_called = False

    @property
    def inside(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    def at_once(self) -> bool:
        """Take a turn without waiting, if nobody waits and nobody had one since the loop last went round."""
        if self._waiting or self._is_called:
            return False
        self._call_next()
        return True

    async def turn(self, *, budget_s: float) -> float:
        """Wait for one's turn; the time left when it comes, or nought where the line is full or the time is up.

        Whoever has a turn does their work before they wait for anything else.
        """
        if len(self._waiting) >= self._inside_max:
            return 0.0
        due = self._clock() + budget_s
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._call_next()
        await turn
        return max(0.0, due - self._clock())

    def _call_next(self) -> None:
        if not self._is_called:
            self._is_called = True
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        self._is_called = False
        if not self._waiting:
            return
        turn = self._waiting.popleft()
        # Whoever has hung up meanwhile is passed over.
        if not turn.done():
            turn.set_result(None)
        self._call_next()
