"""Fakes: small real things that obey the contracts of the real ones. No mocks, no patching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from ingest.source import Batch, Record, SourceUnavailable, batch_of
from tests.builders import BASE


class FakeClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: datetime = BASE) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Go on by so many seconds."""
        self.now += timedelta(seconds=seconds)


class MemoryLog:
    """A source whose partitions are lists of records; the position is the index."""

    name = "memory"

    def __init__(self, logs: Mapping[str, Sequence[bytes]]) -> None:
        self._logs = {partition: list(records) for partition, records in logs.items()}
        self._positions = dict.fromkeys(self._logs, 0)

    def partitions(self) -> Sequence[str]:
        """All of them."""
        return tuple(self._logs)

    def seek(self, partition: str, position: int) -> None:
        """Stand before the record at an index."""
        if position > len(self._logs[partition]):
            message = f"log {partition} must reach to {position}; it ends at {len(self._logs[partition])}; is it another one?"
            raise SourceUnavailable(message)
        self._positions[partition] = position

    def next_batch(self, records_max: int, bytes_max: int) -> Batch | None:
        """The next records of the first partition that has any left."""
        for partition, records in self._logs.items():
            start = self._positions[partition]
            batch: list[Record] = []
            while start + len(batch) < len(records) and len(batch) < records_max and sum(each.length for each in batch) < bytes_max:
                raw = records[start + len(batch)]
                batch.append(Record(raw, partition, start + len(batch), f"{partition}:{start + len(batch)}", len(raw)))
            if batch:
                self._positions[partition] = start + len(batch)
                return batch_of(batch, partition, start=start, end=start + len(batch))
        return None

    def close(self) -> None:
        """Nothing is held open."""
