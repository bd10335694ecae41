"""Snapshots of tables as views of a DuckDB connection, for whoever asks in SQL. Knows no commits, and creates nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

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
    connection = duckdb.connect()
    try:
        connection.execute("set timezone = 'UTC'")
        if not is_url(root):
            # DuckDB would spill into the working folder, which may be anyone's.
            connection.execute(f"set temp_directory = {quoted(f'{root}/.spill')}")
        for table, snapshot in snapshots.items():
            _add_view(connection, table, snapshot)
        yield connection
    except duckdb.IOException as error:
        raise unavailable(root, error) from error
    finally:
        connection.close()


def _add_view(connection: Connection, table: Table, snapshot: DeltaTable | None) -> None:
    """A view over the very files of a snapshot; DuckDB reads Parquet itself where it can, as that is several times faster."""
    files = snapshot.file_uris() if snapshot else []
    if not snapshot or not files:
        connection.register(table.name, table.schema().empty_table())
    elif any(is_url(each) for each in files):
        connection.register(table.name, snapshot.to_pyarrow_dataset())
    else:
        named = ", ".join(quoted(each) for each in files)
        connection.execute(f"create view {table.name} as select * from read_parquet([{named}])")


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def is_url(place: str) -> bool:
    """Whether a place is an object store's URL, and not a local path."""
    return "://" in place
