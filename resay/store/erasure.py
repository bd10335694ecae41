"""Erasing rows from a table of the lake and from its history: no byte of them is left, and whoever reads older versions goes on.

Each file that holds such rows is written again without them, and takes its place in one commit. The old path then names the new file, so
that readers and stream jobs that stand in older versions find all other rows, and no others (docs/decisions/0034-forgetting.md). Files
that are in no version any more, or never were (compaction, killed writers), are written again likewise.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from resay.store.changes import inode_of
from resay.store.delta_log import STATS_PROPERTY, Swapped, commit_swaps, stats_of, telling_columns, without_words
from resay.store.errors import LakeUnavailable, crowded, unavailable
from resay.store.forgotten import Verdict
from resay.store.lake import COMMIT_TRIES_MAX, Lake
from resay.store.reading import is_url
from resay.store.tables import Table

ROWS_A_BATCH = 65_536
"""Rows in memory at once, of each of the workers: some 50 MB with the records as they came."""

WORKERS = 2
"""Files written at once: beside a service that must answer."""

OF_EACH_ROW = frozenset(
    {"turn_id", "body", "position", "event_time", "landed_at", "ended_at", "segment_id", "source_turn_id", "target_turn_id", "shown_by"}
)
"""Columns that say something else in each row: a dictionary of them takes a third of the time of writing, and saves nothing."""

DEAD_S = 3_600
"""A file that cannot be read and is so old was left behind by a killed writer; a younger one may be on its way."""

ERASED = "forgetting"
"""Names the last erasure among a table's positions."""


@dataclass(frozen=True, slots=True)
class Doom:
    """Which rows are to go."""

    columns: tuple[str, ...]
    """What of a row must be looked at."""
    falls: Callable[[pa.RecordBatch], Verdict | None]
    """Which of some rows go; nothing where none does."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure came to."""

    rows: int = 0
    """Taken out of the newest version."""
    files: int = 0
    """Written again, older ones among them."""


@dataclass(frozen=True, slots=True)
class _Rewritten:
    path: Path
    rows: int
    """Left in it."""
    gone: int


def erase(lake: Lake, table: Table, doom: Doom) -> Erased:
    """Take rows out of a table, of its newest version and of all that lies on the disk; safe to run again after a kill anywhere.

    It always commits, so that no writer who has looked at the table before can add to it after.

    Raises: LakeUnavailable.
    """
    if is_url(lake.root):
        message = f"lake {lake.root} must be a local folder for rows to be erased; it is an object store; can it be mounted?"
        raise LakeUnavailable(message)
    if lake.snapshot(table) is None:
        return Erased()
    root = Path(lake.root, table.name)
    try:
        _keep_words_out(lake, table)
        swapped = _erase_newest(lake, table, root=root, doom=doom)
        for old, rewritten in swapped.items():
            _put_in_place(root / old, rewritten.path, keeps=bool(rewritten.rows))
        older = scour(lake, table, doom)
        return Erased(sum(each.gone for each in swapped.values()), len(swapped) + older)
    except (OSError, pa.ArrowException) as error:
        raise unavailable(str(root), error) from error


def scour(lake: Lake, table: Table, doom: Doom) -> int:
    """Take rows out of all files that are not of the newest version, and words out of the log; how many files were written again.

    Raises: LakeUnavailable.
    """
    snapshot, root = lake.snapshot(table), Path(lake.root, table.name)
    if snapshot is None or is_url(lake.root):
        return 0
    try:
        live = {root / path for path in _sizes(snapshot)}
        known = {inode_of(path) for path in live}
        older = [path for path in root.glob("*.parquet*") if path not in live and inode_of(path) not in known]
        with ThreadPoolExecutor(WORKERS) as workers:
            rewritten = sum(workers.map(lambda path: _scour_one(path, doom), older))
        without_words(root)
        return rewritten
    except (OSError, pa.ArrowException) as error:
        raise unavailable(str(root), error) from error


def _keep_words_out(lake: Lake, table: Table) -> None:
    """Have a table that an earlier version has made keep no words in its log from now on."""
    snapshot = lake.snapshot(table)
    if snapshot is not None and STATS_PROPERTY not in snapshot.metadata().configuration:
        snapshot.alter.set_table_properties(dict(telling_columns(table.schema().names)))


def _erase_newest(lake: Lake, table: Table, *, root: Path, doom: Doom) -> dict[str, _Rewritten]:
    """What has taken the place of which file."""
    looked: dict[str, _Rewritten | None] = {}
    for _ in range(COMMIT_TRIES_MAX):
        snapshot = lake.snapshot(table)
        assert snapshot is not None, "a table that was written does not go away"
        sizes = _sizes(snapshot)
        # What was written again for a commit that another writer has overtaken is taken for the next one.
        fresh = sorted(sizes.keys() - looked.keys())
        with ThreadPoolExecutor(WORKERS) as workers:
            looked |= dict(zip(fresh, workers.map(lambda path: _rewrite(root / path, doom), fresh), strict=True))
        swapped = {path: found for path in sizes if (found := looked[path])}
        if commit_swaps(root, snapshot.version() + 1, _swaps(swapped, sizes), partition=ERASED):
            for stale in looked.keys() - swapped.keys():
                if found := looked[stale]:
                    found.path.unlink()
            return swapped
    raise crowded(table.name, COMMIT_TRIES_MAX)


def _swaps(swapped: dict[str, _Rewritten], sizes: dict[str, int]) -> Iterable[Swapped]:
    for old, each in swapped.items():
        if each.rows:
            yield Swapped(old, sizes[old], each.path.name, each.path.stat().st_size, stats_of(each.path))
        else:
            yield Swapped(old, sizes[old], None)


def _sizes(snapshot: Any) -> dict[str, int]:
    told = pa.table(snapshot.get_add_actions(flatten=True))
    paths: list[Any] = told.column("path").to_pylist()
    sizes: list[Any] = told.column("size_bytes").to_pylist()
    return dict(zip(paths, sizes, strict=True))


def _rewrite(path: Path, doom: Doom) -> _Rewritten | None:
    """A file beside it without the rows that are to go; nothing where it has none."""
    with pq.ParquetFile(path) as file:
        if not _gone(file, doom):
            return None
        # No compression in its name: the library reads it from the file.
        new = path.with_name(f"part-00000-{uuid.uuid4()}-c000.parquet")
        rows = gone = 0
        schema = _plain(file.schema_arrow)
        repeating: Any = [name for name in schema.names if name not in OF_EACH_ROW]
        with pq.ParquetWriter(new, schema, compression="zstd", compression_level=1, use_dictionary=repeating) as writer:
            for batch in _batches(file):
                falls = doom.falls(batch)
                kept = batch if falls is None else batch.filter(pc.invert(falls))
                rows, gone = rows + kept.num_rows, gone + batch.num_rows - kept.num_rows
                if kept.num_rows:
                    writer.write_batch(kept)
    with new.open("rb") as written:
        os.fsync(written.fileno())
    return _Rewritten(new, rows, gone)


def _gone(file: pq.ParquetFile, doom: Doom) -> bool:
    return any(doom.falls(batch) is not None for batch in _batches(file, columns=list(doom.columns)))


def _batches(file: pq.ParquetFile, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """A file's rows, texts as strings: what DuckDB gave comes back as views, which hardly any of the library's functions take."""
    for batch in file.iter_batches(ROWS_A_BATCH, columns=columns):
        yield batch.cast(_plain(batch.schema))


def _plain(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field.with_type(_plain_type(field.type)) for field in schema])


def _plain_type(kind: Any) -> Any:
    if pa.types.is_list(kind):
        # By its own name of the field inside: lists that a merge wrote call it otherwise than pyarrow does.
        return pa.list_(kind.value_field.with_type(_plain_type(kind.value_type)))
    return pa.string() if pa.types.is_string_view(kind) else pa.binary() if pa.types.is_binary_view(kind) else kind


def _scour_one(path: Path, doom: Doom) -> int:
    try:
        rewritten = _rewrite(path, doom)
    except (pa.ArrowInvalid, FileNotFoundError):
        # Not whole: on its way, or left by a killed writer. One that vanished meanwhile was vacuumed.
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > DEAD_S:
                path.unlink()
        return 0
    if rewritten is None:
        return 0
    rewritten.path.replace(path)
    return 1


def _put_in_place(old: Path, new: Path, *, keeps: bool) -> None:
    """Let the old path name the new file, which stays under its own name where it is part of the table."""
    if not keeps:
        new.replace(old)
        return
    draft = old.with_name(f".{old.name}-{uuid.uuid4().hex}")
    draft.hardlink_to(new)
    draft.replace(old)
