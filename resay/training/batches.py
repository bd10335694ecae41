"""Batches of rows of like length, so that little is padded. Knows lengths only."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

POOL_BATCHES = 50
"""Batches that are drawn together and sorted by length: enough that rows of a batch differ by a token or two."""


def batches_by_length(lengths: Sequence[int], size: int, *, rng: random.Random) -> Iterator[list[int]]:
    """The numbers of all rows, each once, in batches of rows of like length; rows and batches in an order of chance."""
    order = list(range(len(lengths)))
    rng.shuffle(order)
    for begin in range(0, len(order), size * POOL_BATCHES):
        pool = sorted(order[begin : begin + size * POOL_BATCHES], key=lambda row: lengths[row])
        batches = [pool[at : at + size] for at in range(0, len(pool), size)]
        rng.shuffle(batches)
        yield from batches
