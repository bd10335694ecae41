"""A growing folder as a source: JSON-lines files that are added, appended to and rotated, looked at again whenever `look` is called.

Positions and partitions are those of the file log, so files of the folder that were ingested by name are not read again. A file that has
not changed since it was read to its end costs one stat. Knows files come and go; what lies in one is the file log's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ingest.file_log import FileLog
from ingest.source import Batch, SourceUnavailable

ENDINGS = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
"""Files that are logs; writers rename what is ready, so other names may be half written."""

FILES_A_LOOK = 256
"""Files read in one look: each is held open; systems allow a process 1,024."""

_Stamp = tuple[int, int, int]


class FolderLog:
    """The logs of one folder, or one file that grows, as of the last look."""

    name = FileLog.name

    def __init__(self, place: Path) -> None:
        """Take a folder, or a file, and look.

        Raises: SourceUnavailable.
        """
        if not place.exists():
            message = f"source {place} must be a folder or a file; there is none; is the path right?"
            raise SourceUnavailable(message)
        self._place = place
        self._read: dict[Path, _Stamp] = {}
        """As each file was when we began to read it to its end."""
        self._logs: dict[str, tuple[Path, _Stamp, FileLog]] = {}
        self._faults: dict[Path, str] = {}
        self.look()

    def look(self) -> bool:
        """Take the files that have changed since they were read to their ends, and no others; whether there are any.

        Raises: SourceUnavailable where the folder cannot be listed.
        """
        self.close()
        for path, stamp in self._changed():
            try:
                log = FileLog([path])
            except SourceUnavailable as error:
                # One broken file must not stop the others; it is tried again when it changes.
                self._done(path, stamp, str(error))
                continue
            if log.partitions():
                self._logs[log.partitions()[0]] = (path, stamp, log)
            else:
                log.close()
                self._done(path, stamp, "")
        return bool(self._logs)

    def partitions(self) -> Sequence[str]:
        """The files of this look."""
        return tuple(self._logs)

    def seek(self, partition: str, position: int) -> None:
        """Stand at a byte offset of a file of this look.

        Raises: SourceUnavailable where no record begins there: it is another file than the one that was read before.
        """
        self._logs[partition][2].seek(partition, position)

    def next_batch(self, records_max: int, bytes_max: int) -> Batch | None:
        """The next records of the first file that has any left; nothing where all of this look are read."""
        for path, stamp, log in self._logs.values():
            try:
                batch = log.next_batch(records_max, bytes_max)
            except SourceUnavailable as error:
                self._done(path, stamp, str(error))
                continue
            if batch is not None:
                return batch
            self._done(path, stamp, "; and ".join(log.unfinished()))
        return None

    def close(self) -> None:
        """Close the files."""
        for _, _, log in self._logs.values():
            log.close()
        self._logs.clear()

    def bytes_left(self) -> int:
        """How many bytes of changed files are not yet read to their ends: an upper bound of the lag."""
        left = 0
        for path, stamp in self._changed():
            before = self._read.get(path)
            left += stamp[1] - before[1] if before and before[0] == stamp[0] and before[1] <= stamp[1] else stamp[1]
        return left

    def unfinished(self) -> list[str]:
        """What could not be read yet, a sentence a file: broken files, and half records at the ends of others."""
        return list(self._faults.values())

    def _done(self, path: Path, stamp: _Stamp, fault: str) -> None:
        self._read[path] = stamp
        self._faults.pop(path, None)
        if fault:
            self._faults[path] = fault

    def _changed(self) -> list[tuple[Path, _Stamp]]:
        """Files that are not as they were when they were last read, oldest first."""
        try:
            paths = [each for each in self._place.iterdir() if each.name.endswith(ENDINGS)] if self._place.is_dir() else [self._place]
        except OSError as error:
            message = f"folder {self._place} must be readable; {error.strerror}; is it still there, and yours?"
            raise SourceUnavailable(message) from error
        stamped = [(path, stamp) for path in paths if (stamp := _stamp(path)) is not None and stamp != self._read.get(path)]
        return sorted(stamped, key=lambda each: (each[1][2], each[0]))[:FILES_A_LOOK]


def _stamp(path: Path) -> _Stamp | None:
    """Which file stands under a name, its size and when it was last written; nothing where it has gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
