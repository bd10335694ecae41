"""A part of a chain: a group of components with some of the sources that lie in it, enough to be solved by anyone, anywhere.

Knows how one part is solved; where that happens is the engine's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

from markov.chain import Chain, Indices, Vector
from markov.cut import Entries, absorbed_at_least, exits_at_least
from markov.group import Blocks, Group

NEGLIGIBLE = 1e-12
"""Exit probabilities below this are rounding: doubles carry sixteen digits."""

ABREAST = 32
"""Sources that are solved together: a block of these stays in a core's cache, and is too small for the linear algebra to share it out among
threads, which wait for each other: 200 sources of 4,000 states took 0.3 s of a core at once, and 0.01 s so (two cores, a load of 28)."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some sources, with all that is needed to solve them."""

    group: Group
    success: Vector
    """R[·, success] of the group's states (state,)."""
    rows: Indices
    """Places of the sources in the list that was asked for."""
    starts: Indices
    """The same sources, as rows of the group (source,)."""
    success_most: Vector
    """Upper bounds of B[s, success] (source,); empty where nothing is cut."""
    cells: int
    """Of one dense block of solutions."""


@dataclass(frozen=True, slots=True)
class Solved:
    """What was found for the sources of one part."""

    entries: Entries
    """Place in the list of sources, state of the chain, exit probability; lower bounds of these where the part was cut."""
    rows: Indices
    """Places of the part's sources in that list."""
    unknown: Vector
    """How much all exit probabilities of such a source, together, may at most exceed what stands here (source,)."""


Solve = Callable[[Iterable[Part]], Iterable[Solved]]
"""Solves parts, wherever and in whatever order."""


def solve_here(parts: Iterable[Part]) -> Iterator[Solved]:
    """One after the other, in this process."""
    return map(solve_part, parts)


def parts_of(chain: Chain, sources: Sequence[int], groups: Iterable[Group], *, blocks: Blocks) -> Iterator[Part]:
    """The parts in which there are sources."""
    places = np.asarray(sources, dtype=np.int64)
    local = np.full(len(chain.states), -1, dtype=np.int64)
    for group in groups:
        local[group.states] = np.arange(len(group.states))
        rows = np.flatnonzero(local[places] >= 0)
        starts = local[places[rows]]
        local[group.states] = -1
        if not len(rows):
            continue
        r = chain.r[group.states]
        # Whatever is not known to fail may yet succeed.
        most = 1.0 - absorbed_at_least(group.q, r, cut=group.cut)[:, 1] if group.cut else np.zeros(len(r))
        for begin in range(0, len(rows), blocks.sources):
            some = slice(begin, begin + blocks.sources)
            yield Part(group, r[:, 0], rows[some], starts[some], most[starts[some]], blocks.cells)


def solve_part(part: Part) -> Solved:
    """The exit probabilities of its sources."""
    cut = part.group.cut
    if cut is None:
        rows, columns, values = _exits_exactly(part)
        unknown = np.zeros(len(part.rows))
    else:
        rows, columns, values = exits_at_least(part.group.q, part.success, part.starts, cut=cut)
        # All exits together are B[s, success]: what its upper bound exceeds them by is all that can be missing, in one cell or in all.
        unknown = np.maximum(part.success_most - np.bincount(rows, weights=values, minlength=len(part.rows)), 0.0)
    return Solved((part.rows[rows], part.group.states[columns], values), part.rows, unknown)


def factorised(group: Group, *, transposed: bool = False) -> SuperLU:
    """The LU factors of I − Q, or of its transpose."""
    matrix = sparse.eye_array(len(group.states), format="csc") - (group.q.T if transposed else group.q)
    return splu(sparse.csc_array(matrix))


def _exits_exactly(part: Part) -> Entries:
    size = len(part.group.states)
    factors = factorised(part.group, transposed=True)
    width = min(ABREAST, max(1, part.cells // size))
    found: list[Entries] = []
    for begin in range(0, len(part.starts), width):
        some = part.starts[begin : begin + width]
        unit = np.zeros((size, len(some)))
        unit[some, np.arange(len(some))] = 1.0
        # A row of N solves (I − Q)ᵀ z = e_s; scaled by R it is the row of exit probabilities.
        through = factors.solve(unit) * part.success[:, None]  # (state, source)
        at, which = np.nonzero(through > NEGLIGIBLE)
        found.append((which + begin, at, through[at, which]))
    rows, columns, values = (np.concatenate([each[column] for each in found]) for column in range(3))
    return rows, columns, values
