"""Learning which wording it was: least squares over grams of transcripts, in one solution. Training only; needs SciPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix

from failure_point.wording import TOLD, WIDTH, Spoken, Wordings, grams_of

DECAY = 1.0
"""Of the squared weights: as much as one recording."""

TIMES_MIN = 8
"""Recordings of a wording below which it is not known how it is misheard."""

ROWS_A_BATCH = 4_096
"""Recordings multiplied at a time: 67 MB."""


def fit_wordings(spoken: Sequence[Spoken]) -> Wordings:
    """The wordings of recordings; nothing where there are too few of any."""
    texts, which, times = np.unique([each.wording for each in spoken], return_inverse=True, return_counts=True)
    often = times >= TIMES_MIN
    if often.sum() < 2:
        return Wordings()
    named = np.cumsum(often) - 1
    kept = [(each, int(named[place])) for each, place in zip(spoken, which.tolist(), strict=True) if often[place]]
    shares = np.zeros((int(often.sum()), len(TOLD)), dtype=np.float32)
    for each, place in kept:
        if each.point in TOLD:
            shares[place, TOLD.index(each.point)] += 1
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1)
    return Wordings(tuple(texts[often].tolist()), shares, _solved(kept, int(often.sum())))


def _solved(kept: Sequence[tuple[Spoken, int]], wordings: int) -> NDArray[np.float32]:
    """Weights (bucket, wording) by which the sums of a recording are nearest to one for its wording and nothing for all others."""
    rows = _matrix([each for each, _ in kept])
    squares = np.eye(WIDTH, dtype=np.float32) * DECAY
    for start in range(0, rows.shape[0], ROWS_A_BATCH):
        some = rows[start : start + ROWS_A_BATCH].toarray()
        squares += some.T @ some
    truth = csr_matrix((np.ones(len(kept), dtype=np.float32), ([*range(len(kept))], [place for _, place in kept])), (len(kept), wordings))
    return np.asarray(cho_solve(cho_factor(squares, overwrite_a=True), (rows.T @ truth).toarray()), dtype=np.float32)


def _matrix(spoken: Sequence[Spoken]) -> csr_matrix:
    grams = [grams_of(each.transcripts) for each in spoken]
    starts = np.cumsum([0, *(len(buckets) for buckets, _ in grams)])
    columns, values = (np.concatenate(parts) for parts in zip(*grams, strict=True))
    return csr_matrix((values, columns, starts), shape=(len(grams), WIDTH), dtype=np.float32)
