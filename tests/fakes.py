"""Fakes: small real things that obey the contracts of the real ones. No mocks, no patching."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.builders import BASE


class FakeClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: datetime = BASE) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Go on by so many seconds."""
        self.now += timedelta(seconds=seconds)
