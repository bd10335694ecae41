"""A partition that is ours: what was fetched of it and not yet handed out, and where we stand in it.

Knows records by offset and bytes; knows nothing of groups and brokers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice
from typing import Any

from ingest.source import Batch
from resay.dialogue.codec import RECORD_BYTES_MAX


@dataclass(slots=True)
class Share:
    """A partition that is ours, and where we stand in it."""

    taken: int
    """Where the next batch begins: what was handed out ends here."""
    read: int
    """Where the library reads next."""
    done: int
    """Committed by whoever takes our batches."""
    offsets: list[int] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)
    size: int = 0
    """Bytes at hand."""
    since: float | None = None
    """Since when they wait, by the clock of whoever reads; nothing where none are at hand."""

    def add(self, records: Sequence[Any]) -> None:
        """Take records as the library gives them, which follow those at hand."""
        values = [record.value or b"" for record in records]
        self.values += values
        self.offsets += [record.offset for record in records]
        self.size += sum(map(len, values))
        self.read = self.offsets[-1] + 1

    def is_full(self, records_max: int, bytes_max: int) -> bool:
        """Whether as much is at hand as a batch takes."""
        return len(self.values) >= records_max or self.size >= bytes_max

    def cut(self, records_max: int, bytes_max: int, *, target: int | None) -> tuple[Sequence[int], Sequence[bytes], int] | None:
        """The next records up to the target, and the offset behind them; nothing where that would be no step."""
        if target is not None and self.offsets and self.offsets[-1] >= target:
            kept = bisect_left(self.offsets, target)
            self.size -= sum(map(len, self.values[kept:]))
            del self.offsets[kept:], self.values[kept:]
        sizes = list(accumulate(map(len, islice(self.values, records_max))))
        count = min(bisect_left(sizes, bytes_max) + 1, len(sizes))
        offsets, values = self.offsets[:count], self.values[:count]
        del self.offsets[:count], self.values[:count]
        self.size -= sizes[count - 1] if count else 0
        passed = min(self.read, target) if target is not None and not self.offsets else 0
        end = max(offsets[-1] + 1 if offsets else self.taken, passed)
        return (offsets, values, end) if end > self.taken else None


def batch_from(share: Share, cut: tuple[Sequence[int], Sequence[bytes], int], *, partition: str, named: str) -> Batch:
    """What was cut from a share, as a batch; `named` is the partition for people."""
    offsets, values, end = cut
    start, share.taken = share.taken, end
    lengths = list(map(len, values))
    if lengths and max(lengths) > RECORD_BYTES_MAX:
        values = [value[:RECORD_BYTES_MAX] for value in values]
    return Batch(partition, values, offsets, lengths, lambda place: f"{named}@{offsets[place]}", end=end, start=start)
