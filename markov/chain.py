"""The chain as values: states, Q and R, and what they were made of.

Knows how counted transitions become probabilities. Knows neither how they were counted (`steps`) nor what follows from them (`absorb`).
Formulae and their reasons: docs/decisions/0004-the-chain.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from resay.dialogue.state import FAILURE, SUCCESS

ENTRY_PREFIX = ">|"
"""Begins the name of an entry state; no assistant names a domain so."""

ABSORBING = (SUCCESS, FAILURE)
"""Columns of R, in this order."""

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]


def entry_state(text: str, kind: str) -> str:
    """The state in which talk is that begins with a wording: canonical text and prompt kind, whatever the assistant made of it."""
    return f"{ENTRY_PREFIX}{text}|{kind}"


@dataclass(frozen=True, slots=True)
class Chain:
    """An absorbing chain: from every one of its states success or failure can be reached."""

    states: tuple[str, ...]
    """The transient states, in the order of rows and columns."""
    q: sparse.csr_array
    """Q: probabilities among transient states (state, state); its diagonal is empty, because self-loops collapse."""
    r: Vector
    """R: probabilities into `ABSORBING` (state, 2)."""
    weights: Vector
    """The counted weight that leaves each state (state,): what its row of [Q, R] was divided by."""
    lost: tuple[str, ...]
    """States that were counted and from which neither success nor failure can be reached: all that is known of them is censored."""

    def places(self) -> dict[str, int]:
        """The row of each state."""
        return {state: place for place, state in enumerate(self.states)}


def build_chain(transitions: pa.Table) -> Chain:
    """The chain of counted transitions: columns `source`, `target`, `weight`.

    Self-loops are left out: they change no absorption probability, only how long it takes.
    States from which neither success nor failure can be reached are left out, and so are the steps into them:
    such steps are censored, and what is censored has no say (the remaining weights of a row are divided by their own sum).
    The order of rows changes nothing but the order of states.
    """
    names, sources, targets = _encode(transitions)
    weights = transitions.column("weight").to_numpy().astype(np.float64)
    assert (weights >= 0).all(), "weights of transitions must not be negative"
    moves = (sources != targets) & (weights > 0)
    size = len(names)
    counted = sparse.coo_array((weights[moves], (sources[moves], targets[moves])), shape=(size, size)).tocsr()
    ends = [_place(names, state) for state in ABSORBING]
    outcomes = np.column_stack([counted[:, [end]].toarray().ravel() if end is not None else np.zeros(size) for end in ends])
    transient = np.ones(size, dtype=bool)
    transient[[end for end in ends if end is not None]] = False
    kept = _absorbable(counted, outcomes) & transient
    return _normalised(names, counted, outcomes, kept=kept, lost=transient & ~kept)


def _encode(transitions: pa.Table) -> tuple[list[str], Indices, Indices]:
    """All names of states once, and both columns as places among them."""
    both = pa.chunked_array([*transitions.column("source").chunks, *transitions.column("target").chunks], type=pa.string())
    names = pc.unique(both).sort()
    sources = pc.index_in(transitions.column("source"), value_set=names).to_numpy().astype(np.int64)
    targets = pc.index_in(transitions.column("target"), value_set=names).to_numpy().astype(np.int64)
    return [str(name) for name in names.to_pylist()], sources, targets


def _place(names: list[str], state: str) -> int | None:
    return names.index(state) if state in names else None


def _absorbable(counted: sparse.csr_array, outcomes: Vector) -> NDArray[np.bool_]:
    """Which states can reach success or failure: a walk backwards from a root that stands behind both."""
    size = len(outcomes)
    absorbed = np.flatnonzero(outcomes.sum(axis=1) > 0)
    backwards = counted.T.tocoo()
    rows = np.concatenate([backwards.row, np.full(len(absorbed), size)])
    columns = np.concatenate([backwards.col, absorbed])
    graph = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(size + 1, size + 1)).tocsr()
    reached = csgraph.breadth_first_order(graph, size, directed=True, return_predecessors=False)
    mask = np.zeros(size + 1, dtype=bool)
    mask[reached] = True
    return mask[:size]


def _normalised(
    names: list[str], counted: sparse.csr_array, outcomes: Vector, *, kept: NDArray[np.bool_], lost: NDArray[np.bool_]
) -> Chain:
    rows = np.flatnonzero(kept)
    q = counted[rows][:, rows]
    r = outcomes[rows]
    weights = np.asarray(q.sum(axis=1)).ravel() + r.sum(axis=1)
    shares = sparse.diags_array(1.0 / weights, format="csr") if len(rows) else sparse.csr_array((0, 0))
    return Chain(
        states=tuple(names[row] for row in rows),
        q=sparse.csr_array(shares @ q),
        r=r / weights[:, None],
        weights=weights,
        lost=tuple(names[row] for row in np.flatnonzero(lost)),
    )
