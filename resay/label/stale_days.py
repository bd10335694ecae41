"""Which days' sums are of yesterday: those on which something has changed since the tables stood where they were made of.

Knows the lake's history; knows nothing of what is summed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from resay.store.changes import CHANGED
from resay.store.erasure import ERASED
from resay.store.lake import COMMITS_A_STEP, Lake
from resay.store.sums import SUMMED_OF
from resay.store.tables import Table

LOOKS_MAX = 20
"""Looks at a table's history, of fifty commits each, before all days are summed anew: that is no dearer by then."""

GLANCES_MAX = 2
"""The same for whoever shows a page, and does without sums of days beyond: each look takes some tenths of a second."""

_ERASED = "erased"
"""Name of what was erased last, beside those of tables."""


def stands_of(lake: Lake) -> dict[str, Any]:
    """Where each table stands, and when rows of it were erased last; asked before anything is read of it.

    Raises: LakeUnavailable.
    """
    stands = {table.name: lake.stand(table, (ERASED,)) for table in SUMMED_OF}
    return {name: version for name, (version, _) in stands.items()} | {_ERASED: {name: erased for name, (_, (erased,)) in stands.items()}}


def days_changed(lake: Lake, since: Mapping[str, Any], *, looks_max: int) -> list[date] | None:
    """Days whose sums may be others by now than where tables stood so; nothing where it cannot be told, or takes more looks.

    A turn is summed on the day of its label, read on the day on which it began, and told as a second try on the day of the first: where
    any row that is about a turn has changed, all of these days have. What was erased the history does not tell.

    Raises: LakeUnavailable.
    """
    now = stands_of(lake)
    behind = [now[table.name] - since.get(table.name, 0) for table in SUMMED_OF]
    if now[_ERASED] != since.get(_ERASED) or min(behind) < 0 or max(behind) > looks_max * COMMITS_A_STEP:
        return None
    changed = [CHANGED.empty_table()]
    for table, turn in SUMMED_OF.items():
        for rows in _changes(lake, table, turn, span=(since.get(table.name, 0), now[table.name])):
            if rows is None:
                return None
            changed.append(rows)
    together = pa.concat_tables(changed)
    if not together.num_rows:
        return []
    with lake.connect() as connection:
        connection.register("changed", together)
        return [day for (day,) in connection.execute(_DAYS).fetchall()]


def _changes(lake: Lake, table: Table, turn: str, *, span: tuple[int, int]) -> Iterator[pa.Table | None]:
    """What has changed from one version up to another, or beyond, look by look; nothing in place of it where that is not known."""
    since, newest = span
    while since < newest:
        found = lake.changed(table, turn, since=since)
        if found.lost or found.version <= since:
            yield None
            return
        yield found.rows
        since = found.version


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
