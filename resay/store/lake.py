"""The lake: one Delta table a table, written through `deltalake`, read by DuckDB.

The contract for whoever reads and writes rows, and how often a lost race is run again. How one commit is made stands in `commit`, how
rows are read in `reading`; what rows mean is known to neither, but for the view `turns`, where parts become turns.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from resay.dialogue.errors import told_without_place
from resay.store.changes import CHANGED, Changes, changed_rows
from resay.store.commit import Commits, Progress
from resay.store.errors import LakeTooNew, LakeUnavailable, LostPosition, crowded, unavailable
from resay.store.forgotten import NOBODY, Forgotten
from resay.store.reading import Connection, Glances, is_url, quoted, reading
from resay.store.rollup_tables import TIMES_SUMMED
from resay.store.tables import FORGOTTEN, ROLLUP_DAYS, ROLLUPS, TABLES, Home, Table
from resay.store.turns_view import turns_view

LAKE_FORMAT = 1
"""Written into `lake.json`; a lake of a higher format was written by a newer version and is left alone."""

COMMIT_TRIES_MAX = 20
"""Commits are retried this often after a conflict; each try starts from a fresh snapshot."""

KEYS_A_REMOVAL = 1_000
"""Keys named in one statement; the engine parses a predicate of this size in milliseconds."""

COMMITS_A_STEP = 50
"""Commits that one look at what has changed may cover: at 10,000 records a landing's batch some half a million rows of narrow columns."""

Screen = Callable[[Connection, pa.Table], pa.Table]
"""What is left of rows, seen against the very snapshot that they would be committed on."""


class Lake:
    """The tables under one root, a local folder or an object-store URL.

    Several processes may write at the same time: every commit is checked against the snapshot that it was made from.
    """

    def __init__(self, root: str | Path, *, storage_options: Mapping[str, str] | None = None) -> None:
        """Open or create the lake.

        Raises: LakeTooNew, LakeUnavailable.
        """
        self._root = str(root).removeprefix("file://").rstrip("/")
        self._commits = Commits(self._root, dict(storage_options or {}))
        self._glances = Glances(self._root)
        self._known: tuple[int, Forgotten] = (0, NOBODY)
        if not is_url(self._root):
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
            snapshot = self._commits.snapshot(table, progress)
            kept = rows if screen is None or not rows.num_rows else self._screened(snapshot, rows, table=table, screen=screen)
            kept = self._of_the_known(table, kept)
            if (not kept.num_rows and not progress) or self._commits.write(snapshot, kept, progress, mode="append"):
                return int(kept.num_rows)
        raise crowded(table.name, COMMIT_TRIES_MAX)

    def replace(self, table: Table, rows: pa.Table, progress: Sequence[Progress] = ()) -> None:
        """Put rows in place of all that the table held; readers see the old rows or the new. `progress` as in `append`.

        Raises: LostPosition, LakeUnavailable.
        """
        assert rows.schema.equals(table.schema()), f"rows must have the columns of {table.name}"
        for _ in range(COMMIT_TRIES_MAX):
            snapshot = self._commits.snapshot(table, progress)
            if self._commits.write(snapshot, self._of_the_known(table, rows), progress, mode="overwrite"):
                return
        raise crowded(table.name, COMMIT_TRIES_MAX)

    def revise(self, table: Table, rows: pa.Table, *, keys: pa.Table, progress: Sequence[Progress]) -> None:
        """Put rows in place of those that have one of these keys, in one commit: readers see the old rows or the new.

        `keys` has one column, of the same name as the table's column that is looked at, and no key twice. `progress` as in `append`.

        Raises: LostPosition, LakeUnavailable.
        """
        assert rows.schema.equals(table.schema()), f"rows must have the columns of {table.name}"
        for _ in range(COMMIT_TRIES_MAX):
            snapshot = self._commits.snapshot(table, progress)
            stale = self._stale(snapshot, keys, table=table)
            if self._commits.merge(snapshot, self._of_the_known(table, rows), stale=stale, progress=progress):
                return
        raise crowded(table.name, COMMIT_TRIES_MAX)

    def remove(self, table: Table, keys: pa.Table) -> None:
        """Take out the rows that have these keys; rows that others add meanwhile stay. `keys` has the columns of the table's key.

        Raises: LakeUnavailable.
        """
        assert keys.column_names == list(table.key), f"keys must be the columns {table.key}"
        for start in range(0, keys.num_rows, KEYS_A_REMOVAL):
            predicate = " or ".join(_equals(key) for key in keys.slice(start, KEYS_A_REMOVAL).to_pylist())
            self._delete(table, predicate)

    def take_out(self, customer_id: str) -> None:
        """Take one customer's rows out of every table that knows customers, a commit a table; run it again where it was cut short.

        Readers of older snapshots see them until `maintenance` has removed the files.

        Raises: LakeUnavailable.
        """
        for table in TABLES:
            if table.home is Home.LAKE and "customer_id" in table.schema().names and self._commits.open(table):
                self._delete(table, _equals({"customer_id": customer_id}))
        self.drop_sums()

    def drop_sums(self) -> None:
        """Take out what was summed of the lake: it names turns and quotes wordings, and is made anew of what is left.

        Raises: LakeUnavailable.
        """
        # Days first: whoever sums at the same time reads them, and commits the roll-up last.
        for table in (ROLLUP_DAYS, ROLLUPS):
            if self._commits.open(table):
                self._drop(table)

    def forgotten(self) -> Forgotten:
        """Who was forgotten, as the lake knows it now.

        Raises: LakeUnavailable.
        """
        snapshot = self._commits.open(FORGOTTEN)
        if snapshot is None:
            return NOBODY
        if self._known[0] != snapshot.version():
            with self._glances.look({FORGOTTEN: snapshot}) as connection:
                rows = connection.execute(f"select salt, mark, until from {FORGOTTEN.name}").fetchall()
            self._known = snapshot.version(), Forgotten.of(rows)
        return self._known[1]

    def position(self, table: Table, partition: str) -> int:
        """The next record of a partition that the table has not yet taken; 0 where it has taken none."""
        snapshot = self._commits.open(table)
        return (snapshot.transaction_version(partition) or 0) if snapshot else 0

    def version(self, table: Table) -> int:
        """A number that grows with every commit; 0 where nothing was ever written."""
        snapshot = self._commits.open(table)
        return snapshot.version() if snapshot else 0

    def stand(self, table: Table, partitions: Sequence[str]) -> tuple[int, tuple[int, ...]]:
        """Version and positions of one snapshot, each as `version` and `position` have it."""
        snapshot = self._commits.open(table)
        if snapshot is None:
            return 0, (0,) * len(partitions)
        return snapshot.version(), tuple(snapshot.transaction_version(each) or 0 for each in partitions)

    def snapshot(self, table: Table) -> DeltaTable | None:
        """The files and log of a table as they are now, for `maintenance`; nothing where it was never written."""
        return self._commits.fresh(table)

    def count(self, table: Table) -> int:
        """How many rows the table holds, from its log alone."""
        return snapshot.count() if (snapshot := self._commits.open(table)) else 0

    def changed(self, table: Table, turn: str, *, since: int) -> Changes:
        """Where rows have changed since a version; `turn` is the column that says of which turn a row is.

        Raises: LakeUnavailable.
        """
        newest, storage = self._commits.open(table), self._commits.storage
        if newest is None or newest.version() == since:
            return Changes(CHANGED.empty_table(), since if newest else 0)
        # A table that stands before where we stood is another one: all of it is new.
        before = self._commits.at(table, since) if 0 < since < newest.version() else None
        after = (self._commits.at(table, since + COMMITS_A_STEP) if since + COMMITS_A_STEP < newest.version() else None) or newest
        try:
            with self._glances.look({}) as connection:
                differing = partial(changed_rows, table=table, turn=turn, storage=storage, connection=connection)
                if before is not None or not since:
                    with suppress(FileNotFoundError):
                        return Changes(differing(before, after), after.version())
                return Changes(differing(None, newest), newest.version(), lost=True)
        except (DeltaError, OSError) as error:
            raise unavailable(self._root, error) from error

    @contextmanager
    def connect(self, tables: Sequence[Table] = ()) -> Iterator[Connection]:
        """A DuckDB connection with a view for each table, and `turns`, where parts are merged; one snapshot for its whole life.

        Whoever names the tables that they ask saves opening the others; `turn_parts` must be among them.

        Raises: LakeUnavailable.
        """
        snapshots = {table: self._commits.open(table) for table in tables or TABLES if table.home is Home.LAKE}
        with reading(snapshots, root=self._root) as connection:
            connection.execute(turns_view())
            yield connection

    def _of_the_known(self, table: Table, rows: pa.Table) -> pa.Table:
        """The rows of customers who were not forgotten.

        Asked behind the snapshot that is committed on: forgetting notes its customer, and then commits to each table, so that whoever has
        not seen the note meets the commit (docs/decisions/0034-forgetting.md).
        """
        return self.forgotten().without(rows) if "customer_id" in rows.column_names and rows.num_rows else rows

    def _screened(self, snapshot: DeltaTable, rows: pa.Table, *, table: Table, screen: Screen) -> pa.Table:
        with self._glances.look({table: snapshot}) as connection:
            kept = screen(connection, rows)
        assert kept.schema.equals(rows.schema), "a screen must leave the columns as they are"
        return kept

    def _stale(self, snapshot: DeltaTable, keys: pa.Table, *, table: Table) -> pa.Table:
        """Those of the keys that the table holds, with the event times of their rows."""
        (name,) = keys.column_names
        with self._glances.look({table: snapshot}) as connection:
            connection.register("wanted", keys)
            stale: pa.Table = connection.sql(
                f"select {name}, event_time from {table.name} semi join wanted using ({name})"
            ).to_arrow_table()
        return stale

    def _drop(self, table: Table) -> None:
        """Leave no row, in a commit that whoever is summing meets."""
        for _ in range(COMMIT_TRIES_MAX):
            times = self.position(table, TIMES_SUMMED)
            with suppress(LostPosition):
                self.replace(table, table.schema().empty_table(), [Progress(TIMES_SUMMED, times, times + 1)])
                return
        raise crowded(table.name, COMMIT_TRIES_MAX)

    def _delete(self, table: Table, predicate: str) -> None:
        for _ in range(COMMIT_TRIES_MAX):
            if self._commits.delete(self._commits.snapshot(table), predicate):
                return
        raise crowded(table.name, COMMIT_TRIES_MAX)


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
        reason = told_without_place(error)
        message = f"lake {root} must be a folder that can be read and written; {reason}; is the path right, and is it yours?"
        raise LakeUnavailable(message) from error
    if written > LAKE_FORMAT:
        message = f"lake {root} must have format {LAKE_FORMAT} or lower; it has {written}; was it written by a newer version of resay?"
        raise LakeTooNew(message)


def _equals(key: Mapping[str, object]) -> str:
    """SQL for the rows of one key."""
    return "(" + " and ".join(f"{name} = {value if isinstance(value, int) else quoted(str(value))}" for name, value in key.items()) + ")"
