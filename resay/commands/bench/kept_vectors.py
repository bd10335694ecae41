"""Vectors of made-up wordings, kept from run to run: the same texts by the same encoder are not encoded again, six minutes for 100,000.

Of very many the first are encoded and the others' are made around theirs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from resay.commands.bench.made_vectors import made_vectors
from resay.dialogue.tick import Tick, silent
from rewrite_online.encoder import Towers

ENCODED_AT_ONCE = 500
"""Texts between two words of how far it is."""

ENCODED_MAX = 100_000
"""Wordings that are encoded: six minutes of a core, the first time. Made vectors cost the search something else than texts' own: among
100,000, 223 of 632 cells must be searched for nearly all of the nearest to be found; with 20,000 of them encoded and four made around
each it is 446, with 5,000 and nineteen 4, as the nearest are then all made around the same."""

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Vectored:
    """How wordings come to their vectors."""

    encoder: Towers
    encoded: int = ENCODED_MAX
    """How many are encoded at most."""
    folder: Path | None = None
    """Where their vectors are kept from run to run."""
    tick: Tick = silent


def vectors_of(texts: Sequence[str], how: Vectored, *, seed: int) -> Vectors:
    """A vector a text: of the first by the encoder, of each other around that of one of the first, in their order again and again."""
    known = _encoded(texts[: how.encoded], how.encoder, folder=how.folder, tick=how.tick)
    around = np.arange(len(known), len(texts)) % max(1, len(known))
    return np.concatenate([known, made_vectors(known, around, np.random.default_rng(seed))]) if len(around) else known


def _encoded(texts: Sequence[str], encoder: Towers, *, folder: Path | None, tick: Tick) -> Vectors:
    """From the folder where they are kept there, and into it where they are not; without one they are made."""
    path = None if folder is None else folder / f"{_name(texts, encoder)}.npy"
    if path is not None and path.exists():
        return cast("Vectors", np.load(path, allow_pickle=False).astype(np.float32))
    parts = []
    for begin in range(0, len(texts), ENCODED_AT_ONCE):
        parts.append(encoder.wordings(texts[begin : begin + ENCODED_AT_ONCE]))
        tick(begin, len(texts))
    # As exactly as they are kept, so that the first run does not differ from the next.
    vectors = np.concatenate(parts).astype(np.float16)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.npy")
        np.save(draft, vectors, allow_pickle=False)
        draft.replace(path)
    return cast("Vectors", vectors.astype(np.float32))


def _name(texts: Sequence[str], encoder: Towers) -> str:
    told = "\n".join([encoder.name, *texts])
    return hashlib.sha256(told.encode()).hexdigest()[:24]
