"""What is made of a value that comes again and again, made once: the same recordings and meanings are met in millions of turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

KEPT_MAX = 200_000
"""What is made of so many values is kept, about a kilobyte each; then all is forgotten, and made again where it is met."""

_Value = TypeVar("_Value")
_Other = TypeVar("_Other")
_Made = TypeVar("_Made")


class Once(Generic[_Value, _Made]):
    """Makes and keeps; tells values apart by identity, as to hash them would take as long as to make anew."""

    def __init__(self, make: Callable[[_Value], _Made]) -> None:
        self._make = make
        # Each value is kept beside what was made of it: so no other value can come to have its id.
        self._kept: dict[int, tuple[_Value, _Made]] = {}

    def __call__(self, value: _Value) -> _Made:
        """What is made of the value."""
        found = self._kept.get(id(value))
        if found is not None:
            return found[1]
        if len(self._kept) >= KEPT_MAX:
            self._kept.clear()
        made = self._make(value)
        self._kept[id(value)] = (value, made)
        return made


class OncePaired(Generic[_Value, _Other, _Made]):
    """The same of two values."""

    def __init__(self, make: Callable[[_Value, _Other], _Made]) -> None:
        self._make = make
        self._kept: dict[tuple[int, int], tuple[_Value, _Other, _Made]] = {}

    def __call__(self, value: _Value, other: _Other) -> _Made:
        """What is made of the two."""
        key = (id(value), id(other))
        found = self._kept.get(key)
        if found is not None:
            return found[2]
        if len(self._kept) >= KEPT_MAX:
            self._kept.clear()
        made = self._make(value, other)
        self._kept[key] = (value, other, made)
        return made
