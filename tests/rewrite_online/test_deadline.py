"""The deadline: work that is given up when it passes, and workers that are free again for the next."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

from rewrite_online.deadline import Late, Workers
from tests.child import WAIT_S


@pytest.fixture
def hurried_threads() -> Iterator[None]:
    """Threads that take turns a thousand times as often: what only a busy machine shows is seen on any."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hurried_threads")
def test_a_worker_is_free_once_its_answer_is_known():
    """Who asks again at once is not told that all are busy."""
    workers = Workers(1)

    answers = [workers.within(WAIT_S, lambda place=place: place) for place in range(5_000)]

    workers.close()
    assert answers == list(range(5_000))


def test_late_work_keeps_its_worker_until_it_ends():
    """A layer that hangs takes no further threads; once it has ended, it is asked again."""
    workers, ended = Workers(1), threading.Event()
    with pytest.raises(Late, match="the deadline passed"):
        workers.within(0.0, lambda: ended.wait(WAIT_S))

    with pytest.raises(Late, match="all workers are busy"):
        workers.within(WAIT_S, lambda: True)
    ended.set()
    answered = _patiently(workers)

    workers.close()
    assert answered


def _patiently(workers: Workers) -> bool:
    wait = threading.Event()
    for _ in range(1_000):
        try:
            return workers.within(WAIT_S, lambda: True)
        except Late:
            wait.wait(WAIT_S / 1_000)
    return False
