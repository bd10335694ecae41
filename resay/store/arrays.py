"""Arrays by name in one stretch of bytes, used where they lie: a file that is mapped costs only the pages that somebody looks at.

Knows the form; what the arrays are is for others to say. Strings are kept as their bytes in a row, and where each begins.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from mmap import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resay.store.artifact import BrokenArtifact

_HEAD_BYTES = 8
_ALIGNED = 64
"""Bytes by which arrays begin: a whole number of whatever they hold."""

Array = NDArray[Any]


class Strings:
    """Strings in a row, each made when it is asked for; a part of them is looked at as if it were all."""

    def __init__(self, whole: bytes | mmap, starts: Array, *, offset: int, stretch: tuple[int, int] | None = None) -> None:
        """Take what holds their bytes from an offset on, and where behind that each string begins, the end of all behind them.

        `stretch`: from one place up to another.
        """
        self._begin, self._end = stretch or (0, len(starts) - 1)
        self._whole, self._offset, self._starts_array, self._starts = whole, offset, starts, starts.data

    def __len__(self) -> int:
        return self._end - self._begin

    def __getitem__(self, place: int) -> str:
        return self._bytes(self._begin + place).decode()

    def __iter__(self) -> Iterator[str]:
        return map(self.__getitem__, range(len(self)))

    def at(self, places: NDArray[np.int64]) -> list[str]:
        """Those at some places."""
        whole, begins = self._whole, places + self._begin
        starts, ends = (self._starts_array[begins] + self._offset).tolist(), (self._starts_array[begins + 1] + self._offset).tolist()
        return [whole[start:end].decode() for start, end in zip(starts, ends, strict=True)]

    def place_of(self, wanted: str) -> int | None:
        """The place of a string, where they are in order; nothing where it is not among them."""
        sought, low, high = wanted.encode("utf-8", "surrogatepass"), self._begin, self._end
        # Bytes have the order of characters.
        while low < high:
            middle = (low + high) // 2
            if self._bytes(middle) < sought:
                low = middle + 1
            else:
                high = middle
        return low - self._begin if low < self._end and self._bytes(low) == sought else None

    def _bytes(self, place: int) -> bytes:
        return self._whole[self._offset + self._starts[place] : self._offset + self._starts[place + 1]]


def in_a_row(name: str, strings: Iterable[str]) -> dict[str, Array]:
    """Strings as arrays: their bytes under a name, and where each begins."""
    parts = [each.encode() for each in strings]
    starts = np.zeros(len(parts) + 1, dtype=np.int64)
    np.cumsum([len(each) for each in parts], out=starts[1:])
    return {name: np.frombuffer(b"".join(parts), dtype=np.uint8), f"{name}/starts": starts}


def encode_arrays(told: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """Arrays of one dimension behind what is told of them; equal ones give equal bytes."""
    where, parts, end = {}, [], 0
    for name, each in arrays.items():
        where[name] = (each.dtype.str, end, len(each))
        padded = each.tobytes() + b"\0" * (-each.nbytes % _ALIGNED)
        parts.append(padded)
        end += len(padded)
    head = json.dumps({"told": told, "arrays": where}, sort_keys=True).encode()
    head += b" " * (-(_HEAD_BYTES + len(head)) % _ALIGNED)
    return b"".join([len(head).to_bytes(_HEAD_BYTES), head, *parts])


class Arrays:
    """What `encode_arrays` wrote: what is told, and the arrays where they lie."""

    def __init__(self, content: memoryview, *, file: str) -> None:
        """Use a whole file, read or mapped.

        Raises: BrokenArtifact.
        """
        assert isinstance(content.obj, bytes | mmap), "what holds the bytes can be cut into bytes"
        assert len(content) == len(content.obj), "arrays are a whole file"
        self._whole: bytes | mmap = content.obj
        size = int.from_bytes(content[:_HEAD_BYTES])
        self._body = _HEAD_BYTES + size
        try:
            head = json.loads(bytes(content[_HEAD_BYTES : self._body]))
            self.told = dict(head["told"])
            self._where = {name: (np.dtype(kind), int(offset), int(count)) for name, (kind, offset, count) in head["arrays"].items()}
            self._arrays = {name: self._array(name) for name in self._where}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"{file} must be arrays behind what is told of them; {error!r}; was it written by another version, or cut off?"
            raise BrokenArtifact(message) from error

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    def strings(self, name: str, stretch: tuple[int, int] | None = None) -> Strings:
        """Strings that were written as `in_a_row` makes arrays of them."""
        return Strings(self._whole, self[f"{name}/starts"], offset=self._body + self._where[name][1], stretch=stretch)

    def _array(self, name: str) -> Array:
        kind, offset, count = self._where[name]
        return np.frombuffer(self._whole, dtype=kind, count=count, offset=self._body + offset) if count else np.zeros(0, dtype=kind)
