"""Being asked to stop, by Ctrl-C or SIGTERM: an interruption that nothing swallows, or a question asked between commits."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ENDING = (signal.SIGTERM, signal.SIGINT)
"""Signals that ask a command to end."""


class Interruption:
    """The handler of a command's signals: raises KeyboardInterrupt wherever the program stands, and remembers that it did.

    Libraries that call Python from C lose what is raised within them (pyarrow, while it looks for a module) or give it another name
    (DuckDB: "Query interrupted"). So whoever catches an error asks `came`, and long work asks `raise_if_lost` at each step.
    """

    def __init__(self) -> None:
        self.came = False

    def __call__(self, _number: int, _frame: object) -> None:
        """Remember, and raise KeyboardInterrupt."""
        self.came = True
        raise KeyboardInterrupt

    def install(self) -> None:
        """From here on SIGTERM and Ctrl-C interrupt."""
        for number in ENDING:
            signal.signal(number, self)


def raise_if_lost() -> None:
    """Raise KeyboardInterrupt if this process was interrupted before, and goes on all the same."""
    handler = signal.getsignal(signal.SIGINT)
    if isinstance(handler, Interruption) and handler.came:
        raise KeyboardInterrupt


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """A block in which SIGTERM and the first Ctrl-C ask to stop, between commits; the second one interrupts. Gives the question."""
    asked: list[int] = []

    def ask(number: int, _frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    before = {number: signal.signal(number, ask) for number in ENDING}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
