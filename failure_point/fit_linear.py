"""Learning weights of buckets: softmax regression over sparse rows. Training only; needs SciPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from failure_point.grams import BUCKETS, Grams

STEPS_MAX = 60
"""Of the minimiser: from there on the held-out loss no longer falls."""

DECAY = 2e-5
"""Of the squared weights, a row; chosen on voices that were set apart (docs/decisions/0023)."""


def fit_weights(
    grams: Sequence[Grams], points: NDArray[np.int64], *, classes: int, decay: float = DECAY, weights: NDArray[np.float64] | None = None
) -> NDArray[np.float32]:
    """Weights (bucket and the bias, class) for these rows; buckets that were not met stay zero."""
    rows, used = _matrix(grams)
    counts = np.ones(len(points)) if weights is None else weights
    counts = counts / counts.sum()
    truth = np.zeros((len(points), classes))
    truth[np.arange(len(points)), points] = 1.0
    width = rows.shape[1]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        found = flat.reshape(width, classes)
        sums = np.asarray(rows @ found)
        sums -= sums.max(axis=1, keepdims=True)
        logs = sums - np.log(np.exp(sums).sum(axis=1, keepdims=True))
        slope = np.asarray(rows.T @ ((np.exp(logs) - truth) * counts[:, None])) + 2 * decay * found
        return float(-(truth * logs).sum(axis=1) @ counts + decay * (found**2).sum()), slope.ravel()

    best = minimize(loss, np.zeros(width * classes), jac=True, method="L-BFGS-B", options={"maxiter": STEPS_MAX})
    learnt = np.zeros((BUCKETS + 1, classes), dtype=np.float32)
    learnt[[*used, BUCKETS]] = best.x.reshape(width, classes)
    return learnt


def _matrix(grams: Sequence[Grams]) -> tuple[csr_matrix, NDArray[np.int64]]:
    """The rows over the buckets that occur, and one column of ones."""
    lengths = np.array([len(each) for each in grams])
    flat = np.concatenate([np.append(each, BUCKETS) for each in grams])
    used, columns = np.unique(flat, return_inverse=True)
    values = np.concatenate([np.append(np.full(length, 1 / np.sqrt(max(length, 1))), 1.0) for length in lengths])
    starts = np.concatenate([[0], (lengths + 1).cumsum()])
    return csr_matrix((values, columns, starts), shape=(len(grams), len(used))), used[:-1].astype(np.int64)
