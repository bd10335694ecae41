"""The rule for components that are too large to be solved exactly, and how much it leaves unknown.

Knows linear algebra; knows nothing of dialogue. Why this rule, and why its bound holds: docs/decisions/0013-huge-components.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from markov.chain import Indices, Vector

Entries = tuple[Indices, Indices, Vector]
"""Row, column and value of each cell that is not empty."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What is cut, and where."""

    states_max: int = 5_000
    """Largest component that is solved exactly. On heavy-tailed talk its factors take 2 s and 0.2 GB; of 50,000 states they take 80 times
    as many cells as of 5,000 (docs/log.md, 2026-11-21)."""
    chance_min: float = 1e-4
    """Branches of a walk less likely than this are dropped: of the three best states of a source none is missed by as much as 0.001."""
    tries_max: int = 64
    """Steps that talk is followed: where one try in ten ends the talk, 0.1 % of it is longer."""
    rounds_max: int = 500
    """Rounds in which success and failure are narrowed down; each costs as much as reading the component once."""
    abreast: int = 64
    """Sources whose walks are followed together; more are no faster, and their branches must all be in memory."""


CUT = Cut()
"""For talk."""

SURE = 1e-6
"""Success and failure that are known as well as this need no further rounds: counted weights are whole millionths."""


def absorbed_at_least(q: sparse.csr_array, r: Vector, *, cut: Cut) -> Vector:
    """Lower bounds of B = N R (state, 2); what is missing to one in a row is not known, and nothing else is.

    B is the least solution of b = R + Q b. Starting below it, every round stays below it and comes nearer.
    """
    low = r
    for _ in range(cut.rounds_max):
        low = r + q @ low
        if (1.0 - low.sum(axis=1)).max(initial=0.0) <= SURE:
            break
    return np.minimum(low, 1.0)


def exits_at_least(q: sparse.csr_array, success: Vector, starts: Indices, *, cut: Cut) -> Entries:
    """Lower bounds of N[s, t]·R[t, success] for each start s (start, state): sums over some of the ways from s to t."""
    likely = _without(q, below=cut.chance_min)
    found = [part for begin in range(0, len(starts), cut.abreast) for part in _followed(likely, success, starts, begin=begin, cut=cut)]
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    rows, columns, values = (np.concatenate([each[part] for each in found]) for part in range(3))
    return rows, columns, values


def _followed(q: sparse.csr_array, success: Vector, starts: Indices, *, begin: int, cut: Cut) -> Iterator[Entries]:
    """Some walks abreast, from the start that stands at `begin` on."""
    some = starts[begin : begin + cut.abreast]
    size = len(some), len(success)
    at = sparse.csr_array((np.ones(len(some)), (np.arange(len(some)), some)), shape=size)  # (walk, state)
    visits = at
    for _ in range(cut.tries_max):
        at = _without(sparse.csr_array(at @ q), below=cut.chance_min)
        if not at.nnz:
            break
        visits = visits + at
    through = sparse.coo_array(visits)
    ended = through.data * success[through.col]
    told = ended > 0
    yield (through.row[told] + begin).astype(np.int64), through.col[told].astype(np.int64), ended[told]


def _without(matrix: sparse.csr_array, *, below: float) -> sparse.csr_array:
    """The matrix without cells below a threshold; the matrix that was given stays as it is."""
    kept = matrix.data >= below
    ends = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr]
    return sparse.csr_array((matrix.data[kept], matrix.indices[kept], ends), shape=matrix.shape)
