"""What is there already: the screens of the landing's two appends.

Both are asked on the very snapshot that is committed on, so two writers cannot bring the same row.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from resay.store.reading import Connection
from resay.store.tables import REJECTS

DUPLICATE_WINDOW = timedelta(days=7)
"""The same part again within this event time is a repeat; producers retry for minutes, consumers rewind for days (DESIGN 3)."""

_MICROSECOND = timedelta(microseconds=1)


def without_duplicates(connection: Connection, rows: pa.Table) -> pa.Table:
    """Rows of `turn_parts` without those that the lake holds, and then without those that repeat an earlier one among themselves.

    In this order the answer is that of taking the rows one by one: a row that is no part of the lake must not drop another one.
    Should a part ever lie there twice all the same, the merge at read makes it harmless.
    """
    stored = _found(connection, rows, _DUPLICATES)
    return _without(rows, stored | frozenset(_repeats(rows, but=stored)))


def without_kept(connection: Connection, rows: pa.Table) -> pa.Table:
    """Rows of `rejects` without those that are kept already, known by where they stood."""
    return _without(rows, _found(connection, rows, _KEPT))


def without_same(connection: Connection, rows: pa.Table) -> pa.Table:
    """Rows of `rejects` without those of which the same record of the same source is kept already, wherever it stood."""
    return _without(rows, _found(connection, rows, _SAME))


def without_same_there(connection: Connection, rows: pa.Table) -> pa.Table:
    """The same where it also stood at the same place, as people are told it: of records that are fetched again and again."""
    return _without(rows, _found(connection, rows, f"{_SAME} and stored.origin = arrivals.origin"))


# What is stored is looked through once, by name and between the bounds of the batch, which pass over files and row groups of other times;
# the few that are left are compared in full.
_DUPLICATES = f"""
    with met as materialized (
        select turn_id, part, event_time from turn_parts
        where event_time between (select min(event_time) from arrivals) - interval {DUPLICATE_WINDOW.days} day
                and (select max(event_time) from arrivals) + interval {DUPLICATE_WINDOW.days} day
            and turn_id in (select turn_id from arrivals)
    )
    select distinct arrivals.ordinal
    from arrivals
    join met as stored on stored.turn_id = arrivals.turn_id and stored.part = arrivals.part
    where stored.event_time between arrivals.event_time - interval {DUPLICATE_WINDOW.days} day
            and arrivals.event_time + interval {DUPLICATE_WINDOW.days} day
"""

_KEPT = """
    select arrivals.ordinal
    from arrivals
    join rejects as stored
        on stored.source = arrivals.source and stored.partition = arrivals.partition and stored.position = arrivals.position
"""

_SAME = """
    select distinct arrivals.ordinal
    from arrivals
    join rejects as stored on stored.source = arrivals.source and stored.raw_bytes = arrivals.raw_bytes and stored.raw = arrivals.raw
"""


def _found(connection: Connection, rows: pa.Table, query: str) -> frozenset[int]:
    names = ("turn_id", "part", "event_time") if "part" in rows.column_names else (*REJECTS.key, "origin", "raw_bytes", "raw")
    connection.register("arrivals", rows.select(list(names)).append_column("ordinal", pa.array(np.arange(rows.num_rows))))
    return frozenset(ordinal for (ordinal,) in connection.execute(query).fetchall())


def _repeats(rows: pa.Table, *, but: Container[int]) -> Iterator[int]:
    """Places of rows whose part stands among the rows before, within the window of one that is no repeat itself."""
    window = DUPLICATE_WINDOW // _MICROSECOND
    kept: dict[tuple[str, str], list[int]] = {}
    for place in _alike(rows.column("turn_id")):
        if place in but:
            continue
        turn_id, part = rows.column("turn_id")[place].as_py(), rows.column("part")[place].as_py()
        time = rows.column("event_time")[place].value
        times = kept.setdefault((turn_id, part), [])
        if any(abs(time - each) <= window for each in times):
            yield place
        else:
            times.append(time)


def _alike(names: pa.ChunkedArray[Any]) -> Sequence[int]:
    """Places of names that stand there more than once: few, mostly none."""
    counts = names.value_counts()
    often = counts.field("values").filter(pc.greater(counts.field("counts"), pa.scalar(1, pa.int64())))
    return np.flatnonzero(pc.is_in(names, value_set=often).to_numpy()).tolist() if len(often) else []


def _without(rows: pa.Table, places: Container[int]) -> pa.Table:
    return rows.filter(pa.array([place not in places for place in range(rows.num_rows)], pa.bool_())) if places else rows
