"""Whole components of a chain: no step leads out of one, so that each can be solved by itself.

Knows which components are solved together, and which are too large for it; not how anything is solved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from markov.chain import Chain, Indices
from markov.cut import CUT, Cut


@dataclass(frozen=True, slots=True)
class Blocks:
    """How much is solved at a time, and how much of it exactly."""

    states: int = 4_000
    """Small components are solved together up to so many states: one factorisation costs about as much for 1 state as for 1,000."""
    cells: int = 16_000_000
    """Cells of one dense block of solutions: 128 MB of doubles, so that the miner runs beside everything else on a laptop."""
    sources: int = 4_000
    """Sources of one component in one part: some seconds of work, so that the workers of a cluster share a huge component."""
    cut: Cut = CUT


BLOCKS = Blocks()
"""For a laptop."""


@dataclass(frozen=True, slots=True)
class Group:
    """Components that are solved together."""

    states: Indices
    """Their states, as rows of the chain."""
    q: sparse.csr_array
    """Q among them; rows and columns follow `states`."""
    cut: Cut | None
    """How it is cut, where it is one component that is too large to be solved exactly."""


def groups_of(chain: Chain, *, blocks: Blocks = BLOCKS) -> Iterator[Group]:
    """All components of a chain in groups; those of one state need no solving and are left out."""
    if not chain.states:
        return
    _, component = csgraph.connected_components(chain.q, directed=False)
    sizes = np.bincount(component)
    order = np.argsort(component, kind="stable").astype(np.int64)
    order = order[sizes[component[order]] > 1]
    ordered = sparse.csr_array(chain.q[order][:, order])
    for begin, end, cut in _borders(np.cumsum(sizes[sizes > 1]).tolist(), blocks):
        steps = slice(ordered.indptr[begin], ordered.indptr[end])
        # No step leads out of a component, so that its columns need but be counted from its first state.
        rows = ordered.data[steps], ordered.indices[steps] - begin, ordered.indptr[begin : end + 1] - steps.start
        yield Group(order[begin:end], sparse.csr_array(rows, shape=(end - begin, end - begin)), cut)


def _borders(ends: Sequence[int], blocks: Blocks) -> Iterator[tuple[int, int, Cut | None]]:
    """Where groups begin and end, if components end at `ends`; what is cut is a group by itself."""
    begin = before = 0
    for end in ends:
        huge = end - before > blocks.cut.states_max
        if before > begin and (huge or before - begin >= blocks.states):
            yield begin, before, None
            begin = before
        if huge:
            yield begin, end, blocks.cut
            begin = end
        before = end
    if before > begin:
        yield begin, before, None
