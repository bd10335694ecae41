"""Vectors of made-up wordings, kept from run to run: the same texts by the same encoder are not encoded again, six minutes for 100,000."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from resay.dialogue.tick import Tick
from rewrite_online.encoder import Towers

ENCODED_AT_ONCE = 500
"""Texts between two words of how far it is."""

Vectors = NDArray[np.float32]


def vectors_of(texts: Sequence[str], encoder: Towers, *, folder: Path | None, tick: Tick) -> Vectors:
    """The vectors of wordings, from the folder where they are kept there, and into it where they are not; without one they are made."""
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
