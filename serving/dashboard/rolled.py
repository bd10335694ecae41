"""The sums that pages show: those that the lake keeps where they are of today, made on the spot where the lake is small, else the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from resay.label.rollup import Rollup, keep_rollup, kept_rollup, make_rollup
from resay.store.lake import Lake
from resay.store.slices import Slice
from resay.store.tables import OUTCOMES, TURN_PARTS

ROWS_SUMMED_MAX = 30_000
"""Rows that a page sums up itself: a demo, in half a second. Beyond that whoever looks is shown what was summed last."""

FIRST_SUMMED_MAX = 300_000
"""Rows that the first who looks waits for, some seconds, and for nobody after: a new home shows something at once."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """Sums, and of when."""

    rollup: Rollup
    made_at: datetime | None
    """UTC; nothing where they were made for this page."""
    is_current: bool


def rolled(
    lake: Lake, slices: Sequence[Slice], *, now: datetime, rows_max: int = ROWS_SUMMED_MAX, first_max: int = FIRST_SUMMED_MAX
) -> Rolled | None:
    """The sums of a lake; nothing where it is large and nobody has summed it yet.

    Raises: LakeUnavailable.
    """
    kept = kept_rollup(lake, slices)
    if kept is not None and kept.is_current:
        return Rolled(kept.rollup, kept.made_at, is_current=True)
    if lake.count(TURN_PARTS) <= rows_max and lake.count(OUTCOMES) <= rows_max:
        return Rolled(make_rollup(lake, slices), None, is_current=True)
    if kept is not None:
        return Rolled(kept.rollup, kept.made_at, is_current=False)
    return Rolled(keep_rollup(lake, slices, now=now), now, is_current=True) if lake.count(TURN_PARTS) <= first_max else None


def sum_up_where_due(
    lake: Lake, slices: Sequence[Slice], *, now: datetime, rows_max: int = ROWS_SUMMED_MAX, stands_by: timedelta = timedelta(0)
) -> bool:
    """Make the sums of a large lake anew where it has changed; answers whether that was due.

    Whoever stands by leaves it to others for so long after the last sums.

    Raises: LakeUnavailable, SumsContended.
    """
    if lake.count(TURN_PARTS) <= rows_max:
        return False
    kept = kept_rollup(lake, slices)
    if kept is not None and (kept.is_current or now - kept.made_at < stands_by):
        return False
    keep_rollup(lake, slices, now=now)
    return True
