"""How long work tells how far it is, to whoever watches."""

from __future__ import annotations

from typing import Protocol


class Tick(Protocol):
    """Told now and then how much is done."""

    def __call__(self, done: int, total: int | None = None) -> None:
        """So much is done, of so much where it is known."""


def silent(done: int, total: int | None = None) -> None:
    """A tick that nobody sees."""
