"""Rows of an index in sixteen bits a number: in memory, or in a large file, from which each is read by its place.

Where all were mapped every page that was looked at brought fifteen others with it, so that after some thousand requests all rows of a
million were resident: 0.8 GB. Knows places only, and nothing of what stands there.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from resay.store.artifact import LargeFile

Vectors = NDArray[np.float32]
Places = NDArray[np.int64]
Halves = NDArray[np.uint16]
"""The upper sixteen bits of each number (bfloat16): back in full width by one shift, four times as quick as half-precision numbers."""


class RowsInFile:
    """Rows where they lie in a file; each is read when it is asked for, and not kept. It is indexed like an array of them."""

    def __init__(self, file: LargeFile, begin: int, *, shape: tuple[int, int]) -> None:
        """Rows in a row from a byte on; `shape`: how many, and numbers in each."""
        self.shape = shape
        self._file, self._begin = file, begin

    def __getitem__(self, places: Places | slice) -> Halves:
        count, width = self.shape
        size = 2 * width
        if not isinstance(places, slice) and len(places) and bool((np.diff(places) == 1).all()):
            places = slice(int(places[0]), int(places[-1]) + 1)
        if isinstance(places, slice):
            begin, end, _ = places.indices(count)
            content = self._file.read_at(self._begin + size * begin, size * max(0, end - begin))
        else:
            read = self._file.read_at
            content = b"".join([read(begin, size) for begin in (self._begin + size * places).tolist()])
        return np.frombuffer(content, dtype=np.uint16).reshape(-1, width)


def halves(vectors: Vectors) -> Halves:
    """The upper halves of numbers, to the nearest; those of what `full` gave are what it was given."""
    return cast("Halves", ((vectors.view(np.uint32) + np.uint32(0x8000)) >> np.uint32(16)).astype(np.uint16))


def full(rows: Halves) -> Vectors:
    """Numbers in full width by their upper halves."""
    return cast("Vectors", (rows.astype(np.uint32) << np.uint32(16)).view(np.float32))
