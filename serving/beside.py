"""Beside: work that keeps a core busy and lets the interpreter go, done on a thread while the event loop serves others.

Knows threads and time; knows nothing of what is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

THREADS = 1
"""Works under way at once: of two cores the other is the event loop's."""

INSIDE_MAX = 6
"""Works that wait or are under way: at some 3.6 ms each, whoever comes behind six waits as long as the usual budget. Better to know at
once."""


class Beside:
    """A thread beside an event loop; to be used from one loop."""

    def __init__(self, *, threads: int = THREADS, inside_max: int = INSIDE_MAX) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="resay-beside")
        self._inside_max = inside_max
        self._inside = 0

    @property
    def inside(self) -> int:
        """How many wait or are under way."""
        return self._inside

    def begin(self, work: Callable[[], object]) -> asyncio.Future[object] | None:
        """Begin some work; nothing where too much waits already."""
        if self._inside >= self._inside_max:
            return None
        under_way = asyncio.get_running_loop().run_in_executor(self._pool, work)
        self._inside += 1
        under_way.add_done_callback(self._left)
        return under_way

    def close(self) -> None:
        """Take no more; what is under way ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _left(self, done: asyncio.Future[object]) -> None:
        self._inside -= 1
        if not done.cancelled():
            done.exception()  # Whoever needs what was made makes it again, and meets the error there.
