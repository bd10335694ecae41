"""JSON-lines files as a source, plain or gzip, complete or still growing.

A position is a byte offset (into the unpacked content): one seek finds it again in a growing file, where line numbers would mean
reading all of it. A partition is a file's resolved path and the hash of its first line, so a rotated log, a new file under
an old name, begins at 0 by itself. A renamed file is a new partition too and is read again; the duplicates rule of the landing drops
what it holds.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from ingest.source import Batch, SourceUnavailable
from resay.dialogue.codec import RECORD_BYTES_MAX

FINGERPRINT_BYTES_MAX = 4_096
"""So much of the first line tells one log from the next: ids and times stand in the first few hundred bytes of a record."""

_SKIP_BYTES = 1_048_576
"""Read at a time where bytes are only passed over."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class FileLog:
    """Some JSON-lines files, read one after the other."""

    name = "file"

    def __init__(self, paths: Sequence[Path]) -> None:
        """Open the files; those that are empty are told by `unfinished`.

        Raises: SourceUnavailable, with what is wrong with each of them; then none was opened.
        """
        self._files: dict[str, _File] = {}
        self._empty: list[str] = []
        faults: list[str] = []
        for path in dict.fromkeys(_resolved(each) for each in paths):
            try:
                file = _File(path)
            except SourceUnavailable as error:
                faults.append(str(error))
                continue
            if file.is_empty:
                self._empty.append(file.unfinished or f"file {path} must hold records, one a line; it is empty; is it the right file?")
                file.close()
            else:
                self._files[file.partition] = file
        if faults:
            self.close()
            raise SourceUnavailable("; and ".join(faults))

    def partitions(self) -> Sequence[str]:
        """The files."""
        return tuple(self._files)

    def seek(self, partition: str, position: int) -> None:
        """Stand at a byte offset of a file.

        Raises: SourceUnavailable where no record begins there: it is another file than the one that was read before.
        """
        self._files[partition].seek(position)

    def next_batch(self, records_max: int, bytes_max: int) -> Batch | None:
        """The next records of the first file that has any left."""
        for file in self._files.values():
            batch = file.next_batch(records_max, bytes_max)
            if batch is not None:
                return batch
        return None

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()

    def bytes_read(self) -> int:
        """How far all files have been read, as they lie on the disk."""
        return sum(file.bytes_read() for file in self._files.values())

    def bytes_total(self) -> int:
        """The size of all files, as they lie on the disk."""
        return sum(file.size for file in self._files.values())

    def unfinished(self) -> list[str]:
        """What could not be read yet, a sentence each: empty files, and half records at the ends of others."""
        return self._empty + [file.unfinished for file in self._files.values() if file.unfinished]


@dataclass(frozen=True, slots=True)
class _Line:
    raw: bytes
    """Without its end; cut where it is too long to be a record."""
    length: int
    """Without its end, before it was cut."""
    span: int
    """With its end."""
    ended: bool
    """Whether it has an end at all."""


class _File:
    """One file and where we stand in it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bare = _open(path)
        self.size = path.stat().st_size
        packed = self._bare.read(2) == b"\x1f\x8b"
        self._bare.seek(0)
        self._content: IO[bytes] = gzip.GzipFile(fileobj=self._bare) if packed else self._bare  # type: ignore[assignment]
        self.unfinished = ""
        self._exhausted = False
        self._position = 0
        self._taken = 0
        """Where the next batch begins for whoever counts positions: a byte order mark or empty lines may lie before its first record."""
        self._lines = 0
        try:
            first = self._read_to_line_end(FINGERPRINT_BYTES_MAX)
            self.is_empty = not first
            # Names that are no Unicode cannot be written into a table as they are.
            self.partition = f"{str(path).encode(errors='backslashreplace').decode()}@{_fingerprint(first)}"
            if first:
                self.seek(0)
        except SourceUnavailable:
            self.close()
            raise

    def seek(self, position: int) -> None:
        self._content.seek(0)
        self._lines, before = self._pass_over(position)
        begins_line = position == 0 or before == b"\n"
        # What was taken without a line end (`_is_whole`) is followed by that end, or by nothing yet.
        if not begins_line and (not before or self._read(1) not in {b"", *_LINE_ENDS}):
            message = (
                f"file {self._path} must be the one that was read before up to byte {position:,}; "
                "no record ends there now; was it overwritten? Then give it another name"
            )
            raise SourceUnavailable(message)
        self._content.seek(position)
        if position == 0 and self._read(len(_BYTE_ORDER_MARK)) != _BYTE_ORDER_MARK:
            self._content.seek(0)
        self._position = self._content.tell()
        self._taken = position
        self._exhausted = False
        self.unfinished = ""

    def next_batch(self, records_max: int, bytes_max: int) -> Batch | None:
        taken: list[tuple[bytes, int, int, int]] = []
        size = 0
        while len(taken) < records_max and size < bytes_max:
            line = self._next_line()
            if line is None:
                break
            if line.raw.strip():
                taken.append((line.raw, self._position - line.span, line.length, self._lines))
                size += len(line.raw)
        if not taken:
            return None
        start, self._taken = self._taken, self._position
        raws, positions, lengths, numbers = zip(*taken, strict=True)
        name = self._path.name
        return Batch(self.partition, raws, positions, lengths, lambda place: f"{name}:{numbers[place]}", end=self._position, start=start)

    def bytes_read(self) -> int:
        return min(self._bare.tell(), self.size) if not self._exhausted else self.size

    def close(self) -> None:
        self._content.close()
        self._bare.close()

    def _next_line(self) -> _Line | None:
        """The next line, counted and passed; nothing at the end of the file, or before a half line."""
        line = None if self._exhausted else self._read_line()
        if line is None or not (line.ended or _is_whole(line)):
            self._exhausted = True
            if line is not None:
                hint = (
                    "is it a JSON array? Records stand one a line, as `jq -c '.[]'` writes them"
                    if line.raw.lstrip().startswith(b"[")
                    else "is it still being written? Then ingest the file again later, else end it with a line break"
                )
                self.unfinished = (
                    f"{self._path.name}:{self._lines + 1}; the last record must be complete; its {line.length:,} bytes were left unread; "
                    f"{hint}"
                )
            return None
        self._position += line.span
        self._lines += 1
        return line

    def _read_line(self) -> _Line | None:
        whole = self._read_to_line_end(RECORD_BYTES_MAX + len(_CARRIAGE_RETURN_LINE_FEED))
        if not whole:
            return None
        span, tail = len(whole), whole[-2:]
        # What follows the first piece is passed over, not kept: memory must not depend on how long a line is.
        while not tail.endswith(b"\n") and (piece := self._read_to_line_end(_SKIP_BYTES)):
            span += len(piece)
            tail = (tail + piece)[-2:]
        length = span - (2 if tail == _CARRIAGE_RETURN_LINE_FEED else tail.endswith(b"\n"))
        return _Line(whole[:length][:RECORD_BYTES_MAX], length, span, ended=length < span)

    def _pass_over(self, size: int) -> tuple[int, bytes]:
        """Read on by so many bytes: how many lines ended in them, and the last of them; nothing where the file is shorter."""
        lines, left, last = 0, size, b""
        while left:
            piece = self._read(min(left, _SKIP_BYTES))
            if not piece:
                return lines, b""
            lines += piece.count(b"\n")
            left -= len(piece)
            last = piece[-1:]
        return lines, last

    def _read(self, size: int) -> bytes:
        try:
            return self._content.read(size)
        except EOFError:
            return b""
        except (OSError, zlib.error) as error:
            raise _broken(self._path, error) from error

    def _read_to_line_end(self, size: int) -> bytes:
        try:
            return self._content.readline(size)
        except EOFError:
            # gzip says so where a packed file breaks off; its last line is lost until the file is whole.
            self.unfinished = f"{self._path.name}; a packed file must be complete; it breaks off; is it still being written?"
            return b""
        except (OSError, zlib.error) as error:
            raise _broken(self._path, error) from error


_LINE_ENDS = (b"\r", b"\n")
_CARRIAGE_RETURN_LINE_FEED = b"\r\n"


def _fingerprint(first_line: bytes) -> str:
    return hashlib.sha256(first_line.removeprefix(_BYTE_ORDER_MARK).rstrip(b"\r\n")).hexdigest()[:12]


def _is_whole(line: _Line) -> bool:
    """Whether a last line without an end is a whole record: a JSON object closes itself, so nothing can be missing."""
    try:
        return line.length <= RECORD_BYTES_MAX and isinstance(msgspec.json.decode(line.raw), dict)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        # A loop of links: opening it will say so.
        return path.absolute()


def _open(path: Path) -> IO[bytes]:
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            message = f"{path} must be a file that can be read again; it is a pipe or a device; was it meant to be saved first?"
            raise SourceUnavailable(message)
        return path.open("rb")
    except IsADirectoryError as error:
        message = f"{path} must be a file; it is a folder; is {path}/*.jsonl what you mean?"
        raise SourceUnavailable(message) from error
    except OSError as error:
        message = f"file {path} must be there and readable; {error.strerror}; is the path right, and is the file yours to read?"
        raise SourceUnavailable(message) from error


def _broken(path: Path, error: Exception) -> SourceUnavailable:
    return SourceUnavailable(f"file {path} must be readable to its end; {error}; is it damaged? What was read before is kept")
