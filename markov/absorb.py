"""What follows from a chain: where talk ends, and through which state.

Knows linear algebra; knows nothing of dialogue. N = (I − Q)⁻¹, B = N R: exactly, component by component, but for components that are too
large for it. Those are cut by the rule of `cut`, and every answer says by how much it may be too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from markov.chain import Chain, Indices, Vector
from markov.cut import Entries, absorbed_at_least
from markov.group import BLOCKS, Blocks, groups_of
from markov.part import Solve, factorised, parts_of, solve_here


@dataclass(frozen=True, slots=True)
class Absorption:
    """Where talk ends."""

    chances: Vector
    """B: the chance that talk in each state ends in success, and in failure (state, 2); lower bounds where a component was cut."""
    unknown: Vector
    """What is missing to one (state,): either chance may be higher by it at most. Zero where nothing was cut."""


@dataclass(frozen=True, slots=True)
class Exits:
    """Through which states talk succeeds."""

    chances: sparse.csr_array
    """N[s, t]·R[t, success]: that talk beginning in s ends in success with t the last state before (source, state).
    Lower bounds where a component was cut."""
    unknown: Vector
    """By how much at most a whole row, and so each cell of it, may be higher (source,). Zero where nothing was cut: then the row sums to
    B[s, success], and otherwise row and unknown together to no less."""
    states_cut: int
    """States of components that were cut."""


def absorption(chain: Chain, *, blocks: Blocks = BLOCKS) -> Absorption:
    """B = N R for every state."""
    b = chain.r.copy()
    unknown = np.zeros(len(chain.states))
    for group in groups_of(chain, blocks=blocks):
        r = chain.r[group.states]
        if group.cut is None:
            b[group.states] = factorised(group).solve(r)
        else:
            b[group.states] = absorbed_at_least(group.q, r, cut=group.cut)
            unknown[group.states] = np.maximum(1.0 - b[group.states].sum(axis=1), 0.0)
    return Absorption(np.clip(b, 0.0, 1.0), unknown)


def exits(chain: Chain, sources: Sequence[int], *, solve: Solve = solve_here, blocks: Blocks = BLOCKS) -> Exits:
    """The exit probabilities of some sources, which are rows of the chain; rows of the answer follow them."""
    places = np.asarray(sources, dtype=np.int64)
    groups = list(groups_of(chain, blocks=blocks))
    found = [_alone(chain, places, [group.states for group in groups])]
    unknown = np.zeros(len(places))
    for solved in solve(parts_of(chain, sources, groups, blocks=blocks)):
        found.append(solved.entries)
        unknown[solved.rows] = solved.unknown
    rows, columns, values = (np.concatenate([each[column] for each in found]) for column in range(3))
    chances = sparse.coo_array((values, (rows, columns)), shape=(len(places), len(chain.states))).tocsr()
    return Exits(chances, unknown, states_cut=sum(len(group.states) for group in groups if group.cut))


def _alone(chain: Chain, places: Indices, grouped: Sequence[Indices]) -> Entries:
    """Sources whose component is themselves: N is 1, so that success is all theirs."""
    alone = np.ones(len(chain.states), dtype=bool)
    for states in grouped:
        alone[states] = False
    rows = np.flatnonzero(alone[places])
    return rows, places[rows], chain.r[places[rows], 0]
