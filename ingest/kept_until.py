"""Up to which moment all that a log held is kept, whoever reads its partitions. Knows positions and times; knows no broker.

A talk whose events lie in several partitions must not be told while one of them is behind: what it lacks may stand there. Nor is it enough
that nobody is behind just now, as under steady traffic that is never so. So each end is remembered with its time, until it is reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Ends:
    """Where all partitions of a log ended when that was asked for last."""

    positions: Mapping[str, int]
    age: timedelta
    """How long ago it was asked for."""


class KeptUntil:
    """Compares where partitions ended with how far they are kept, again and again."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._goals: dict[str, tuple[int, datetime]] = {}
        """An end of each partition that is not reached yet, or was when it was seen, and when that was."""
        self._until: dict[str, datetime] = {}
        self.is_behind = True
        """Whether something of the log was not kept at the last look."""

    def look(self, ends: Mapping[str, int], kept: Mapping[str, int], *, at: datetime) -> datetime | None:
        """Up to when all is kept, by where partitions ended at a moment, and where the next record of each is now; nothing if never yet."""
        for partition, end in ends.items():
            goal, seen = self._goals.setdefault(partition, (end, at))
            if kept[partition] >= goal:
                # One that is kept to its end now is so as of this look, else as of the goal that it has just reached.
                self._until[partition] = at if kept[partition] >= end else seen
                self._goals[partition] = (end, at)
        self.is_behind = any(kept[partition] < end for partition, end in ends.items()) or not ends
        return min(self._until[each] for each in ends) if ends and ends.keys() <= self._until.keys() else None
