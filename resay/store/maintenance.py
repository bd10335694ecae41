"""Maintenance of the lake: small files become few large ones, and files that no version within the retention needs are removed.

Knows Delta's files and log; changes no row and no position. Compaction is a commit like any other: readers keep the snapshot that they
opened, writers that it overtakes try again, and where a writer was first, compaction does. Vacuum removes only files that have been out
of the newest version for as long as the retention; a stream job that stood further back judges the whole lake again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import DeltaError

from resay.store.errors import LakeUnavailable
from resay.store.lake import Lake
from resay.store.tables import TABLES, Home, Table

TARGET_BYTES = 134_217_728
"""Size at which a file is left alone, 128 MiB: near the library's own 100 MB, and some ten million turns' narrow columns to a scan."""

RETAIN = timedelta(hours=168)
"""Delta's own default, a week: longer than any reader lives, and stream jobs may stand still over a holiday."""

RETAIN_MAX = RETAIN
"""Delta's log remembers for a week when a file was removed, and not longer; beyond that a promise could not be kept."""

TRIES_MAX = 5
"""Compactions of one table that may meet another writer's removal; appends do not disturb one, so five in a row is a busy table."""

COMMIT_TRIES_MAX = 20
"""Commits that appends may overtake, inside the library, before compaction starts again: as many as the lake grants its writers."""

TASKS_MAX = 1
"""Bins compacted at a time: memory stays at about one target file, beside a service that must answer."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """What compaction made of one table."""

    table: str
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    beaten: bool = False
    """Whether other writers were first every time; the table is as they left it, and the next run may do better."""


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """What vacuum removed of one table, or would remove."""

    table: str
    files: int


def survey(lake: Lake) -> list[Compacted]:
    """The files of every table that was ever written, as they are."""
    return [_compacted(table, _files(snapshot), _files(snapshot)) for table, snapshot in _written(lake)]


def compact(lake: Lake, *, target_bytes: int = TARGET_BYTES, observe: Callable[[Table], None] = lambda _table: None) -> list[Compacted]:
    """Put the rows of small files into few of about `target_bytes`, table by table; rows, positions and readers stay as they are.

    `observe` is told of a table after it was looked at and before it is compacted: for the tests that write in between.

    Raises: LakeUnavailable.
    """
    return [_compact(lake, table, target_bytes=target_bytes, observe=observe) for table, _ in _written(lake)]


def vacuum(lake: Lake, *, retain: timedelta = RETAIN, dry_run: bool = False) -> list[Vacuumed]:
    """Remove files that left the newest version longer than `retain` ago, and files of that age that no commit names (killed writers).

    Time is the machine's: the library takes no other. A reader or writer that is at work for longer than `retain` may lose its files, so
    nothing shorter than the longest run is safe while others are at work.

    Raises: LakeUnavailable.
    """
    assert timedelta(0) <= retain <= RETAIN_MAX, "a retention is at most what the log remembers"
    return [_vacuum(lake, table, retain=retain, dry_run=dry_run) for table, _ in _written(lake)]


def _written(lake: Lake) -> Iterator[tuple[Table, DeltaTable]]:
    for table in TABLES:
        if table.home is Home.LAKE and (snapshot := lake.snapshot(table)):
            yield table, snapshot


def _compact(lake: Lake, table: Table, *, target_bytes: int, observe: Callable[[Table], None]) -> Compacted:
    for _ in range(TRIES_MAX):
        snapshot = _snapshot(lake, table)
        before, version = _files(snapshot), snapshot.version()
        observe(table)
        with _answering(lake, table):
            if _compact_once(lake, table, snapshot, target_bytes=target_bytes):
                after = _snapshot(lake, table)
                if after.version() != version:
                    _shorten_log(after)
                return _compacted(table, before, _files(after))
    now = _files(_snapshot(lake, table))
    return _compacted(table, now, now, beaten=True)


def _compact_once(lake: Lake, table: Table, snapshot: DeltaTable, *, target_bytes: int) -> bool:
    """Whether the table is compacted now; False where another writer has removed rows meanwhile, and then nothing was committed.

    The library may put compaction on top of commits that only added rows, as it compares the files; ours to repeat is the rest.
    """
    version = snapshot.version()
    properties = CommitProperties(max_commit_retries=COMMIT_TRIES_MAX)
    try:
        snapshot.optimize.compact(target_size=target_bytes, max_concurrent_tasks=TASKS_MAX, commit_properties=properties)
    except DeltaError:
        # Not only where the commit failed: after an erasure, files of an older version are other ones.
        if lake.version(table) == version:
            # Nobody was first: the disk or the rights are at fault, and trying again mends nothing.
            raise
        return False
    return True


def _vacuum(lake: Lake, table: Table, *, retain: timedelta, dry_run: bool) -> Vacuumed:
    hours = -(-retain // timedelta(hours=1))

    def remove(snapshot: DeltaTable, *, dry_run: bool) -> Sequence[str]:
        # Full: without it, files that no commit names would stay for ever, and so would what a checkpoint has forgotten.
        return snapshot.vacuum(hours, dry_run=dry_run, enforce_retention_duration=False, full=True)

    with _answering(lake, table):
        snapshot = _snapshot(lake, table)
        stale = remove(snapshot, dry_run=True)
        # A vacuum writes two commits, even of nothing; stream jobs would look at them.
        if stale and not dry_run:
            stale = remove(snapshot, dry_run=False)
    return Vacuumed(table.name, len(stale))


def _shorten_log(snapshot: DeltaTable) -> None:
    """One checkpoint in place of many log entries, which whoever opens the table would read; entries of over 30 days leave."""
    snapshot.create_checkpoint()
    snapshot.cleanup_metadata()


def _snapshot(lake: Lake, table: Table) -> DeltaTable:
    snapshot = lake.snapshot(table)
    assert snapshot is not None, "a table that was written does not go away"
    return snapshot


def _compacted(table: Table, before: tuple[int, int], after: tuple[int, int], *, beaten: bool = False) -> Compacted:
    return Compacted(table.name, before[0], after[0], before[1], after[1], beaten)


def _files(snapshot: DeltaTable) -> tuple[int, int]:
    """How many, and how many bytes."""
    sizes: list[Any] = pa.table(snapshot.get_add_actions(flatten=True)).column("size_bytes").to_pylist()
    return len(sizes), sum(sizes)


@contextmanager
def _answering(lake: Lake, table: Table) -> Iterator[None]:
    try:
        yield
    except (DeltaError, OSError) as error:
        text = " ".join(str(error).split())
        message = (
            f"table {table.name} of lake {lake.root} must be writable to be maintained; {text}; is the disk full, or the folder not yours?"
        )
        raise LakeUnavailable(message) from error
