"""The deadline: the moment an answer is due, and work that is given up when it passes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

Found = TypeVar("Found")

BUDGET_S = 0.025
"""Time for one answer: 25 ms (DESIGN 8), a tenth of what people notice as a delay in talk."""

PATIENT_BUDGET_S = 1.0
"""Time for an answer that a person waits for, who wants to see what would be said and not whether it would be in time."""

UNHURRIED_S = 600.0
"""Time for an answer that nobody waits for, longer than any machine takes: what comes out must not depend on what else it does."""

WORKERS_MAX = 4
"""Layers that may be under way on other threads at once, late ones included; beyond this they are skipped at once."""


class Late(Exception):
    """The work was not done by the deadline, or had no worker."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment an answer is due, by a clock that never goes back."""

    due: float
    clock: Callable[[], float]

    @property
    def left_s(self) -> float:
        """Budget left, in seconds; negative when late."""
        return self.due - self.clock()


class Workers:
    """A few threads for work that may be late; late work is left to end by itself, and holds its thread until then."""

    def __init__(self, workers_max: int = WORKERS_MAX) -> None:
        self._free = threading.Semaphore(workers_max)
        self._pool = ThreadPoolExecutor(workers_max, thread_name_prefix="resay-layer")

    def within(self, left_s: float, work: Callable[[], Found]) -> Found:
        """What the work finds, if it is done in time.

        Raises: Late, and whatever the work raises.
        """
        if not self._free.acquire(blocking=False):
            message = "all workers are busy"
            raise Late(message)
        under_way: Future[Found] = self._pool.submit(self._freeing, work)
        try:
            return under_way.result(timeout=max(left_s, 0.0))
        except TimeoutError as error:
            if under_way.done():
                raise  # The work's own time-out, not ours.
            message = "the deadline passed"
            raise Late(message) from error

    def _freeing(self, work: Callable[[], Found]) -> Found:
        # Before whoever waits is told: a callback runs behind that, and the next question would find the worker still taken.
        try:
            return work()
        finally:
            self._free.release()

    def close(self) -> None:
        """Take no more work; what is under way ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)
