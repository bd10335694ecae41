"""The waiting line: requests whose answer must be waited for, a bounded number of them; whoever finds it full, or is late, is told so.

Knows threads and time; knows nothing of what is asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Answer = TypeVar("Answer")

THREADS = 2
"""Requests under way at once: a model keeps a core busy for each, and the event loop must not starve beside them."""

INSIDE_MAX = 12
"""Requests in the line, those under way included. At 3 to 4 ms each, two at a time, whoever comes behind twelve waits 25 ms or more: the
whole budget (`rewrite_online.deadline.BUDGET_S`). Better to know at once."""


class WaitingLine(Generic[Answer]):
    """A line before a few threads; to be used from one event loop."""

    def __init__(self, *, threads: int = THREADS, inside_max: int = INSIDE_MAX, clock: Callable[[], float] = time.perf_counter) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="resay-line")
        self._inside_max = inside_max
        self._inside = 0
        self._clock = clock

    @property
    def inside(self) -> int:
        """How many are in the line."""
        return self._inside

    async def answer(self, work: Callable[[float], Answer], *, budget_s: float) -> Answer | None:
        """What the work answers, given the time left; nothing where the line is full, or the answer is not there in time.

        Raises: whatever the work raises in time.
        """
        if self._inside >= self._inside_max:
            return None
        due = self._clock() + budget_s
        under_way = asyncio.get_running_loop().run_in_executor(self._pool, self._in_time, work, due)
        self._inside += 1
        under_way.add_done_callback(self._left)
        try:
            # What is late goes on by itself, and keeps its place until it ends.
            return await asyncio.wait_for(asyncio.shield(under_way), budget_s)
        except TimeoutError:
            if under_way.done() and not under_way.cancelled() and under_way.exception() is not None:
                raise  # The work's own time-out, not ours.
            return None

    def close(self) -> None:
        """Take no more; what is under way ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _in_time(self, work: Callable[[float], Answer], due: float) -> Answer | None:
        left_s = due - self._clock()
        return work(left_s) if left_s > 0 else None

    def _left(self, done: asyncio.Future[Answer | None]) -> None:
        self._inside -= 1
        if not done.cancelled():
            done.exception()  # Whoever waited has gone: an error behind their back is no news of the loop's.
