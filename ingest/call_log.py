"""DSTC-style call logs as a source: a person's own copy of a corpus, call by call, one record a turn.

Hands on what the live system saw and did; what people wrote down about it afterwards is not even read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from ingest.source import Batch, Record, batch_of
from resay.dialogue.codec import encode
from resay.label.corpora.dstc2 import read_live_calls
from resay.label.corpora.dstc2_turn import turn_parts


class CallLog:
    """DSTC2 calls: one partition a split, one position a turn, in the order of the file."""

    name = "dstc2"

    def __init__(self, folder: Path, splits: Sequence[str]) -> None:
        # The place is part of the name: another copy is another log, whose repeats the landing drops.
        self._splits: Mapping[str, str] = {f"{folder.resolve()}/{split}": split for split in splits}
        self._folder = folder
        self._open: dict[str, tuple[int, Iterator[bytes]]] = {}

    def partitions(self) -> Sequence[str]:
        """The splits, by the place of their folder."""
        return tuple(self._splits)

    def seek(self, partition: str, position: int) -> None:
        """Stand before a turn of a split; behind the last one where there are fewer.

        Raises: WrongCorpus.
        """
        records = self._records(self._splits[partition])
        skipped = sum(1 for _ in islice(records, position))
        self._open[partition] = (skipped, records)

    def next_batch(self, records_max: int, bytes_max: int) -> Batch | None:
        """The next turns of the first split that has any left.

        Raises: WrongCorpus.
        """
        for partition in self._splits:
            if partition not in self._open:
                self.seek(partition, 0)
            start, records = self._open[partition]
            taken = list(_take(records, records_max, bytes_max=bytes_max))
            if taken:
                end = start + len(taken)
                self._open[partition] = (end, records)
                batch = [self._record(raw, partition, position) for position, raw in enumerate(taken, start)]
                return batch_of(batch, partition, start=start, end=end)
        return None

    def close(self) -> None:
        """Let go of the files."""
        self._open.clear()

    def _record(self, raw: bytes, partition: str, position: int) -> Record:
        return Record(raw, partition, position, f"{self._splits[partition]}, turn {position + 1}", len(raw))

    def _records(self, split: str) -> Iterator[bytes]:
        return (encode(part) for call in read_live_calls(self._folder, split) for part in turn_parts(call))


def _take(records: Iterator[bytes], records_max: int, *, bytes_max: int) -> Iterator[bytes]:
    """Records up to a number, and up to the one with which so many bytes are full."""
    size = 0
    for record in islice(records, records_max):
        yield record
        size += len(record)
        if size >= bytes_max:
            return
