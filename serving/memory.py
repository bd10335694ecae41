"""Memory of a process that serves: what lives as long as a generation is not looked through for garbage while customers wait.

Python's collector goes through all that lives now and then, holding up every thread: a tenth of a second for 100,000 wordings.
"""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

MANY_BLOCKS = 500_000
"""Pieces of memory from which on looking through them is felt: some 20 ms."""


@contextmanager
def settled() -> Iterator[None]:
    """A block that may read much into memory: the collector waits till its end, goes through it once, and leaves it alone from then on."""
    before, was_on = sys.getallocatedblocks(), gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
        if sys.getallocatedblocks() - before > MANY_BLOCKS:
            settle()


def settle() -> None:
    """Go through all that lives once, and leave it alone from then on: code and libraries alone take two tenths of a second."""
    # What was settled before may be garbage now: an earlier generation.
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    # What is left alone is not taken down at the end either; DuckDB counts that as leaks and prints fifty lines of them.
    atexit.unregister(gc.unfreeze)
    atexit.register(gc.unfreeze)
