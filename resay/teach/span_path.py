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


SCORES = 6
"""What a model says of a word: of the words and then of the meaning, how much speaks for it being within, their first, and their last."""

Scores = NDArray[np.float32]
Run = tuple[int, int]
"""First word of a part, and the one behind its last."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parts stand."""

    runs: dict[Part, Run]
    log_chance: float
    """Logarithm of their chance, among all places that the parts could have."""


def best_places(scores: Scores, orders: Sequence[tuple[Part, ...]]) -> Places | None:
    """The likeliest places with each part of one of the orders once; `scores` is (word, score)."""
    by_part = {part: run_scores(scores, part) for order in orders for part in order}
    found = [_best_of(by_part, order) for order in orders if len(scores) >= len(order)]
    if not found:
        return None
    runs, best = max(found, key=lambda each: each[1])
    whole = np.logaddexp.reduce([_whole_of(by_part, order) for order in orders])
    return Places(runs, float(best - whole))


def run_scores(scores: Scores, part: Part) -> NDArray[np.float64]:
    """What speaks for each run of a part: (first word, last word); nothing for those that end before they begin."""
    within, first, last = (scores[:, 3 * (part - 1) + place].astype(np.float64) for place in range(3))
    sums = np.concatenate([[0.0], np.cumsum(within)])
    runs = sums[None, 1:] - sums[:-1, None] + first[:, None] + last[None, :]
    return np.where(np.tri(len(scores), dtype=bool).T, runs, -np.inf)


def _best_of(by_part: dict[Part, NDArray[np.float64]], order: tuple[Part, ...]) -> tuple[dict[Part, Run], float]:
    """The best runs in one order, of one part or of two."""
    if len(order) == 1:
        runs = by_part[order[0]]
        place = _place(runs)
        return {order[0]: (place[0], place[1] + 1)}, float(runs[place])
    before, after = by_part[order[0]], by_part[order[1]]
    ending = np.maximum.accumulate(before.max(axis=0))[:-1]  # The best run that has ended at a word,
    beginning = np.maximum.accumulate(after.max(axis=1)[::-1])[::-1][1:]  # and the best that begins behind it.
    split = int(np.argmax(ending + beginning)) + 1
    one, other = _place(before[:split, :split]), _place(after[split:, split:])
    runs_found = {order[0]: (one[0], one[1] + 1), order[1]: (other[0] + split, other[1] + split + 1)}
    return runs_found, float(ending[split - 1] + beginning[split - 1])


def _whole_of(by_part: dict[Part, NDArray[np.float64]], order: tuple[Part, ...]) -> float:
    """Logarithm of the sum over all runs in one order."""
    if len(order) == 1:
        return float(np.logaddexp.reduce(by_part[order[0]], axis=None))
    before, after = by_part[order[0]], by_part[order[1]]
    if len(before) < len(order):
        return -np.inf
    ending = np.logaddexp.reduce(before, axis=0)[:-1]  # All runs that end at a word,
    beginning = np.logaddexp.accumulate(np.logaddexp.reduce(after, axis=1)[::-1])[::-1][1:]  # and all that begin behind it.
    return float(np.logaddexp.reduce(ending + beginning))


def _place(runs: NDArray[np.float64]) -> tuple[int, int]:
    place = np.unravel_index(int(np.argmax(runs)), runs.shape)
    return int(place[0]), int(place[1])
