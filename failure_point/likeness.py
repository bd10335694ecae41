"""Texts whose failure points are known, to compare others with: how near the nearest of each point are, and what the nearest ones came to.

Made of examples that may ship, and a part of the model. Texts of an assistant that it never met are near none of them, and it says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist

from failure_point.case import Case
from failure_point.measures import plain, sound
from failure_point.point import POINTS
from resay.dialogue.turn import ResponseStatus, said

TEXTS_MAX = 16_000
"""Texts kept, those of most turns first: half a megabyte, and two milliseconds a turn."""

NEAREST = 12
SHARPNESS = 10.0
"""How much more the nearest count: their likeness to this power."""

ROWS_A_BATCH = 128

WAYS = ("done", "refused", "untold")
"""What the log says became of a turn; texts are compared with those of which it says the same, and with what was done."""

NAMES = (
    *(f"like {point.value}" for point in POINTS),
    "like any",
    "like many",
    *(f"nearest {point.value}" for point in POINTS),
    "nearest done",
    "nearest done by sound",
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """The texts, each with how it went and how often it failed where."""

    texts: tuple[str, ...]
    ways: NDArray[np.uint8]
    """Places in `WAYS`."""
    counts: NDArray[np.uint16]
    """(text, point)."""

    def told(self, keys: Sequence[tuple[str, int]]) -> Floats:
        """What is known of texts that went in some way: (text, name)."""
        found: dict[tuple[str, int], Floats] = {}
        for way in range(len(WAYS)):
            found |= self._told(way, sorted({text for text, its in keys if its == way}))
        return np.stack([found[key] for key in keys]) if keys else np.zeros((0, len(NAMES)))

    def _told(self, way: int, texts: Sequence[str]) -> dict[tuple[str, int], Floats]:
        mine = np.flatnonzero(self.ways == way)
        done = np.flatnonzero(self.ways == 0)
        told: dict[tuple[str, int], Floats] = {}
        spelt = [[self.texts[place] for place in places] for places in (mine, done)]
        sounds = [[sound(text) for text in each] for each in spelt]
        shares = self.counts[mine] / np.sqrt(np.maximum(self.counts[mine].sum(axis=1, keepdims=True), 1))
        for start in range(0, len(texts), ROWS_A_BATCH):
            some = texts[start : start + ROWS_A_BATCH]
            heard = [sound(text) for text in some]
            near, like = _alike(some, spelt[0]), _alike(heard, sounds[0])
            good, good_like = _alike(some, spelt[1]), _alike(heard, sounds[1])
            for row, text in enumerate(some):
                body = _weighed((near[row] + like[row]) / 2, shares)
                told[text, way] = np.array([*body, good[row].max(initial=0.0), good_like[row].max(initial=0.0)])
        return told


def key_of(case: Case) -> tuple[str, int]:
    """A case as it is compared: its text, and how it went."""
    status = case.turn.response.status if case.turn.response else ResponseStatus.NONE
    way = {ResponseStatus.DONE: 0, ResponseStatus.FAILED: 1, ResponseStatus.UNSUPPORTED: 1}.get(status, 2)
    return plain(said(case.turn)), way


def likeness_of(keys: Iterable[tuple[str, int]], points: NDArray[np.int64]) -> Likeness:
    """The texts of known turns; where there are too many, the rarest are left out."""
    counts: dict[tuple[str, int], NDArray[np.int64]] = defaultdict(lambda: np.zeros(len(POINTS), dtype=np.int64))
    for key, point in zip(keys, points.tolist(), strict=True):
        counts[key][point] += 1
    kept = sorted(counts, key=lambda key: (-int(counts[key].sum()), key))[:TEXTS_MAX]
    table = np.array([counts[key] for key in kept]).reshape(len(kept), len(POINTS))
    return Likeness(
        tuple(text for text, _ in kept), np.array([way for _, way in kept], dtype=np.uint8), table.clip(0, 65_535).astype(np.uint16)
    )


def _weighed(near: NDArray[np.float32], shares: Floats) -> Floats:
    """What the nearest came to, how near the nearest is, how many are near, and how near the nearest of each point."""
    if not len(near):
        return np.concatenate([np.full(len(POINTS), -np.log(len(POINTS))), [0.0, np.log(0.02 * len(POINTS))], np.zeros(len(POINTS))])
    size = min(NEAREST, len(near))
    top = np.argpartition(-near, size - 1)[:size]
    votes = (near[top].astype(np.float64) ** SHARPNESS) @ shares[top] + 0.02
    nearest = np.where(shares > 0, near[:, None], 0).max(axis=0)
    return np.concatenate([np.log(votes / votes.sum()), [near.max(), np.log(votes.sum())], nearest])


def _alike(texts: Sequence[str], others: Sequence[str]) -> NDArray[np.float32]:
    if not others:
        return np.zeros((len(texts), 0), dtype=np.float32)
    return np.asarray(cdist(texts, others, scorer=Indel.normalized_similarity, dtype=np.float32))
