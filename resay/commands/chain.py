"""A chain of steps, each on a thread of its own, until it is stopped, breaks, or has nothing left to do.

Nothing is pushed from one step to the next: each takes what lies in the lake at its own speed, so nothing can overflow between them.
Knows nothing of what the steps do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

PAUSE_S = 0.5
"""How long a step that found nothing waits before it looks again: a look costs some 20 ms, so that it is under a twentieth of the time."""

WATCH_S = 0.05
"""How often the chain asks whether it is to stop."""

END_S = 300.0
"""How long steps may take to come to a commit once they are asked to stop; learning from millions of turns takes minutes."""


class Found(Enum):
    """What a step found to do."""

    WORK = "work"
    """And it is done."""
    WORK_LATER = "work_later"
    """And its time has not come."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a chain."""

    name: str
    run: Callable[[], Found]
    """Do what there is, to the next commit."""
    waits: bool = False
    """Whether it waits for work itself, and comes back only at the end: it tells its work by `Chain.touch`."""


class Chain:
    """Runs steps side by side."""

    def __init__(self, *, stop: Callable[[], bool], until_idle_s: float | None = None) -> None:
        self._asked, self._until_idle_s = stop, until_idle_s
        self._ended = threading.Event()
        self._busy = time.monotonic()
        self._idle: dict[str, float] = {}
        """When each step last began to look and then found nothing."""
        self._faults: list[BaseException] = []

    def stopping(self) -> bool:
        """Whether steps are to come to an end."""
        return self._ended.is_set() or self._asked()

    def touch(self) -> None:
        """There was work just now."""
        self._busy = time.monotonic()

    def run(self, steps: Sequence[Step]) -> None:
        """Run until stopped, idle or broken; all steps have ended when it comes back, unless it was interrupted a second time.

        Raises: what a step raised first.
        """
        threads = [threading.Thread(target=self._keep_running, args=(step,), name=f"resay-{step.name}", daemon=True) for step in steps]
        for thread in threads:
            thread.start()
        try:
            while not self.stopping() and not self._has_idled([step for step in steps if not step.waits]):
                self._ended.wait(WATCH_S)
        finally:
            self._ended.set()
        for thread in threads:
            thread.join(END_S)
        if self._faults:
            raise self._faults[0]

    def _keep_running(self, step: Step) -> None:
        try:
            while not self.stopping():
                began = time.monotonic()
                found = step.run()
                if found is Found.NOTHING:
                    self._idle[step.name] = began
                else:
                    self.touch()
                if found is not Found.WORK:
                    self._ended.wait(PAUSE_S)
        except BaseException as error:
            # Raised again by `run`, on the caller's thread.
            self._faults.append(error)
        finally:
            if step.waits or self._faults:
                self._ended.set()

    def _has_idled(self, steps: Sequence[Step]) -> bool:
        """Whether every step has looked in vain since there was work last, and that is long enough ago."""
        if self._until_idle_s is None or time.monotonic() - self._busy < self._until_idle_s:
            return False
        return all(self._idle.get(step.name, 0.0) > self._busy for step in steps)
