"""The contract of a source, kept by the file log and by the fake that other tests use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from ingest.file_log import FileLog
from ingest.folder_log import FolderLog
from ingest.source import Source, SourceUnavailable
from tests.fakes import MemoryLog

RECORDS = [b'{"a":1}', b'{"a":2}', b"not json", b'{"a":4}', b'{"a":5}']

Make = Callable[[Sequence[Sequence[bytes]]], Source]


@pytest.fixture(params=["memory", "file", "folder"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Makes a source whose partitions hold these records."""
    sources: list[Source] = []

    def memory(partitions: Sequence[Sequence[bytes]]) -> Source:
        return MemoryLog({str(number): records for number, records in enumerate(partitions)})

    def files(partitions: Sequence[Sequence[bytes]]) -> Source:
        paths = [tmp_path / f"{number}.jsonl" for number in range(len(partitions))]
        for path, records in zip(paths, partitions, strict=True):
            path.write_bytes(b"".join(record + b"\n" for record in records))
        return FileLog(paths) if request.param == "file" else FolderLog(tmp_path)

    def keep(partitions: Sequence[Sequence[bytes]]) -> Source:
        sources.append(memory(partitions) if request.param == "memory" else files(partitions))
        return sources[-1]

    yield keep
    for source in sources:
        source.close()


def read_all(source: Source, records_max: int = 2) -> dict[str, list[bytes]]:
    """What is left of each partition."""
    read: dict[str, list[bytes]] = {partition: [] for partition in source.partitions()}
    while (batch := source.next_batch(records_max, 10**9)) is not None:
        read[batch.partition] += [record.raw for record in batch.records]
    return read


def test_all_records_come_in_order(make: Make):
    """Order within a partition is kept, whatever the size of the batches."""
    source = make([RECORDS, RECORDS[:1]])

    assert list(read_all(source).values()) == [RECORDS, RECORDS[:1]]


def test_batches_are_of_one_partition_and_join_up(make: Make):
    """Each begins where the one before ended, and holds the positions between."""
    source = make([RECORDS, RECORDS])
    stands = dict.fromkeys(source.partitions(), 0)

    while (batch := source.next_batch(2, 10**9)) is not None:
        positions = [record.position for record in batch.records]
        assert {record.partition for record in batch.records} <= {batch.partition}
        assert positions == sorted(set(positions))
        assert batch.start == stands[batch.partition]
        assert all(batch.start <= position < batch.end for position in positions)
        stands[batch.partition] = batch.end


def test_from_any_position_given_out_the_same_records_follow(make: Make):
    """The end of a batch and the position of a record are both places to come back to."""
    source = make([RECORDS])
    (partition,) = source.partitions()
    batch = source.next_batch(3, 10**9)
    assert batch is not None

    for position, rest in [(batch.end, RECORDS[3:]), (batch.records[1].position, RECORDS[1:]), (0, RECORDS)]:
        source.seek(partition, position)
        assert read_all(source) == {partition: rest}


def test_bytes_bound_a_batch_and_one_record_always_comes(make: Make):
    """A limit smaller than any record still lets the reader go on."""
    source = make([RECORDS])

    batch = source.next_batch(100, 1)

    assert batch is not None
    assert [record.raw for record in batch.records] == RECORDS[:1]


def test_a_position_beyond_the_end_is_said(make: Make):
    """A log that is shorter than it was is another log."""
    source = make([RECORDS])

    with pytest.raises(SourceUnavailable):
        source.seek(source.partitions()[0], 10_000)
