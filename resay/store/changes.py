"""What has changed between two versions of a table, which turns must be judged again for it, and how their rows are replaced.

Knows Delta's files and the SQL of neighbourhoods; knows nothing of what is judged, nor of positions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs as pa_fs
from deltalake import CommitProperties, DeltaTable
from deltalake.fs import DeltaStorageHandler
from deltalake.table import TableMerger

from resay.dialogue.session import SESSION_GAP
from resay.store.reading import Connection, local_folder
from resay.store.tables import TEXT, TIME, Table
from resay.store.turns_view import PART_ORDER

_COLUMNS: list[pa.Field[Any]] = [pa.field("turn_id", TEXT), pa.field("customer_id", TEXT), pa.field("event_time", TIME)]
CHANGED = pa.schema(_COLUMNS)
"""Where something changed: a turn, whose it is, and a time at which it stands or stood."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What has changed in a table since a version of it."""

    rows: pa.Table
    """Where, with the columns of `CHANGED`."""
    version: int
    """Up to which version was looked at."""
    lost: bool = False
    """Whether the history since that version is gone (vacuum, log cleanup): what was taken out in it cannot be known any more."""


_KEY = "stale_key"
"""Column beside a table's own, in what is merged into it."""


def changed_rows(
    before: DeltaTable | None, after: DeltaTable, *, table: Table, turn: str, storage: Mapping[str, str], connection: Connection
) -> pa.Table:
    """Where rows were added or taken away between two versions; `turn` is the column that says of which turn a row is.

    Only files that one version has and the other has not are read. Rows that were but moved to another file, as compaction and
    rewriting do, have not changed. Without a version before, every row counts.

    Raises: FileNotFoundError where vacuum has removed files of either version.
    """
    old, new = _paths(before), _paths(after)
    came, went = _but_for_links(after.table_uri, new - old, old - new)
    connection.register("added", _rows_of(after, sorted(came), table=table, storage=storage))
    differing = "added"
    if before is not None and went:
        connection.register("gone", _rows_of(before, sorted(went), table=table, storage=storage))
        differing = "((select * from added except select * from gone) union all (select * from gone except select * from added))"
    place = f"{turn} as turn_id, customer_id, event_time"
    rows: pa.Table = connection.sql(f"select distinct {place} from {differing} as differing").to_arrow_table()
    return rows.cast(CHANGED)


def revision(snapshot: DeltaTable, rows: pa.Table, *, stale: pa.Table, properties: CommitProperties) -> TableMerger:
    """A merge, not yet run, that puts rows in and takes out those of stale keys (a key column, event_time): one commit.

    What has a key only deletes, what has none only inserts. The times let the engine pass over files without looking for keys.
    """
    name = stale.column_names[0]
    loose = pa.schema([each.with_nullable(True) for each in rows.schema])
    inserting = rows.cast(loose).append_column(_KEY, pa.nulls(rows.num_rows, pa.string()))
    keys = stale.select([name]).group_by([name]).aggregate([]).rename_columns([_KEY])
    source = pa.concat_tables([inserting, keys], promote_options="default")
    times = stale.column("event_time").cast(pa.int64())
    first, last = pc.min(times).as_py(), pc.max(times).as_py()
    bounds = f"old.event_time >= to_timestamp_micros({first}) and old.event_time <= to_timestamp_micros({last})"
    merger = snapshot.merge(
        source, f"old.{name} = new.{_KEY} and {bounds}", source_alias="new", target_alias="old", commit_properties=properties
    )
    inserted = {column: f"new.{column}" for column in rows.column_names}
    return merger.when_matched_delete().when_not_matched_insert(inserted, predicate=f"new.{_KEY} is null")


def touched_turns(gap_s: float = SESSION_GAP.total_seconds()) -> Sequence[str]:
    """SQL that makes table `judged` (turn_id) from table `changed`: all turns of every stretch that a change may have touched.

    A stretch is a run of one customer's turns with no silence longer than the session's gap: sessions are cut inside stretches, so what
    is judged session by session is right if whole stretches are. A change at some time touches the stretch that stands there now, and
    those of its neighbours before and after: it may have parted them, joined them, or left them. A part may bring an earlier time
    or another customer; therefore all times and customers that the parts of a changed turn name, now or before, are looked at.
    """
    ours = "select turn_id from turn_parts where customer_id in (select customer_id from points)"
    since = "greatest(began, coalesce(ended_at, began))"
    return (
        """
        create or replace temp table points as
        select distinct customer_id, event_time from (
            select customer_id, event_time from turn_parts where turn_id in (select turn_id from changed)
            union all
            select customer_id, event_time from changed
        ) as named
        """,
        f"""
        create or replace temp table begun as
        select turn_id, min(event_time) as began, arg_min(customer_id, {PART_ORDER}) as customer_id,
            arg_max(ended_at, {PART_ORDER}) as ended_at
        from turn_parts
        where turn_id in ({ours})
        group by turn_id
        having count(utterance) > 0
        """,
        f"""
        create or replace temp table stretches as
        select turn_id, customer_id, began, sum(cut) over (partition by customer_id order by began, turn_id) as stretch
        from (
            select *, case when epoch_ms(began) - epoch_ms(lag({since}) over (partition by customer_id order by began, turn_id))
                <= {int(gap_s * 1000)} then 0 else 1 end as cut
            from begun
        ) as measured
        """,
        """
        create or replace temp table judged as
        select turn_id from stretches
        where (customer_id, stretch) in (
            select (found.customer_id, found.stretch)
            from points asof join stretches as found on points.customer_id = found.customer_id and points.event_time >= found.began
            union all
            select (found.customer_id, found.stretch)
            from points asof join stretches as found on points.customer_id = found.customer_id and points.event_time < found.began
        )
        """,
    )


def _paths(snapshot: DeltaTable | None) -> set[str]:
    return {str(path) for path in pa.table(snapshot.get_add_actions(flatten=True)).column("path").to_pylist()} if snapshot else set()


def _but_for_links(uri: str, came: Collection[str], went: Collection[str]) -> tuple[set[str], set[str]]:
    """Paths but for pairs of them that name one file: where rows were erased, the old path names what took its place."""
    root = local_folder(uri)
    if root is None or not went:
        return set(came), set(went)
    files = {inode: path for path in came if (inode := inode_of(root / path))}
    same = {path: files[inode] for path in went if (inode := inode_of(root / path)) in files}
    return set(came) - set(same.values()), set(went) - same.keys()


def inode_of(path: Path) -> tuple[int, int] | None:
    """What tells a file, whatever it is called; nothing where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _rows_of(snapshot: DeltaTable, paths: Sequence[str], *, table: Table, storage: Mapping[str, str]) -> pa.Table:
    """Rows of some files of a table, but for the records themselves, which never change without their other columns.

    Raises: FileNotFoundError.
    """
    columns = [name for name in table.schema().names if name != "body"]
    if not paths:
        return table.schema().empty_table().select(columns)
    folder = local_folder(snapshot.table_uri)
    if folder is None:
        within: pa_fs.FileSystem = pa_fs.PyFileSystem(DeltaStorageHandler(snapshot.table_uri, dict(storage)))
    else:
        within = pa_fs.SubTreeFileSystem(str(folder), pa_fs.LocalFileSystem())
    return ds.dataset(list(paths), schema=table.schema(), format="parquet", filesystem=within).to_table(columns=columns)
