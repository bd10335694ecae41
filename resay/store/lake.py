"""The lake: one Delta table a table, written through `deltalake`, read by DuckDB.

Knows how rows are committed and read; knows nothing of what they mean, but for the view `turns`, where parts become turns.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import Transaction

from resay.dialogue.errors import ResayError
from resay.store.changes import CHANGED, Changes, changed_rows, revision
from resay.store.tables import TABLES, Home, Table
from resay.store.turns_view import turns_view

LAKE_FORMAT = 1
"""Written into `lake.json`; a lake of a higher format was written by a newer version and is left alone."""

COMMIT_TRIES_MAX = 20
"""Commits are retried this often after a conflict; each try starts from a fresh snapshot."""

LOG_BYTES_MIN = 65_536
"""Room for the log entry of a commit beside its rows: entries of ours are under 10 KB."""

KEYS_A_REMOVAL = 1_000
"""Keys named in one statement; the engine parses a predicate of this size in milliseconds."""

COMMITS_A_STEP = 50
"""Commits that one look at what has changed may cover: at 10,000 records a landing's batch some half a million rows of narrow columns."""

Connection = duckdb.DuckDBPyConnection
"""What `Lake.connect` gives; named here so that others need not import DuckDB."""

Screen = Callable[[Connection, pa.Table], pa.Table]
"""What is left of rows, seen against the very snapshot that they would be committed on."""


class LakeTooNew(ResayError):
    """The lake was written by a newer version."""


class LakeUnavailable(ResayError):
    """The lake cannot be read or written where it lies."""


class LostPosition(ResayError):
    """The stored position is not where this writer believes that it stands: another one has written."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a commit declares done: the records from `start` up to, not including, `end` of one partition."""

    partition: str
    """Unique over all sources: `SOURCE#PARTITION`."""
    start: int
    end: int


class Lake:
    """The tables under one root, a local folder or an object-store URL.

    Several processes may write at the same time: every commit is checked against the snapshot that it was made from.
    """

    def __init__(self, root: str | Path, *, storage_options: Mapping[str, str] | None = None) -> None:
        """Open or create the lake.

        Raises: LakeTooNew, LakeUnavailable.
        """
        self._root = str(root).removeprefix("file://").rstrip("/")
        self._storage = dict(storage_options or {})
        if not _is_url(self._root):
            _check_format(Path(self._root))

    @property
    def root(self) -> str:
        """Where the lake lies."""
        return self._root

    def append(self, table: Table, rows: pa.Table, progress: Sequence[Progress] = (), *, screen: Screen | None = None) -> int:
        """Add rows and declare `progress` done, in one commit: both or neither. Answers how many rows went in.

        With `progress`, the commit is refused unless every stored position equals its `start` in the very snapshot that is committed on.
        With `screen`, only the rows that it leaves go in; it is asked again, on the newer snapshot, whenever another writer was first.

        Raises: LostPosition, LakeUnavailable.
        """
        assert rows.schema.equals(table.schema()), f"rows must have the columns of {table.name}"
        if not rows.num_rows and not progress:
            return 0
        for _ in range(COMMIT_TRIES_MAX):
            snapshot = self._snapshot(table)
            _check_positions(snapshot, progress)
            kept = rows if screen is None or not rows.num_rows else self._screened(snapshot, rows, table=table, screen=screen)
            if (not kept.num_rows and not progress) or self._commit(snapshot, kept, progress, mode="append"):
                return int(kept.num_rows)
        raise _crowded(table)

    def replace(self, table: Table, rows: pa.Table, progress: Sequence[Progress] = ()) -> None:
        """Put rows in place of all that the table held; readers see the old rows or the new. `progress` as in `append`.

        Raises: LostPosition, LakeUnavailable.
        """
        assert rows.schema.equals(table.schema()), f"rows must have the columns of {table.name}"
        for _ in range(COMMIT_TRIES_MAX):
            snapshot = self._snapshot(table)
            _check_positions(snapshot, progress)
            if self._commit(snapshot, rows, progress, mode="overwrite"):
                return
        raise _crowded(table)

    def revise(self, table: Table, rows: pa.Table, *, keys: pa.Table, progress: Sequence[Progress]) -> None:
        """Put rows in place of those that have one of these keys, in one commit: readers see the old rows or the new.

        `keys` has one column, of the same name as the table's column that is looked at, and no key twice. `progress` as in `append`.

        Raises: LostPosition, LakeUnavailable.
        """
        assert rows.schema.equals(table.schema()), f"rows must have the columns of {table.name}"
        for _ in range(COMMIT_TRIES_MAX):
            snapshot = self._snapshot(table)
            _check_positions(snapshot, progress)
            stale = self._stale(snapshot, keys, table=table)
            if self._merge(snapshot, rows, stale=stale, progress=progress):
                return
        raise _crowded(table)

    def remove(self, table: Table, keys: pa.Table) -> None:
        """Take out the rows that have these keys; rows that others add meanwhile stay. `keys` has the columns of the table's key.

        Raises: LakeUnavailable.
        """
        assert keys.column_names == list(table.key), f"keys must be the columns {table.key}"
        for start in range(0, keys.num_rows, KEYS_A_REMOVAL):
            predicate = " or ".join(_equals(key) for key in keys.slice(start, KEYS_A_REMOVAL).to_pylist())
            self._delete(table, predicate)

    def position(self, table: Table, partition: str) -> int:
        """The next record of a partition that the table has not yet taken; 0 where it has taken none."""
        snapshot = self._open(table)
        return (snapshot.transaction_version(partition) or 0) if snapshot else 0

    def version(self, table: Table) -> int:
        """A number that grows with every commit; 0 where nothing was ever written."""
        snapshot = self._open(table)
        return snapshot.version() if snapshot else 0

    def snapshot(self, table: Table) -> DeltaTable | None:
        """The files and log of a table as they are now, for `maintenance`; nothing where it was never written."""
        return self._open(table)

    def count(self, table: Table) -> int:
        """How many rows the table holds, from its log alone."""
        return snapshot.count() if (snapshot := self._open(table)) else 0

    def changed(self, table: Table, turn: str, *, since: int) -> Changes:
        """Where rows have changed since a version; `turn` is the column that says of which turn a row is.

        Raises: LakeUnavailable.
        """
        newest = self._open(table)
        if newest is None or newest.version() == since:
            return Changes(CHANGED.empty_table(), since if newest else 0)
        # A table that stands before where we stood is another one: all of it is new.
        before = self._at(table, since) if 0 < since < newest.version() else None
        after = (self._at(table, since + COMMITS_A_STEP) if since + COMMITS_A_STEP < newest.version() else None) or newest
        try:
            if before is not None or not since:
                with suppress(FileNotFoundError):
                    return Changes(changed_rows(before, after, table=table, turn=turn, storage=self._storage), after.version())
            return Changes(changed_rows(None, newest, table=table, turn=turn, storage=self._storage), newest.version(), lost=True)
        except (DeltaError, OSError) as error:
            raise _unavailable(self._root, error) from error

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A DuckDB connection with a view for each table, and `turns`, where parts are merged; one snapshot for its whole life.

        Raises: LakeUnavailable.
        """
        snapshots = {table: self._open(table) for table in TABLES if table.home is Home.LAKE}
        with self._reading(snapshots) as connection:
            connection.execute(turns_view())
            yield connection

    @contextmanager
    def _reading(self, snapshots: Mapping[Table, DeltaTable | None]) -> Iterator[Connection]:
        connection = duckdb.connect()
        try:
            connection.execute("set timezone = 'UTC'")
            if not _is_url(self._root):
                # DuckDB would spill into the working folder, which may be anyone's.
                connection.execute(f"set temp_directory = {_quoted(f'{self._root}/.spill')}")
            for table, snapshot in snapshots.items():
                _add_view(connection, table, snapshot)
            yield connection
        except duckdb.IOException as error:
            raise _unavailable(self._root, error) from error
        finally:
            connection.close()

    def _screened(self, snapshot: DeltaTable, rows: pa.Table, *, table: Table, screen: Screen) -> pa.Table:
        with self._reading({table: snapshot}) as connection:
            kept = screen(connection, rows)
        assert kept.schema.equals(rows.schema), "a screen must leave the columns as they are"
        return kept

    def _snapshot(self, table: Table) -> DeltaTable:
        return self._open(table) or self._create(table)

    def _open(self, table: Table) -> DeltaTable | None:
        """The table as it is now, or nothing where it was never written; reading creates nothing."""
        uri = self._uri(table)
        try:
            return DeltaTable(uri, storage_options=self._storage)
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            raise _unreadable(uri, error) from error

    def _at(self, table: Table, version: int) -> DeltaTable | None:
        """The table as it was; nothing where the log does not reach back so far."""
        try:
            return DeltaTable(self._uri(table), version=version, storage_options=self._storage)
        except DeltaError:
            return None

    def _create(self, table: Table) -> DeltaTable:
        uri = self._uri(table)
        try:
            return DeltaTable.create(uri, schema=table.schema(), mode="ignore", storage_options=self._storage)
        except CommitFailedError:
            # Of two that create at once the library lets one fail; the table is there, and is the other's.
            return self._snapshot(table)
        except (DeltaError, OSError) as error:
            raise _unavailable(uri, error) from error

    def _commit(self, snapshot: DeltaTable, rows: pa.Table, progress: Sequence[Progress], *, mode: str) -> bool:
        """Whether the commit went in; False when another writer was first, and then nothing was written.

        No retries inside the library: it would put our rows on top of commits that neither the positions nor the screen have seen,
        so a conflict comes back here, and both are asked again (docs/decisions/0003-exactly-once.md).
        """
        self._check_room(rows.nbytes)
        properties = _properties(progress)
        return self._attempt(snapshot, lambda: write_deltalake(snapshot, rows, mode=mode, commit_properties=properties))  # type: ignore[call-overload]

    def _attempt(self, snapshot: DeltaTable, write: Callable[[], object]) -> bool:
        version = snapshot.version()
        try:
            write()
        except CommitFailedError as error:
            return self._was_first(snapshot, version, error)
        except (DeltaError, OSError) as error:
            raise _unavailable(self._root, error) from error
        return True

    def _stale(self, snapshot: DeltaTable, keys: pa.Table, *, table: Table) -> pa.Table:
        """Those of the keys that the table holds, with the event times of their rows."""
        (name,) = keys.column_names
        with self._reading({table: snapshot}) as connection:
            connection.register("wanted", keys)
            stale: pa.Table = connection.sql(
                f"select {name}, event_time from {table.name} semi join wanted using ({name})"
            ).to_arrow_table()
        return stale

    def _merge(self, snapshot: DeltaTable, rows: pa.Table, *, stale: pa.Table, progress: Sequence[Progress]) -> bool:
        """As `_commit`, with the rows of stale keys taken out."""
        if not stale.num_rows:
            return self._commit(snapshot, rows, progress, mode="append")
        self._check_room(rows.nbytes)
        merger = revision(snapshot, rows, stale=stale, properties=_properties(progress))
        return self._attempt(snapshot, merger.execute)

    def _delete(self, table: Table, predicate: str) -> None:
        for _ in range(COMMIT_TRIES_MAX):
            snapshot = self._snapshot(table)
            if self._attempt(snapshot, lambda: snapshot.delete(predicate, commit_properties=_properties(()))):  # noqa: B023 - called at once.
                return
        raise _crowded(table)

    def _was_first(self, snapshot: DeltaTable, version: int, error: CommitFailedError) -> bool:
        """False where another writer has moved the table on since; else the commit failed for a reason that trying again cannot mend."""
        if DeltaTable(snapshot.table_uri, storage_options=self._storage).version() == version:
            raise _unavailable(self._root, error) from error
        return False

    def _check_room(self, size: int) -> None:
        """Refuse early what the disk cannot hold: the library, when the disk fills under it, prints a stack trace of its own."""
        if _is_url(self._root):
            return
        free = shutil.disk_usage(self._root).free
        if free < size + LOG_BYTES_MIN:
            message = f"lake {self._root} must have {size + LOG_BYTES_MIN:,} bytes free to commit; it has {free:,}; is the disk full?"
            raise LakeUnavailable(message)

    def _uri(self, table: Table) -> str:
        return f"{self._root}/{table.name}"


def _properties(progress: Sequence[Progress]) -> CommitProperties:
    done = [Transaction(each.partition, each.end) for each in progress]
    return CommitProperties(app_transactions=done or None, max_commit_retries=0)


def _add_view(connection: Connection, table: Table, snapshot: DeltaTable | None) -> None:
    """A view over the very files of a snapshot; DuckDB reads Parquet itself where it can, as that is several times faster."""
    files = snapshot.file_uris() if snapshot else []
    if not snapshot or not files:
        connection.register(table.name, table.schema().empty_table())
    elif any(_is_url(each) for each in files):
        connection.register(table.name, snapshot.to_pyarrow_dataset())
    else:
        named = ", ".join(_quoted(each) for each in files)
        connection.execute(f"create view {table.name} as select * from read_parquet([{named}])")


def _check_positions(snapshot: DeltaTable, progress: Sequence[Progress]) -> None:
    for each in progress:
        stored = snapshot.transaction_version(each.partition) or 0
        if stored != each.start:
            message = (
                f"partition {each.partition!r} must stand at {each.start} to commit {each.start}..{each.end}; it stands at {stored}; "
                "is another consumer reading it?"
            )
            raise LostPosition(message)


def _check_format(root: Path) -> None:
    stamp = root / "lake.json"
    try:
        root.mkdir(parents=True, exist_ok=True)
        if not stamp.exists():
            draft = root / f".lake.json.{os.getpid()}.{threading.get_ident()}"
            draft.write_text(json.dumps({"format": LAKE_FORMAT}) + "\n")
            draft.replace(stamp)
        written = int(json.loads(stamp.read_text())["format"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"lake {root} must be a folder that can be read and written; {error}; is the path right, and is it yours?"
        raise LakeUnavailable(message) from error
    if written > LAKE_FORMAT:
        message = f"lake {root} must have format {LAKE_FORMAT} or lower; it has {written}; was it written by a newer version of resay?"
        raise LakeTooNew(message)


def _unreadable(place: str, error: Exception) -> ResayError:
    """The error for a table that is there and cannot be opened: newer than this library can read, or broken, or not ours."""
    if "Unsupported" in str(error):
        message = (
            f"table {place} must be of a Delta protocol that this version reads; {_one_line(error)}; was it written by a newer version?"
        )
        return LakeTooNew(message)
    return _unavailable(place, error)


def _unavailable(place: str, error: Exception) -> LakeUnavailable:
    return LakeUnavailable(f"lake must be readable and writable at {place}; {_one_line(error)}; is the disk full, or the folder not yours?")


def _crowded(table: Table) -> LakeUnavailable:
    return LakeUnavailable(
        f"table {table.name} must be writable; {COMMIT_TRIES_MAX} commits in a row met another writer's; how many jobs run on this lake?"
    )


def _one_line(error: Exception) -> str:
    """The text of a library's error without its colours and line breaks."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|↳", "", str(error)).split())


def _equals(key: Mapping[str, object]) -> str:
    """SQL for the rows of one key."""
    return "(" + " and ".join(f"{name} = {value if isinstance(value, int) else _quoted(str(value))}" for name, value in key.items()) + ")"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _is_url(path: str) -> bool:
    return "://" in path
