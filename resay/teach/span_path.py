"""The likeliest places of words and meaning in an utterance: one run of each, in either order, small talk around and between them.

Pure arithmetic over what a model says of each word; knows no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Part(IntEnum):
    """What a word of an utterance belongs to."""

    AROUND = 0
    WORDS = 1
    MEANING = 2


LABELS = 5
"""What a model tells apart: around; first word of the words, a further one; first word of the meaning, a further one."""

Logs = NDArray[np.float32]


def label_of(part: Part, *, first: bool) -> int:
    """The label of a word."""
    return 0 if part is Part.AROUND else 2 * part - 1 if first else 2 * part


@dataclass(frozen=True, slots=True)
class Path:
    """Which word belongs to what."""

    parts: tuple[Part, ...]
    log_chance: float
    """Logarithm of the chance that all of them are right, were they independent."""

    def run(self, part: Part) -> tuple[int, int] | None:
        """First word of a part, and the one behind its last."""
        places = [place for place, each in enumerate(self.parts) if each is part]
        return (places[0], places[-1] + 1) if places else None


def best_path(logs: Logs, orders: Sequence[tuple[Part, ...]]) -> Path | None:
    """The likeliest path with each part of one of the orders once; `logs` is (word, label)."""
    found = [path for order in orders if (path := _best_of(logs, order)) is not None]
    return max(found, key=lambda path: path.log_chance, default=None)


def _best_of(logs: Logs, order: tuple[Part, ...]) -> Path | None:
    """The likeliest path in one order. Stations are around, part, around, part, …; a part may follow a part at once."""
    if len(logs) < len(order):
        return None
    stations = 2 * len(order) + 1
    reached = np.full(stations, -np.inf)
    reached[0] = 0.0
    came: list[list[int]] = []
    for word in logs:
        before, steps = reached, []
        reached = np.full(stations, -np.inf)
        for station in range(stations):
            ways = _ways(station, order, before=before, word=word)
            reached[station], start = max(ways)
            steps.append(start)
        came.append(steps)
    last = int(max((stations - 1, stations - 2), key=lambda station: reached[station]))
    return Path(_walked(came, last, order), float(reached[last]))


def _ways(station: int, order: tuple[Part, ...], *, before: NDArray[np.float64], word: Logs) -> list[tuple[float, int]]:
    """Chances of standing at a station after a word, each with the station that it comes from."""
    if station % 2 == 0:
        starts = [station, station - 1] if station else [station]
        return [(float(before[start] + word[0]), start) for start in starts]
    part = order[station // 2]
    ways = [(float(before[station] + word[label_of(part, first=False)]), station)]
    starts = [start for start in (station - 1, station - 2) if start >= 0]
    return ways + [(float(before[start] + word[label_of(part, first=True)]), start) for start in starts]


def _walked(came: list[list[int]], last: int, order: tuple[Part, ...]) -> tuple[Part, ...]:
    parts = []
    station = last
    for steps in reversed(came):
        parts.append(Part.AROUND if station % 2 == 0 else order[station // 2])
        station = steps[station]
    return tuple(reversed(parts))
