"""JSON-lines files as a source."""

from __future__ import annotations

import gzip
import os
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from ingest.file_log import FileLog
from ingest.source import Batch, SourceUnavailable
from resay.dialogue.codec import RECORD_BYTES_MAX


def raws(batch: Batch | None) -> list[bytes]:
    """The bytes of a batch."""
    return [record.raw for record in batch.records] if batch else []


def read(*paths: Path, start: int | None = None) -> tuple[list[bytes], int, list[str]]:
    """All records of files, where the first batch ended, and what was left unread."""
    log = FileLog(paths)
    if start is not None:
        log.seek(log.partitions()[0], start)
    batch = log.next_batch(100, 10**9)
    rest = log.next_batch(100, 10**9)
    log.close()
    return raws(batch) + raws(rest), batch.end if batch else -1, log.unfinished()


@pytest.fixture
def opened() -> Iterator[Callable[..., FileLog]]:
    """Opens logs, and closes them after the test."""
    with ExitStack() as stack:
        yield lambda *paths: stack.enter_context(closing(FileLog(paths)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a log is to lie."""
    return tmp_path / "turns.jsonl"


def test_each_line_is_a_record(path: Path, opened: Callable[..., FileLog]):
    """Line ends are taken off, whichever they are, and empty lines are passed over; people are told line numbers."""
    path.write_bytes(b'{"a":1}\r\n\n   \n{"b":2}\nnot json\n')

    batch = opened(path).next_batch(100, 10**9)

    assert batch is not None
    assert [(each.raw, each.origin, each.position) for each in batch.records] == [
        (b'{"a":1}', "turns.jsonl:1", 0),
        (b'{"b":2}', "turns.jsonl:4", 14),
        (b"not json", "turns.jsonl:5", 22),
    ]
    assert batch.end == path.stat().st_size


def test_a_batch_has_limits(path: Path, opened: Callable[..., FileLog]):
    """So many records, or so many bytes, whichever comes first; the next batch goes on where it ended."""
    path.write_bytes(b'{"a":1}\n{"a":2}\n{"a":3}\n{"a":4}\n')
    log = opened(path)

    batches = [raws(log.next_batch(3, 10**9)), raws(log.next_batch(100, 1)), raws(log.next_batch(100, 1))]

    assert batches == [[b'{"a":1}', b'{"a":2}', b'{"a":3}'], [b'{"a":4}'], []]


def test_seeking_goes_on_where_it_stood(path: Path, opened: Callable[..., FileLog]):
    """A position is the byte at which a record begins, and line numbers still count from the top."""
    path.write_bytes(b'{"a":1}\n{"a":2}\n{"a":3}\n')
    log = opened(path)

    log.seek(log.partitions()[0], 8)
    batch = log.next_batch(1, 10**9)

    assert batch is not None
    assert (raws(batch), batch.records[0].origin, batch.end) == ([b'{"a":2}'], "turns.jsonl:2", 16)


def test_a_growing_file_is_read_on(path: Path):
    """What is appended later is read by the next run, and only that."""
    path.write_bytes(b'{"a":1}\n')
    _, end, _ = read(path)

    with path.open("ab") as file:
        file.write(b'{"a":2}\n')

    assert read(path, start=end) == ([b'{"a":2}'], 16, [])


def test_half_a_line_waits_until_it_is_whole(path: Path):
    """The end of a file may still be being written: it is not taken, not lost, and said."""
    path.write_bytes(b'{"a":1}\n{"a":2,"b')

    records, end, unfinished = read(path)
    assert (records, end) == ([b'{"a":1}'], 8)
    assert unfinished[0].startswith(
        "turns.jsonl:2; the last record must be complete; its 9 bytes were left unread; is it still being written?"
    )

    with path.open("ab") as file:
        file.write(b'":3}\n')
    assert read(path, start=end) == ([b'{"a":2,"b":3}'], 22, [])


def test_a_last_line_that_is_whole_is_taken_without_its_end(path: Path):
    """An object that has closed cannot grow; the line end that follows later is no record."""
    path.write_bytes(b'{"a":1}\n{"a":2}')
    records, end, unfinished = read(path)
    assert (records, end, unfinished) == ([b'{"a":1}', b'{"a":2}'], 15, [])

    with path.open("ab") as file:
        file.write(b'\n{"a":3}\n')
    assert read(path, start=end) == ([b'{"a":3}'], 24, [])


@pytest.mark.parametrize("end", [b"1", b'"text"', b"nul", b"}", b"\xff"])
def test_what_does_not_close_itself_waits(path: Path, end: bytes):
    """A number might get more digits: only objects are known to be whole."""
    path.write_bytes(b'{"a":1}\n' + end)

    assert read(path)[:2] == ([b'{"a":1}'], 8)


def test_gzip_is_read_like_the_file_in_it(path: Path):
    """Positions count unpacked bytes; the name does not matter."""
    path.write_bytes(gzip.compress(b'{"a":1}\n{"a":2}\n'))

    assert read(path) == ([b'{"a":1}', b'{"a":2}'], 16, [])
    assert read(path, start=8) == ([b'{"a":2}'], 16, [])


def test_gzip_that_breaks_off_is_read_as_far_as_it_goes(path: Path, opened: Callable[..., FileLog]):
    """A packed file that is still being written gives what it has, and says so."""
    lines = b"".join(b'{"a":"%s"}\n' % os.urandom(40).hex().encode() for _ in range(2_000))
    path.write_bytes(gzip.compress(lines)[:60_000])
    log = opened(path)

    batch = log.next_batch(10_000, 10**9)

    assert 100 < len(raws(batch)) < 2_000
    assert raws(batch) == lines.split(b"\n")[: len(raws(batch))]
    assert log.next_batch(10_000, 10**9) is None
    assert log.unfinished() == ["turns.jsonl; a packed file must be complete; it breaks off; is it still being written?"]


def test_gzip_that_is_damaged_is_said(path: Path, opened: Callable[..., FileLog]):
    """Bytes that do not unpack end the run; what was read before is kept."""
    packed = bytearray(gzip.compress(b"".join(b'{"a":"%s"}\n' % os.urandom(40).hex().encode() for _ in range(2_000))))
    packed[50_000:50_100] = b"\xff" * 100
    path.write_bytes(bytes(packed))
    log = opened(path)

    with pytest.raises(SourceUnavailable, match=r"must be readable to its end; .*; is it damaged"):
        while log.next_batch(100, 10**9):
            pass


def test_a_line_of_ten_megabytes_is_cut_and_its_length_kept(path: Path, opened: Callable[..., FileLog]):
    """Memory does not depend on how long a line is, and the next record is found."""
    path.write_bytes(b'{"a":"' + b"x" * 10_000_000 + b'"}\n{"b":2}\n')
    log = opened(path)
    tracemalloc.start()

    batch = log.next_batch(100, 10**9)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert batch is not None
    assert [(len(each.raw), each.length) for each in batch.records] == [(RECORD_BYTES_MAX, 10_000_008), (7, 7)]
    assert batch.end == path.stat().st_size
    assert peak < 8_000_000


def test_a_record_of_just_the_longest_length_is_whole(path: Path, opened: Callable[..., FileLog]):
    """The limit is the last length that is read, with either line end."""
    longest = b'{"a":"' + b"x" * (RECORD_BYTES_MAX - 8) + b'"}'
    path.write_bytes(longest + b"\r\n" + longest[:-2] + b'x"}\r\n')

    batch = opened(path).next_batch(100, 10**9)

    assert batch is not None
    assert [(each.length, len(each.raw)) for each in batch.records] == [(RECORD_BYTES_MAX,) * 2, (RECORD_BYTES_MAX + 1, RECORD_BYTES_MAX)]
    assert batch.records[0].raw == longest


def test_a_byte_order_mark_is_no_part_of_the_first_record(path: Path):
    """Windows programs put one before the first line."""
    path.write_bytes(b'\xef\xbb\xbf{"a":1}\n')

    assert read(path) == ([b'{"a":1}'], 11, [])


def test_a_new_file_under_an_old_name_is_another_partition(path: Path, opened: Callable[..., FileLog]):
    """A rotated log begins at 0 by itself, because its first record is another."""
    path.write_bytes(b'{"a":1}\n{"a":2}\n')
    before = opened(path).partitions()

    path.write_bytes(b'{"a":3}\n')

    assert opened(path).partitions() != before


def test_growing_does_not_change_the_partition(path: Path, opened: Callable[..., FileLog]):
    """Nor does the line end that the first record did not have yet."""
    path.write_bytes(b'{"a":1}')
    before = opened(path).partitions()

    path.write_bytes(b'{"a":1}\n{"a":2}\n')

    assert opened(path).partitions() == before


@pytest.mark.parametrize("content", [b'{"a":1}\n', b'{"a":1}\n{"a":2}x\n{"a":3}\n'])
def test_a_file_that_was_overwritten_is_said(path: Path, content: bytes, opened: Callable[..., FileLog]):
    """Shorter than it was, or with no record's end where we stood: nothing is skipped by guessing."""
    path.write_bytes(content)
    log = opened(path)

    with pytest.raises(SourceUnavailable, match="was it overwritten\\? Then give it another name"):
        log.seek(log.partitions()[0], 15)


def test_several_files_are_read_one_after_the_other(tmp_path: Path):
    """Each is a partition of its own; one that is named twice is read once."""
    paths = [tmp_path / "b.jsonl", tmp_path / "a.jsonl", tmp_path / "." / "b.jsonl"]
    paths[0].write_bytes(b'{"a":1}\n')
    paths[1].write_bytes(b'{"a":2}\n')

    assert read(*paths)[0] == [b'{"a":1}', b'{"a":2}']


def test_an_empty_file_is_said_and_the_others_are_read(tmp_path: Path):
    """A log that was just rotated holds nothing yet."""
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "a.jsonl").write_bytes(b'{"a":1}\n')

    records, _, unfinished = read(tmp_path / "empty.jsonl", tmp_path / "a.jsonl")

    assert records == [b'{"a":1}']
    assert unfinished == [f"file {tmp_path}/empty.jsonl must hold records, one a line; it is empty; is it the right file?"]


def test_files_that_cannot_be_opened_are_all_named(tmp_path: Path):
    """Who mends a command line should have to mend it once."""
    (tmp_path / "a.jsonl").write_bytes(b'{"a":1}\n')
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    paths = [tmp_path, tmp_path / "missing", tmp_path / "a.jsonl" / "below", tmp_path / "pipe", tmp_path / "loop", tmp_path / "a.jsonl"]

    with pytest.raises(SourceUnavailable) as error:
        FileLog(paths)

    sentences = str(error.value).split("; and ")
    assert [sentence.split("; ")[1] for sentence in sentences] == [
        "it is a folder",
        "No such file or directory",
        "Not a directory",
        "it is a pipe or a device",
        "Too many levels of symbolic links",
    ]


def test_a_name_that_is_no_text_can_be_read(tmp_path: Path, opened: Callable[..., FileLog]):
    """File names are bytes; positions are kept under a name that a table can hold."""
    path = tmp_path / os.fsdecode(b"turns-\xff.jsonl")
    path.write_bytes(b'{"a":1}\n')

    (partition,) = opened(path).partitions()

    assert partition.encode()
