"""What is there already: the screens of the landing's two appends.

Both are asked on the very snapshot that is committed on, so two writers cannot bring the same row.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import timedelta
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc

from resay.store.reading import Connection

DUPLICATE_WINDOW = timedelta(days=7)
"""The same part again within this event time is a repeat; producers retry for minutes, consumers rewind for days (DESIGN 3)."""

_MICROSECOND = timedelta(microseconds=1)


def without_duplicates(connection: Connection, rows: pa.Table) -> pa.Table:
    """Rows of `turn_parts` without those that the lake holds, and then without those that repeat an earlier one among themselves.

    In this order the answer is that of taking the rows one by one: a row that is no part of the lake must not drop another one.
    Should a part ever lie there twice all the same, the merge at read makes it harmless.
    """
    fresh = _without(rows, _found(connection, rows, _DUPLICATES))
    return _without(fresh, frozenset(_repeats(fresh)))


def without_kept(connection: Connection, rows: pa.Table) -> pa.Table:
    """Rows of `rejects` without those that are kept already, known by where they stood."""
    return _without(rows, _found(connection, rows, _KEPT))


# The bounds of the batch come first: they let the engine pass over files and row groups of other times without looking at their keys.
_DUPLICATES = f"""
    select distinct arrivals.ordinal
    from arrivals
    join turn_parts as stored on stored.turn_id = arrivals.turn_id and stored.part = arrivals.part
    where stored.event_time between (select min(event_time) from arrivals) - interval {DUPLICATE_WINDOW.days} day
            and (select max(event_time) from arrivals) + interval {DUPLICATE_WINDOW.days} day
        and stored.event_time between arrivals.event_time - interval {DUPLICATE_WINDOW.days} day
            and arrivals.event_time + interval {DUPLICATE_WINDOW.days} day
"""

_KEPT = """
    select arrivals.ordinal
    from arrivals
    join rejects as stored
        on stored.source = arrivals.source and stored.partition = arrivals.partition and stored.position = arrivals.position
"""


def _found(connection: Connection, rows: pa.Table, query: str) -> frozenset[int]:
    arrivals = rows.drop_columns(["body" if "body" in rows.column_names else "raw"])
    connection.register("arrivals", arrivals.append_column("ordinal", pa.array(range(rows.num_rows), pa.int64())))
    return frozenset(ordinal for (ordinal,) in connection.execute(query).fetchall())


def _repeats(rows: pa.Table) -> Iterator[int]:
    """Places of rows whose part stands among the rows before, within the window of one that is no repeat itself."""
    if pc.count_distinct(rows.column("turn_id")).as_py() == rows.num_rows:
        return
    window = DUPLICATE_WINDOW // _MICROSECOND
    kept: dict[tuple[str, str], list[int]] = {}
    columns = (rows.column("turn_id"), rows.column("part"), rows.column("event_time").cast(pa.int64()))
    for place, row in enumerate(zip(*(column.to_pylist() for column in columns), strict=True)):
        turn_id, part, time = cast("tuple[str, str, int]", row)
        times = kept.setdefault((turn_id, part), [])
        if any(abs(time - each) <= window for each in times):
            yield place
        else:
            times.append(time)


def _without(rows: pa.Table, places: Container[int]) -> pa.Table:
    return rows.filter(pa.array([place not in places for place in range(rows.num_rows)], pa.bool_())) if places else rows
