"""Places to land from, for tests that hold a landing against its model: logs in memory, files, topics on the real broker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

from ingest.file_log import FileLog
from ingest.source import Batch, Source
from tests.fakes import MemoryLog


class World(Protocol):
    """Logs that grow, and readers of them."""

    name: str
    """The source's name in the lake."""
    partitions: Sequence[str]
    """As the model names them: `SOURCE#PARTITION`, so that they sort as the lake sorts them."""

    def grow(self, partition: str, raws: Sequence[bytes]) -> None:
        """Add records to the end of a log."""

    def open(self, positions: Callable[[str, str], int]) -> Source:
        """A reader of all that is there now; `positions` are those of the lake."""

    def key(self, partition: str) -> str:
        """What the lake calls a partition; nothing before it has records."""

    def partition(self, stored: str) -> str:
        """What the model calls a partition of the lake."""

    def index(self, partition: str, position: int) -> int:
        """How many records of a partition lie before a position of the lake."""


class SharedLog:
    """Logs in memory of which a reader has a share; it does not always know what it has lost."""

    name = MemoryLog.name

    def __init__(self, logs: dict[str, list[bytes]]) -> None:
        self._logs = {partition: MemoryLog({partition: raws}) for partition, raws in logs.items()}
        self._ends = {partition: len(raws) for partition, raws in logs.items()}
        self._share = set(logs)

    def gain(self, partition: str, position: int) -> None:
        """The partition is this reader's now, from a position on."""
        self._share.add(partition)
        self.seek(partition, position)

    def lose(self, partition: str) -> None:
        """The partition is another's, and the reader knows it."""
        self._share.discard(partition)

    def partitions(self) -> Sequence[str]:
        """The share."""
        return sorted(self._share)

    def seek(self, partition: str, position: int) -> None:
        """As ever; where the log has grown and was landed beyond what this reader knows, it has nothing left."""
        self._logs[partition].seek(partition, min(position, self._ends[partition]))

    def next_batch(self, records_max: int, bytes_max: int, *, hurry: Callable[[], bool] | None = None) -> Batch | None:
        """The next records of the share."""
        batches = (self._logs[partition].next_batch(records_max, bytes_max) for partition in self.partitions())
        return next((batch for batch in batches if batch), None)

    def close(self) -> None:
        """Nothing is held open."""


class MemoryWorld:
    """Logs in memory."""

    name = MemoryLog.name
    partitions = ("memory#p", "memory#q")

    def __init__(self, _folder: Path) -> None:
        self._logs: dict[str, list[bytes]] = {partition.partition("#")[2]: [] for partition in self.partitions}

    def grow(self, partition: str, raws: Sequence[bytes]) -> None:
        """Add records to the end of a log."""
        self._logs[partition.partition("#")[2]] += raws

    def open(self, _positions: Callable[[str, str], int]) -> SharedLog:
        """A reader of all that is there now."""
        return SharedLog(self._logs)

    def key(self, partition: str) -> str:
        """The same, without the source's name."""
        return partition.partition("#")[2]

    def partition(self, stored: str) -> str:
        """The same, behind the source's name."""
        return f"memory#{stored}"

    def index(self, _partition: str, position: int) -> int:
        """Positions count records."""
        return position


class FileWorld:
    """Files that grow."""

    name = FileLog.name
    partitions = ("file#a.jsonl", "file#b.jsonl")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ends: dict[str, list[int]] = {partition: [0] for partition in self.partitions}

    def grow(self, partition: str, raws: Sequence[bytes]) -> None:
        """Add lines to the end of a file."""
        with (self._folder / partition.partition("#")[2]).open("ab") as file:
            for raw in raws:
                file.write(raw + b"\n")
                self._ends[partition].append(file.tell())

    def open(self, _positions: Callable[[str, str], int]) -> FileLog:
        """A reader of all that is there now."""
        return FileLog(sorted(self._folder.glob("*.jsonl")))

    def key(self, partition: str) -> str:
        """The file's path and its first line's hash."""
        with closing(self.open(lambda *_: 0)) as log:
            return next((stored for stored in log.partitions() if self.partition(stored) == partition), "")

    def partition(self, stored: str) -> str:
        """The file's name, without its folder and its first line's hash."""
        return f"file#{Path(stored.rpartition('@')[0]).name}"

    def index(self, partition: str, position: int) -> int:
        """Positions count bytes."""
        return self._ends[partition].index(position)
