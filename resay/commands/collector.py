"""What outlives a loop, kept from the garbage collector's sight."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_from_the_collector() -> Iterator[None]:
    """World and sentences outlive every loop: a fourth of the talk's time went into looking through them for garbage."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
