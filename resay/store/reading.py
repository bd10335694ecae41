"""Snapshots of tables as views of a DuckDB connection, for whoever asks in SQL. Knows no commits, and creates nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import duckdb
from deltalake import DeltaTable

from resay.store.errors import unavailable
from resay.store.tables import Table

Connection = duckdb.DuckDBPyConnection
"""What `Lake.connect` gives; named here so that others need not import DuckDB."""


@contextmanager
def reading(snapshots: Mapping[Table, DeltaTable | None], *, root: str) -> Iterator[Connection]:
    """A connection with a view for each table, over the very files of its snapshot; a table without one is empty.

    Raises: LakeUnavailable.
    """
    engine = _engine(root)
    try:
        with _looking(engine, snapshots, root=root) as connection:
            yield connection
    finally:
        engine.close()


class Glances:
    """Connections for short looks, one after the other or side by side: they share an engine, as opening one takes 20 ms of a core.

    Tables and views that are not temporary would be seen by all of them.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._engine: Connection | None = None
        self._lock = threading.Lock()

    @contextmanager
    def look(self, snapshots: Mapping[Table, DeltaTable | None]) -> Iterator[Connection]:
        """As `reading`.

        Raises: LakeUnavailable.
        """
        with self._lock:
            self._engine = self._engine or _engine(self._root)
            connection = self._engine.cursor()
        try:
            with _looking(connection, snapshots, root=self._root):
                yield connection
        finally:
            connection.close()


def _engine(root: str) -> Connection:
    # DuckDB would spill into the working folder, which may be anyone's.
    return duckdb.connect(config={} if is_url(root) else {"temp_directory": f"{root}/.spill"})


@contextmanager
def _looking(connection: Connection, snapshots: Mapping[Table, DeltaTable | None], *, root: str) -> Iterator[Connection]:
    try:
        connection.execute("set timezone = 'UTC'")
        # DuckDB takes `python -c` for a person at a prompt, and would draw over the JSON of whoever started it.
        connection.execute("set enable_progress_bar = false")
        for table, snapshot in snapshots.items():
            _add_view(connection, table, snapshot)
        yield connection
    except duckdb.IOException as error:
        raise unavailable(root, error) from error


def _add_view(connection: Connection, table: Table, snapshot: DeltaTable | None) -> None:
    """A view over the very files of a snapshot; DuckDB reads Parquet itself where it can, as that is several times faster."""
    files = snapshot.file_uris() if snapshot else []
    if not snapshot or not files:
        connection.register(table.name, table.schema().empty_table())
    elif (folder := local_folder(snapshot.table_uri)) is None:
        connection.register(table.name, snapshot.to_pyarrow_dataset())
    else:
        # By their names alone, as the library writes the folder as URLs do; all lie in it side by side.
        named = ", ".join(quoted(str(folder / Path(each).name)) for each in files)
        connection.execute(f"create temp view {table.name} as select * from read_parquet([{named}])")


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def is_url(place: str) -> bool:
    """Whether a place is an object store's URL, and not a local path."""
    return "://" in place


def local_folder(uri: str) -> Path | None:
    """The folder of a table whose address the library tells (`file:///home/ada/my%20lake/`); none where it lies in an object store."""
    parts = urlsplit(uri)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None
