"""Delta's log written by hand, where the library cannot: one file in place of one, and statistics that hold no words.

Of a local folder only. Knows the log's lines (Delta protocol, reader 1 and writer 2, as the library creates our tables).
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

LOG = "_delta_log"

TELLING = frozenset({"event_time", "landed_at", "ended_at", "day", "position"})
"""Columns whose least and greatest may stand in the log: they hold no words of anybody."""

STATS_PROPERTY = "delta.dataSkippingStatsColumns"
"""The table's property that says of which columns the log keeps least and greatest."""


def telling_columns(names: Iterable[str]) -> Mapping[str, str]:
    """The property for a table of these columns; without it the log would quote what customers said."""
    return {STATS_PROPERTY: ",".join(name for name in names if name in TELLING)}


@dataclass(frozen=True, slots=True)
class Swapped:
    """One file of a table and what takes its place."""

    old: str
    """Its path below the table's root."""
    old_bytes: int
    new: str | None
    """Nothing where no row is left."""
    new_bytes: int = 0
    stats: str = ""
    """JSON, as the log keeps it."""


def commit_swaps(root: Path, version: int, swaps: Iterable[Swapped], *, partition: str) -> bool:
    """Put files in place of others as this version of the table; False where another writer was first, and then nothing has changed.

    Also without files it is a commit, that writers at work meet; `partition` names it among the table's positions.

    Raises: OSError.
    """
    moment = int(time.time() * 1000)
    lines: list[dict[str, Any]] = [
        {"commitInfo": {"timestamp": moment, "operation": "DELETE", "operationParameters": {}, "engineInfo": "resay"}},
        {"txn": {"appId": partition, "version": moment, "lastUpdated": moment}},
    ]
    for each in swaps:
        common = {"dataChange": True, "partitionValues": {}}
        removed = {"path": each.old, "deletionTimestamp": moment, "extendedFileMetadata": True, "size": each.old_bytes}
        lines.append({"remove": removed | common})
        if each.new is not None:
            added = {"path": each.new, "size": each.new_bytes, "modificationTime": moment, "stats": each.stats}
            lines.append({"add": added | common})
    draft = root / f".commit-{os.getpid()}-{uuid.uuid4().hex}"
    try:
        _write_through(draft, "".join(json.dumps(line) + "\n" for line in lines).encode())
        # A link fails where the file is there already: of two writers of one version the first one's holds.
        (root / LOG / f"{version:020d}.json").hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True


def without_words(root: Path) -> int:
    """Take from the log whatever quotes rows: least and greatest of texts, and conditions of deletions; how many of its files changed.

    Each is replaced by one rename, so that a reader sees the old or the new; both say the same of which files are the table's.

    Raises: OSError.
    """
    changed = 0
    for path in sorted((root / LOG).glob("*.json")):
        lines = path.read_text().splitlines()
        told = [_line_without_words(line) for line in lines]
        if told != lines:
            _replace(path, "".join(line + "\n" for line in told).encode())
            changed += 1
    for path in sorted((root / LOG).glob("*.checkpoint*.parquet")):
        changed += _checkpoint_without_words(path)
    return changed


def stats_of(path: Path) -> str:
    """Statistics of a file of Parquet, as the log keeps them."""
    metadata = pq.read_metadata(path)
    least: dict[str, str] = {}
    greatest: dict[str, str] = {}
    for name, low, high in _bounds(metadata):
        least[name] = min(low, least.get(name, low))
        greatest[name] = max(high, greatest.get(name, high))
    return json.dumps({"numRecords": metadata.num_rows, "minValues": least, "maxValues": greatest})


def _bounds(metadata: pq.FileMetaData) -> Iterator[tuple[str, str, str]]:
    """Least and greatest event times of each row group: those by which the store passes over files."""
    for group in range(metadata.num_row_groups):
        for place in range(metadata.num_columns):
            column = metadata.row_group(group).column(place)
            found = column.statistics
            if column.path_in_schema == "event_time" and found is not None and found.has_min_max:
                # To the millisecond, as the log has it; what lies behind it is rounded up.
                low, high = cast("datetime", found.min), cast("datetime", found.max)
                last = f"{high:%Y-%m-%dT%H:%M:%S}.{min(999, -(-high.microsecond // 1000)):03d}Z"
                yield "event_time", f"{low:%Y-%m-%dT%H:%M:%S}.{low.microsecond // 1000:03d}Z", last


def _line_without_words(line: str) -> str:
    action = json.loads(line) if line.strip() else {}
    changed = False
    for kind in ("add", "remove"):
        if told := _stats_without_words(action.get(kind, {}).get("stats")):
            action[kind]["stats"] = told
            changed = True
    parameters = action.get("commitInfo", {}).get("operationParameters", {})
    if parameters.get("predicate") not in (None, "[]"):
        del parameters["predicate"]
        changed = True
    return json.dumps(action) if changed else line


def _stats_without_words(stats: str | None) -> str | None:
    """What may stay of statistics; nothing where all may."""
    told = json.loads(stats) if stats else {}
    kept = {
        name: {column: value for column, value in value.items() if column in TELLING} if isinstance(value, dict) else value
        for name, value in told.items()
    }
    return None if kept == told else json.dumps(kept)


def _checkpoint_without_words(path: Path) -> bool:
    table = pq.read_table(path)
    adds = cast("pa.StructArray", table.column("add").combine_chunks())
    stats = adds.field("stats").to_pylist()
    told = [_stats_without_words(each) for each in stats]
    if not any(told):
        return False
    kept = pa.array([new or old for new, old in zip(told, stats, strict=True)], pa.string())
    fields = [kept if field.name == "stats" else adds.field(place) for place, field in enumerate(adds.type)]
    mended = pa.StructArray.from_arrays(fields, fields=list(adds.type), mask=adds.is_null())
    draft = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    with suppress(FileNotFoundError):
        pq.write_table(table.set_column(table.column_names.index("add"), table.schema.field("add"), mended), draft)
        draft.replace(path)
    return True


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    _write_through(draft, content)
    draft.replace(path)


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
