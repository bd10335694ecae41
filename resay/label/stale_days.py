"""Which days' sums are of yesterday: those on which something has changed since the versions of tables that they were made of.

Knows the lake's history; knows nothing of what is summed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import pyarrow as pa

from resay.store.changes import CHANGED
from resay.store.lake import Lake
from resay.store.tables import FAILURE_POINTS, FRICTION, LINKS, OUTCOMES, SEGMENTS, TURN_PARTS, Table

INPUTS: Mapping[Table, str] = {
    TURN_PARTS: "turn_id",
    OUTCOMES: "turn_id",
    FRICTION: "turn_id",
    LINKS: "source_turn_id",
    FAILURE_POINTS: "turn_id",
    SEGMENTS: "turn_id",
}
"""What days are summed of, each with the column that says of which turn a row is."""

LOOKS_MAX = 20
"""Looks at a table's history, of fifty commits each, before all days are summed anew: that is no dearer by then."""


def versions_of(lake: Lake) -> dict[str, int]:
    """Where each table stands; asked before anything is read of it.

    Raises: LakeUnavailable.
    """
    return {table.name: lake.version(table) for table in INPUTS}


def days_changed(lake: Lake, since: Mapping[str, int]) -> list[date] | None:
    """Days whose sums may be others by now than at these versions; nothing where it cannot be told any more.

    A turn is summed on the day of its label, read on the day on which it began, and told as a second try on the day of the first: where
    any row that is about a turn has changed, all of these days have.

    Raises: LakeUnavailable.
    """
    changed = [CHANGED.empty_table()]
    for table, turn in INPUTS.items():
        for rows in _changes(lake, table, turn, since=since.get(table.name, 0)):
            if rows is None:
                return None
            changed.append(rows)
    together = pa.concat_tables(changed)
    if not together.num_rows:
        return []
    with lake.connect() as connection:
        connection.register("changed", together)
        return [day for (day,) in connection.execute(_DAYS).fetchall()]


def _changes(lake: Lake, table: Table, turn: str, *, since: int) -> Iterator[pa.Table | None]:
    """What has changed, look by look; nothing in place of it where that is not known."""
    newest, looks = lake.version(table), 0
    while since != newest:
        found = lake.changed(table, turn, since=since)
        if found.lost or since > newest or looks >= LOOKS_MAX:
            yield None
            return
        yield found.rows
        since, looks = found.version, looks + 1
        newest = max(newest, since)


_OURS = "in (select turn_id from changed)"

_DAYS = f"""
    select distinct cast(moment as date) as day
    from (
        select event_time as moment from changed
        union all select event_time from outcomes where turn_id {_OURS}
        union all select min(event_time) from turn_parts where turn_id {_OURS} group by turn_id
        union all select event_time from links where target_turn_id {_OURS} or source_turn_id {_OURS}
    ) as moments
    order by day
"""
