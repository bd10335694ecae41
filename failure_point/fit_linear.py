"""Learning weights of buckets: softmax regression over sparse rows. Training only; needs SciPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from failure_point.grams import BUCKETS, Grams
from failure_point.reading import Lesson, Reader, text_grams, word_grams

STEPS_MAX = 60
"""Of the minimiser: from there on the held-out loss no longer falls."""

DECAY = 2e-5
"""Of the squared weights, a row; chosen on voices that were set apart (docs/decisions/0023)."""


READER_STEPS_MAX = 20
"""Of a reader: it has ten times the classes, and what it says is only compared."""


def fit_weights(
    grams: Sequence[Grams], points: NDArray[np.int64], *, classes: int, weights: NDArray[np.float64] | None = None, steps: int = STEPS_MAX
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
        slope = np.asarray(rows.T @ ((np.exp(logs) - truth) * counts[:, None])) + 2 * DECAY * found
        return float(-(truth * logs).sum(axis=1) @ counts + DECAY * (found**2).sum()), slope.ravel()

    best = minimize(loss, np.zeros(width * classes), jac=True, method="L-BFGS-B", options={"maxiter": steps})
    learnt = np.zeros((BUCKETS + 1, classes), dtype=np.float32)
    learnt[[*used, BUCKETS]] = best.x.reshape(width, classes)
    return learnt


def fit_reader(lessons: Sequence[Lesson]) -> Reader:
    """What texts are usually meant to be, learnt from these."""
    if not lessons:
        return Reader()
    intents, intent_of = np.unique([each.intent for each in lessons], return_inverse=True)
    counts = np.array([each.weight for each in lessons])
    texts = [text_grams(each.text) for each in lessons]
    by_text = fit_weights(texts, intent_of, classes=len(intents), weights=counts, steps=READER_STEPS_MAX)
    spelt = [each for each in lessons if each.slots]
    slots, slot_of = np.unique([slot for each in spelt for slot in each.slots], return_inverse=True)
    by_word = fit_weights([grams for each in spelt for grams in word_grams(each.text)], slot_of, classes=len(slots), steps=READER_STEPS_MAX)
    return Reader(tuple(intents.tolist()), by_text, tuple(slots.tolist()), by_word)


def _matrix(grams: Sequence[Grams]) -> tuple[csr_matrix, NDArray[np.int64]]:
    """The rows over the buckets that occur, and one column of ones."""
    lengths = np.array([len(each) for each in grams])
    flat = np.concatenate([np.append(each, BUCKETS) for each in grams])
    used, columns = np.unique(flat, return_inverse=True)
    values = np.concatenate([np.append(np.full(length, 1 / np.sqrt(max(length, 1))), 1.0) for length in lengths])
    starts = np.concatenate([[0], (lengths + 1).cumsum()])
    return csr_matrix((values, columns, starts), shape=(len(grams), len(used))), used[:-1].astype(np.int64)
