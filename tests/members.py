"""Members of a group in processes of their own; none of them outlives the test that started it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import TypeVar

WAIT_S = 300.0
"""A machine that runs other tests beside may be many times slower than a quiet one."""

Order = TypeVar("Order")


@contextmanager
def started_by(start: Callable[[Order], BaseProcess]) -> Iterator[Callable[[Order], BaseProcess]]:
    """Starts members in this way, and ends those that still run at the end."""
    started: list[BaseProcess] = []

    def begin(orders: Order) -> BaseProcess:
        started.append(start(orders))
        return started[-1]

    try:
        yield begin
    finally:
        for process in started:
            process.kill()
            process.join()


def wait_for(happens: Callable[[], bool]) -> None:
    """Wait until something happens."""
    deadline = time.monotonic() + WAIT_S
    while not happens():
        assert time.monotonic() < deadline, "what is waited for must happen in time"
        time.sleep(0.1)
