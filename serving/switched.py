"""The off switch: what is live, without what is switched off. Read from the books every moment; before the first reading all is off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from resay.store.review import Switch
from rewrite_online.rewriter import Live

ALL = "all"
"""The scope of the switch that turns everything off."""


class Switched:
    """What answers draw on now. `refresh` is for one thread at a time, `live` for all."""

    def __init__(self, live: Callable[[], Live], read: Callable[[], Sequence[Switch]]) -> None:
        """What `live` answers, without what `read` says is off."""
        self._whole = live
        self._read = read
        self._off = frozenset({ALL})
        self._kept: tuple[Live, frozenset[str], Live] | None = None

    @property
    def off(self) -> frozenset[str]:
        """Scopes that are off; all, before they were read once."""
        return self._off

    def refresh(self) -> None:
        """Look at the switches; where they cannot be read what was known holds on.

        Raises: BooksUnavailable.
        """
        self._off = frozenset(each.scope for each in self._read())

    def live(self) -> Live:
        """What is live and on; the very same object while nothing has changed."""
        whole, off, kept = self._whole(), self._off, self._kept
        if not off:
            return whole
        if kept is None or kept[0] is not whole or kept[1] != off:
            kept = self._kept = whole, off, _without(whole, off)
        return kept[2]


def _without(live: Live, off: frozenset[str]) -> Live:
    if ALL in off:
        return replace(live, layers=(), off=True)
    return replace(live, layers=tuple(each for each in live.layers if each.layer not in off))
