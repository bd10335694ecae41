"""Weights of buckets: chances of each point from what texts say, by a product and a softmax. How they are learnt is in `fit_linear`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from failure_point.grams import Grams

Floats = NDArray[np.float64]


def log_chances(weights: NDArray[np.float32], grams: Sequence[Grams]) -> Floats:
    """Log chances of cases: (case, class). `weights` are (bucket and one for the bias, class)."""
    sums = np.stack([_sum(weights, each) for each in grams]) if len(grams) else np.zeros((0, weights.shape[1]))
    top = sums.max(axis=1, keepdims=True, initial=-np.inf) if len(sums) else sums
    return np.asarray(sums - top - np.log(np.exp(sums - top).sum(axis=1, keepdims=True)), dtype=np.float64)


def known_share(weights: NDArray[np.float32], grams: Sequence[Grams]) -> Floats:
    """Share of the grams of each case that have a weight at all: how much of it was met before."""
    there: NDArray[np.bool_] = (weights != 0).max(axis=1)
    return np.array([there[each].mean() if len(each) else 0.0 for each in grams], dtype=np.float64)


def _sum(weights: NDArray[np.float32], grams: Grams) -> Floats:
    # Each case counts as one, however long its text is.
    scale = 1 / np.sqrt(len(grams)) if len(grams) else 0.0
    return np.asarray(weights[grams].sum(axis=0, dtype=np.float64) * scale + weights[-1], dtype=np.float64)
