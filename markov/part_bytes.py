"""Parts of a chain as bytes, as which they travel to other machines, and what was found there on its way back.

Knows NumPy's own file format: numbers, of which nothing is ever run. What moves the bytes is the engine's affair.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict

import numpy as np
from scipy import sparse

from markov.cut import Cut
from markov.group import Group
from markov.part import Part, Solved, solve_part


def solve_bytes(raw: bytes) -> bytes:
    """Solve a part that came as bytes; what runs on a worker."""
    return encode_solved(solve_part(decode_part(raw)))


def encode_part(part: Part) -> bytes:
    """A part as bytes."""
    raw = io.BytesIO()
    q, limits = part.group.q, {"cells": part.cells, "cut": asdict(part.group.cut) if part.group.cut else None}
    np.savez(
        raw,
        limits=np.array(json.dumps(limits)),
        states=part.group.states,
        weights=q.data,
        columns=q.indices,
        ends=q.indptr,
        success=part.success,
        rows=part.rows,
        starts=part.starts,
        success_most=part.success_most,
    )
    return raw.getvalue()


def decode_part(raw: bytes) -> Part:
    """The part that `encode_part` wrote."""
    with np.load(io.BytesIO(raw), allow_pickle=False) as kept:
        limits, states = json.loads(str(kept["limits"])), kept["states"]
        q = sparse.csr_array((kept["weights"], kept["columns"], kept["ends"]), shape=(len(states), len(states)))
        group = Group(states, q, Cut(**limits["cut"]) if limits["cut"] else None)
        return Part(group, kept["success"], kept["rows"], kept["starts"], kept["success_most"], limits["cells"])


def encode_solved(solved: Solved) -> bytes:
    """What was found as bytes."""
    raw, (places, states, chances) = io.BytesIO(), solved.entries
    np.savez(raw, places=places, states=states, chances=chances, rows=solved.rows, unknown=solved.unknown)
    return raw.getvalue()


def decode_solved(raw: bytes) -> Solved:
    """What `encode_solved` wrote."""
    with np.load(io.BytesIO(raw), allow_pickle=False) as kept:
        return Solved((kept["places"], kept["states"], kept["chances"]), kept["rows"], kept["unknown"])
