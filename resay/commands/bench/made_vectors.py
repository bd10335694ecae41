"""Vectors that stand for those of many texts, made around those of few.

They are moved on by what tells two others apart, at most half of it: they keep the few hundred directions in which texts differ, and lie
a little closer together than texts do (docs/log.md, 2026-11-22).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

_BLOCK = 50_000


def made_vectors(known: Vectors, around: NDArray[np.int64], rng: np.random.Generator) -> Vectors:
    """Vectors of length one, each around the one that is known at its place."""
    made = np.empty((len(around), known.shape[1]), dtype=np.float32)
    for begin in range(0, len(around), _BLOCK):
        at = around[begin : begin + _BLOCK]
        to, away = (rng.integers(0, len(known), len(at)) for _ in range(2))
        moved = known[at] + rng.uniform(0, 0.5, (len(at), 1)).astype(np.float32) * (known[to] - known[away])
        made[begin : begin + len(at)] = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return made
