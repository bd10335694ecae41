"""The lake: one Delta table a table, written through `deltalake`, read by DuckDB.

Knows how rows are committed and read; knows nothing of what they mean, but for the view `turns`, where parts become turns.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import Transaction

from resay.dialogue.errors import ResayError
from resay.store.tables import TABLES, TURN_PARTS, Home, Table

LAKE_FORMAT = 1
"""Written into `lake.json`; a lake of a higher format was written by a newer version and is left alone."""

COMMIT_TRIES_MAX = 20
"""Appends without positions are retried this often after a conflict; each try starts from a fresh snapshot."""


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
        self._root = str(root).rstrip("/")
        self._storage = dict(storage_options or {})
        if not _is_url(self._root):
            _check_format(Path(self._root))

    @property
    def root(self) -> str:
        """Where the lake lies."""
        return self._root

    def append(self, table: Table, rows: pa.Table, progress: Sequence[Progress] = ()) -> None:
        """Add rows and declare `progress` done, in one commit: both or neither.

        With `progress`, the commit is refused unless every stored position equals its `start` in the very snapshot that is committed on.

        Raises: LostPosition, LakeUnavailable.
        """
        assert rows.schema.equals(table.schema()), f"rows must have the columns of {table.name}"
        for _ in range(COMMIT_TRIES_MAX):
            snapshot = self._snapshot(table)
            _check_positions(snapshot, progress)
            if self._commit(snapshot, rows, progress, mode="append"):
                return
        message = f"table {table.name} must be writable; {COMMIT_TRIES_MAX} commits in a row met another writer's; how many are there?"
        raise LakeUnavailable(message)

    def replace(self, table: Table, rows: pa.Table) -> None:
        """Put rows in place of all that the table held; readers see the old rows or the new.

        Raises: LakeUnavailable.
        """
        assert rows.schema.equals(table.schema()), f"rows must have the columns of {table.name}"
        for _ in range(COMMIT_TRIES_MAX):
            if self._commit(self._snapshot(table), rows, (), mode="overwrite"):
                return
        message = f"table {table.name} must be writable; another writer is always first; are two jobs running on one lake?"
        raise LakeUnavailable(message)

    def position(self, table: Table, partition: str) -> int:
        """The next record of a partition that the table has not yet taken; 0 where it has taken none."""
        return self._snapshot(table).transaction_version(partition) or 0

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A DuckDB connection with a view for each table, and `turns`, where parts are merged; one snapshot for its whole life."""
        connection = duckdb.connect()
        try:
            connection.execute("set timezone = 'UTC'")
            for table in TABLES:
                if table.home is Home.LAKE:
                    _add_view(connection, table, self._snapshot(table))
            connection.execute(turns_view())
            yield connection
        finally:
            connection.close()

    def _snapshot(self, table: Table) -> DeltaTable:
        uri = f"{self._root}/{table.name}"
        try:
            return DeltaTable(uri, storage_options=self._storage)
        except TableNotFoundError:
            return self._create(table, uri)
        except (DeltaError, OSError) as error:
            raise _unavailable(uri, error) from error

    def _create(self, table: Table, uri: str) -> DeltaTable:
        try:
            return DeltaTable.create(uri, schema=table.schema(), mode="ignore", storage_options=self._storage)
        except (DeltaError, OSError) as error:
            raise _unavailable(uri, error) from error

    def _commit(self, snapshot: DeltaTable, rows: pa.Table, progress: Sequence[Progress], *, mode: str) -> bool:
        """Whether the commit went in; False when another writer was first, and then nothing was written.

        No retries inside the library: it would let in two writers with equal application transactions, so a conflict comes back here
        and the positions are read again (docs/decisions/0003-exactly-once.md).
        """
        done = [Transaction(each.partition, each.end) for each in progress]
        properties = CommitProperties(app_transactions=done or None, max_commit_retries=0)
        try:
            write_deltalake(snapshot, rows, mode=mode, commit_properties=properties)  # type: ignore[call-overload]
        except CommitFailedError:
            return False
        except (DeltaError, OSError) as error:
            raise _unavailable(self._root, error) from error
        return True


def turns_view() -> str:
    """SQL of the view `turns`: parts merged by field, the later event time wins, ties by the name of the part.

    The same rule as `resay.dialogue.assembly.assemble`; a parity test holds them together. Repeats of a part change nothing.
    `state` is that of `resay.dialogue.state.state_of`; `said` is the canonical text of what the customer said, whatever we made of it.
    """
    fixed = {"turn_id", "part", "customer_id", "event_time", "source", "partition", "position", "landed_at"}
    merged = [column.name for column in TURN_PARTS.columns if column.name not in fixed]
    # In DuckDB arg_max passes over rows whose first argument is null: a part that does not carry a field has no say in it.
    picks = ",\n".join(f"arg_max({name}, (event_time, part)) as {name}" for name in merged)
    return f"""
        create view turns as
        select *,
            coalesce(original, canonical) as said,
            case
                when interpretation is null or coalesce(unresolved, false)
                    then '?|' || canonical || '|' || coalesce(prompt_kind, '')
                else interpretation
            end as state
        from (
            select turn_id, min(event_time) as event_time, arg_min(customer_id, (event_time, part)) as customer_id,
                {picks}
            from turn_parts
            group by turn_id
        ) as merged
        where utterance is not null
    """


def _add_view(connection: duckdb.DuckDBPyConnection, table: Table, snapshot: DeltaTable) -> None:
    """A view over the very files of a snapshot; DuckDB reads Parquet itself where it can, as that is several times faster."""
    files = snapshot.file_uris()
    if not files:
        connection.register(table.name, table.schema().empty_table())
    elif any(_is_url(each) for each in files):
        connection.register(table.name, snapshot.to_pyarrow_dataset())
    else:
        named = ", ".join("'" + each.replace("'", "''") + "'" for each in files)
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
        written = json.loads(stamp.read_text())["format"]
    except (OSError, ValueError, KeyError) as error:
        message = f"lake {root} must be a folder that can be read and written; {error}; is the path right, and is it yours?"
        raise LakeUnavailable(message) from error
    if written > LAKE_FORMAT:
        message = f"lake {root} must have format {LAKE_FORMAT} or lower; it has {written}; was it written by a newer version of resay?"
        raise LakeTooNew(message)


def _unavailable(place: str, error: Exception) -> LakeUnavailable:
    return LakeUnavailable(f"lake must be readable and writable at {place}; {error}; is the disk full, or the folder not yours?")


def _is_url(path: str) -> bool:
    return "://" in path and not path.startswith("file://")
