"""The contract of a source of records, and what passes through it.

Knows positions; knows nothing of what the records say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from resay.dialogue.errors import ResayError


class SourceUnavailable(ResayError):
    """A source cannot be read where it should be, or is no longer the one that was read before."""


@dataclass(frozen=True, slots=True)
class Record:
    """Bytes on a log, and where they stood."""

    raw: bytes
    """The record, cut at the longest that is kept where it was longer."""
    partition: str
    position: int
    origin: str
    """Where the record came from, for people: `turns.jsonl:17`."""
    length: int
    """How long the record was, bytes."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one partition that follow each other; none where a stretch of the log held nothing for us.

    Held by column: a hundred thousand records a second pass through here, and as values of their own they would cost a fifth of that.
    """

    partition: str
    raws: Sequence[bytes]
    """The records, cut at the longest that is kept where they were longer."""
    positions: Sequence[int]
    """Where each of them stood."""
    lengths: Sequence[int]
    """How long each of them was, bytes."""
    origin: Callable[[int], str]
    """Where one of them, by its place in the batch, came from, for people: `turns.jsonl:17`."""
    end: int
    """The position behind them all: where the next batch begins once this one is committed."""
    start: int
    """The position before them all: where the batch before ended, or where the reader was told to stand."""
    refused: Mapping[int, str] = field(default_factory=dict)
    """Records, by their places in the batch, that the source itself could not read as those of another system, and the reasons."""

    def record(self, place: int) -> Record:
        """One of the records, by its place in the batch."""
        return Record(self.raws[place], self.partition, self.positions[place], self.origin(place), self.lengths[place])

    @property
    def records(self) -> tuple[Record, ...]:
        """All records, one by one."""
        return tuple(self.record(place) for place in range(len(self.raws)))


def batch_of(records: Sequence[Record], partition: str, *, start: int, end: int) -> Batch:
    """A batch from records one by one, for logs that are short."""
    columns = [(each.raw, each.position, each.length, each.origin) for each in records]
    raws, positions, lengths, origins = zip(*columns, strict=True) if columns else ((), (), (), ())
    return Batch(partition, raws, positions, lengths, origins.__getitem__, end=end, start=start)


class Source(Protocol):
    """A log that can be read again from any position it has given out."""

    @property
    def name(self) -> str:
        """The kind of source, which stands before its partitions in the lake: `file`, `dialogue-turns`."""

    def partitions(self) -> Sequence[str]:
        """The partitions that this reader is to read; order within one is kept, between them there is none."""

    def seek(self, partition: str, position: int) -> None:
        """Stand before the record at a position; what is read next from this partition begins there.

        Raises: SourceUnavailable.
        """

    def next_batch(self, records_max: int, bytes_max: int) -> Batch | None:
        """The next records of some partition, or nothing where all has been read.

        Raises: SourceUnavailable.
        """

    def close(self) -> None:
        """Give back what the source holds open."""
