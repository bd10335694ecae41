"""Weights as bytes: a byte each with a scale a class, and only buckets that weigh anything. Knows arrays, and not what is weighed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from failure_point.grams import BUCKETS

STEPS = 127
"""Steps from nothing to the largest weight of a class."""

SLIGHT = 2
"""Steps up to which a weight of a reader is none: nine of ten are as slight, and what is read moves by a hundredth of its spread."""


def packed(name: str, weights: NDArray[np.float32], *, slight: int = 0) -> dict[str, NDArray[np.generic]]:
    """Weights (bucket and the bias, class) as arrays of a file."""
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-6) / STEPS
    steps = np.round(weights / scale).astype(np.int8)
    steps[np.abs(steps) <= slight] = 0
    there = np.flatnonzero(steps.any(axis=1))
    return {f"{name}_buckets": there.astype(np.uint32), f"{name}_weights": steps[there], f"{name}_scale": scale.astype(np.float32)}


def unpacked(kept: Mapping[str, NDArray[Any]], name: str, *, rows: int = BUCKETS + 1) -> NDArray[np.float32]:
    """Weights as they were packed."""
    scale = kept[f"{name}_scale"]
    spread = np.zeros((rows, len(scale)), dtype=np.float32)
    spread[kept[f"{name}_buckets"]] = kept[f"{name}_weights"] * scale
    return spread


def as_kept(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights as they will come out of a file."""
    return unpacked({**packed("", weights)}, "")
