"""Delta tables under one root: opened, created, and committed to on the very snapshot that was looked at, or not at all.

Knows Delta's log; knows nothing of when to try again, nor of what rows mean.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import Transaction

from resay.store.changes import revision
from resay.store.delta_log import telling_columns
from resay.store.errors import LakeTooOld, LakeUnavailable, LostPosition, unavailable, unreadable
from resay.store.reading import local_folder
from resay.store.tables import (
    CHAIN_TRIES,
    CHAIN_TURNS,
    CUSTOMER_DAYS,
    FAILURE_POINTS,
    FRICTION,
    LINKS,
    OUTCOMES,
    ROLLUP_DAYS,
    SEGMENTS,
    Table,
)

LOG_BYTES_MIN = 65_536
"""Room for the log entry of a commit beside its rows: entries of ours are under 10 KB."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a commit declares done: the records from `start` up to, not including, `end` of one partition."""

    partition: str
    """Unique over all sources: `SOURCE#PARTITION`."""
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Seen:
    """A snapshot in a local folder, and how to tell that no commit has been made since."""

    snapshot: DeltaTable
    entry: Path
    """Its entry in the log."""
    file: tuple[int, int]
    """Inode and time of the entry: a table that was deleted and made anew has another one of this number."""

    @classmethod
    def of(cls, snapshot: DeltaTable) -> _Seen | None:
        """Nothing in an object store, nor where the log begins later."""
        folder = local_folder(snapshot.table_uri)
        entry = folder and _entry(folder / "_delta_log", snapshot.version())
        file = entry and _file_of(entry)
        return cls(snapshot, entry, file) if entry and file else None

    def is_newest(self) -> bool:
        """Whether the entry is still there, and none behind it."""
        behind = _entry(self.entry.parent, self.snapshot.version() + 1)
        return not behind.exists() and _file_of(self.entry) == self.file


@dataclass(frozen=True, slots=True)
class Commits:
    """The tables under one root, and the commits that may be made on them.

    A commit answers whether it went in; False where another writer was first, and then nothing was written. No retries inside the
    library: it would put our rows on top of commits that neither the positions nor a screen have seen, so that a conflict comes back
    to the caller, who asks both again (docs/decisions/0003-exactly-once.md).
    """

    root: str
    storage: Mapping[str, str]
    _seen: dict[Table, _Seen] = field(default_factory=dict, init=False, repr=False, compare=False)

    def open(self, table: Table) -> DeltaTable | None:
        """The table as it is now, or nothing where it was never written; creates nothing.

        To be read only: who asks again while nobody has committed is given the same, as reading a log takes milliseconds.

        Raises: LakeTooNew, LakeUnavailable.
        """
        seen = self._seen.get(table)
        if seen is not None and seen.is_newest():
            return seen.snapshot
        snapshot = self.fresh(table)
        if snapshot is not None and (kept := _Seen.of(snapshot)) is not None:
            self._seen[table] = kept
        return snapshot

    def fresh(self, table: Table) -> DeltaTable | None:
        """As `open`, of the caller's own: a commit that is made on it moves it on.

        Raises: LakeTooNew, LakeUnavailable.
        """
        uri = self._uri(table)
        try:
            return DeltaTable(uri, storage_options=dict(self.storage))
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            raise unreadable(uri, error) from error

    def at(self, table: Table, version: int) -> DeltaTable | None:
        """The table as it was; nothing where the log does not reach back so far."""
        try:
            return DeltaTable(self._uri(table), version=version, storage_options=dict(self.storage))
        except DeltaError:
            return None

    def snapshot(self, table: Table, progress: Sequence[Progress] = ()) -> DeltaTable:
        """The table as it is now, made where it is not there, its positions compared with where `progress` begins.

        Raises: LostPosition, LakeTooNew, LakeTooOld, LakeUnavailable.
        """
        snapshot = self.fresh(table) or self._create(table)
        _check_columns(snapshot, table)
        _check_positions(snapshot, progress)
        return snapshot

    def write(self, snapshot: DeltaTable, rows: pa.Table, progress: Sequence[Progress], *, mode: str) -> bool:
        """Add rows, or put them in place of all; `mode` is the library's word.

        Raises: LakeUnavailable.
        """
        self._check_place(snapshot, rows.nbytes)
        properties = _properties(progress)
        return self._attempt(snapshot, lambda: write_deltalake(snapshot, rows, mode=mode, commit_properties=properties))  # type: ignore[call-overload]

    def merge(self, snapshot: DeltaTable, rows: pa.Table, *, stale: pa.Table, progress: Sequence[Progress]) -> bool:
        """Add rows, and take out those of stale keys.

        Raises: LakeUnavailable.
        """
        if not stale.num_rows:
            return self.write(snapshot, rows, progress, mode="append")
        self._check_place(snapshot, rows.nbytes)
        merger = revision(snapshot, rows, stale=stale, properties=_properties(progress))
        return self._attempt(snapshot, merger.execute)

    def delete(self, snapshot: DeltaTable, predicate: str) -> bool:
        """Take out the rows that a predicate holds of.

        Raises: LakeUnavailable.
        """
        self._check_place(snapshot, 0)
        return self._attempt(snapshot, lambda: snapshot.delete(predicate, commit_properties=_properties(())))

    def _create(self, table: Table) -> DeltaTable:
        uri = self._uri(table)
        try:
            configuration = dict(telling_columns(table.schema().names))
            return DeltaTable.create(
                uri, schema=table.schema(), mode="ignore", configuration=configuration, storage_options=dict(self.storage)
            )
        except CommitFailedError:
            # Of two that create at once the library lets one fail; the table is there, and is the other's.
            return self.snapshot(table)
        except (DeltaError, OSError) as error:
            raise unavailable(uri, error) from error

    def _attempt(self, snapshot: DeltaTable, write: Callable[[], object]) -> bool:
        version = snapshot.version()
        try:
            write()
        except DeltaError as error:
            # Not only where the commit itself failed: files of an older version are other ones after an erasure.
            return self._was_first(snapshot, version, error)
        except OSError as error:
            raise unavailable(self.root, error) from error
        return True

    def _was_first(self, snapshot: DeltaTable, version: int, error: DeltaError) -> bool:
        """False where another writer has moved the table on since; else the commit failed for a reason that trying again cannot mend."""
        if DeltaTable(snapshot.table_uri, storage_options=dict(self.storage)).version() == version:
            raise unavailable(self.root, error) from error
        return False

    def _check_place(self, snapshot: DeltaTable, size: int) -> None:
        """Refuse early what the disk cannot hold, or we may not write: the library, when a write fails, prints a stack trace of its own."""
        table = local_folder(snapshot.table_uri)
        if table is None:
            return
        for folder in (table, table / "_delta_log"):
            if not os.access(folder, os.W_OK | os.X_OK):
                message = f"lake must be readable and writable; {folder} may not be written; is it read-only, or the folder not yours?"
                raise LakeUnavailable(message)
        free = shutil.disk_usage(self.root).free
        if free < size + LOG_BYTES_MIN:
            message = f"lake {self.root} must have {size + LOG_BYTES_MIN:,} bytes free to commit; it has {free:,}; is the disk full?"
            raise LakeUnavailable(message)

    def _uri(self, table: Table) -> str:
        return f"{self.root}/{table.name}"


def _entry(log: Path, version: int) -> Path:
    return log / f"{version:020}.json"


def _file_of(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _properties(progress: Sequence[Progress]) -> CommitProperties:
    done = [Transaction(each.partition, each.end) for each in progress]
    return CommitProperties(app_transactions=done or None, max_commit_retries=0)


def _check_columns(snapshot: DeltaTable, table: Table) -> None:
    here = {field.name for field in snapshot.schema().fields}
    lacking = [column.name for column in table.columns if column.name not in here]
    if lacking:
        mend = "may its folder be deleted, as it is made of turns again" if table in _MADE_OF_TURNS else "is there a copy to begin from"
        message = (
            f"table {snapshot.table_uri} must have the columns of this version; it lacks {', '.join(lacking)}; "
            f"was it kept by an earlier version, and {mend}?"
        )
        raise LakeTooOld(message)


_MADE_OF_TURNS = (FRICTION, LINKS, SEGMENTS, OUTCOMES, FAILURE_POINTS, CHAIN_TURNS, CHAIN_TRIES, CUSTOMER_DAYS, ROLLUP_DAYS)


def _check_positions(snapshot: DeltaTable, progress: Sequence[Progress]) -> None:
    for each in progress:
        stored = snapshot.transaction_version(each.partition) or 0
        if stored != each.start:
            message = (
                f"partition {each.partition!r} must stand at {each.start} to commit {each.start}..{each.end}; it stands at {stored}; "
                "is another consumer reading it?"
            )
            raise LostPosition(message)
