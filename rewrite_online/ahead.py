"""What may be done ahead of an answer: the encoder on another core, and meanwhile what needs none; and where both are kept for it.

Whoever computes finds it done, and answers as if nobody had been ahead. Knows neither threads nor what is found.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Made = TypeVar("Made")

LATELY_MAX = 512
"""Results that are kept: of more requests than may wait for their turn, be it for a GPU (384: `serving.beside.INSIDE_MAX` for each that it
encodes at once). What is dropped while its request waits is made anew, and the getting ahead was for nothing."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """Two pieces of work that need not know of each other; each is kept for whoever asks next, and may be left undone."""

    elsewhere: Callable[[], object]
    """What keeps a core busy and lets the interpreter go meanwhile."""
    here: Callable[[], object]
    """What does not."""


class Lately(Generic[Key, Made]):
    """What was made last, by what it was made of; safe to share between threads. What is kept must not be changed."""

    def __init__(self, at_most: int = LATELY_MAX) -> None:
        self._at_most = at_most
        self._made: OrderedDict[Key, Made] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: Key, make: Callable[[], Made]) -> Made:
        """What was made of this, or is made now."""
        with self._lock:
            found = self._made.get(key)
        if found is None:
            found = make()
            with self._lock:
                self._made[key] = found
                if len(self._made) > self._at_most:
                    self._made.popitem(last=False)
        return found
