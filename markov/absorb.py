"""What follows from a chain: where talk ends, and through which state.

Knows linear algebra; knows nothing of dialogue. Solved exactly, component by component: N = (I − Q)⁻¹, B = N R.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import SuperLU, splu

from markov.chain import Chain, Indices, Vector


@dataclass(frozen=True, slots=True)
class Blocks:
    """How much is solved at a time."""

    states: int = 4_000
    """Small components are solved together up to so many states: one factorisation costs about as much for 1 state as for 1,000."""
    cells: int = 16_000_000
    """Cells of one dense block of solutions: 128 MB of doubles, so that the miner runs beside everything else on a laptop."""


BLOCKS = Blocks()
"""For a laptop."""

NEGLIGIBLE = 1e-12
"""Exit probabilities below this are rounding: doubles carry sixteen digits."""


def absorption(chain: Chain, *, blocks: Blocks = BLOCKS) -> Vector:
    """B = N R: the chance that talk in each state ends in success or in failure (state, 2); rows sum to one."""
    b = chain.r.copy()
    for states in _batches(chain, blocks.states):
        b[states] = _factorised(chain, states).solve(chain.r[states])
    return np.clip(b, 0.0, 1.0)


def exits(chain: Chain, sources: Sequence[int], *, blocks: Blocks = BLOCKS) -> sparse.csr_array:
    """N[s, t]·R[t, success]: the chance that talk beginning in s ends in success, and that t is the last state before (source, state).

    Rows follow `sources`, which are rows of the chain; each row sums to B[s, success].
    """
    places = np.asarray(sources, dtype=np.int64)
    batches = list(_batches(chain, blocks.states))
    found = [_alone(chain, places, batches)]
    for states in batches:
        found += list(_exits_within(chain, states, places, cells=blocks.cells))
    rows, columns, values = (np.concatenate([block[part] for block in found]) for part in range(3))
    return sparse.coo_array((values, (rows, columns)), shape=(len(places), len(chain.states))).tocsr()


def _batches(chain: Chain, least: int) -> Iterator[Indices]:
    """The states of whole components, many small components together; components of one state need no solving and are left out."""
    if not chain.states:
        return
    _, component = csgraph.connected_components(chain.q, directed=False)
    sizes = np.bincount(component)
    order = np.argsort(component, kind="stable")
    order = order[sizes[component[order]] > 1]
    if not len(order):
        return
    borders = np.flatnonzero(np.diff(component[order])) + 1
    begin = 0
    for end in [*borders.tolist(), len(order)]:
        if end - begin >= least or end == len(order):
            yield order[begin:end].astype(np.int64)
            begin = end


def _factorised(chain: Chain, states: Indices, *, transposed: bool = False) -> SuperLU:
    """The LU factors of I − Q, or of its transpose, over some whole components."""
    within = chain.q[states][:, states]
    matrix = sparse.eye_array(len(states), format="csc") - (within.T if transposed else within)
    return splu(sparse.csc_array(matrix))


def _alone(chain: Chain, places: Indices, batches: Sequence[Indices]) -> tuple[Indices, Indices, Vector]:
    """Sources whose component is themselves: N is 1, so that success is all theirs."""
    grouped = np.zeros(len(chain.states), dtype=bool)
    for states in batches:
        grouped[states] = True
    rows = np.flatnonzero(~grouped[places]) if len(places) else places
    return rows, places[rows], chain.r[places[rows], 0]


def _exits_within(chain: Chain, states: Indices, places: Indices, *, cells: int) -> Iterator[tuple[Indices, Indices, Vector]]:
    local = np.full(len(chain.states), -1, dtype=np.int64)
    local[states] = np.arange(len(states))
    rows = np.flatnonzero(local[places] >= 0) if len(places) else places
    if not len(rows):
        return
    factors = _factorised(chain, states, transposed=True)
    width = max(1, cells // len(states))
    for begin in range(0, len(rows), width):
        some = rows[begin : begin + width]
        starts = np.zeros((len(states), len(some)))
        starts[local[places[some]], np.arange(len(some))] = 1.0
        # A row of N solves (I − Q)ᵀ z = e_s; scaled by R it is the row of exit probabilities.
        through = factors.solve(starts) * chain.r[states, 0][:, None]  # (state, source)
        at, which = np.nonzero(through > NEGLIGIBLE)
        yield some[which], states[at], through[at, which]
