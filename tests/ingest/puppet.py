"""Work in a thread of its own that moves only when it is told to, from one step to the next, and can be killed at any."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

Step = TypeVar("Step")

WAIT_S = 120.0
"""A step takes milliseconds, and seconds where a broker is asked on a busy machine."""


class Killed(BaseException):
    """The process is gone: not an error, so that nobody answers it."""


class Puppet(Generic[Step]):
    """One piece of work; of it and whoever moves it, one stands still at any moment, so that the same moves give the same ways."""

    def __init__(self, work: Callable[[Callable[[Step], None]], None]) -> None:
        """Work that has not begun; it is given what it calls after every step."""
        self._moves: SimpleQueue[bool] = SimpleQueue()
        self._told: SimpleQueue[Step | BaseException | None] = SimpleQueue()
        self._work = work
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def lives(self) -> bool:
        """Whether it may still be moved."""
        return self._thread.is_alive()

    def go(self) -> Step | None:
        """Let it take its next step; nothing where it has come to its end."""
        self._moves.put(True)
        told = self._told.get(timeout=WAIT_S)
        if told is None or isinstance(told, BaseException):
            self._thread.join(WAIT_S)
        if isinstance(told, BaseException):
            raise told
        return told

    def kill(self) -> None:
        """End it where it stands."""
        if self.lives:
            self._moves.put(False)
            self._thread.join(WAIT_S)

    def _run(self) -> None:
        try:
            self._wait()
            self._work(self._tell)
            self._told.put(None)
        except Killed:
            pass
        except BaseException as error:
            self._told.put(error)

    def _tell(self, step: Step) -> None:
        self._told.put(step)
        self._wait()

    def _wait(self) -> None:
        if not self._moves.get():
            raise Killed
