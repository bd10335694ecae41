"""The lake's sums, as the stores see them: what they are summed of, which tables they are, and how all of them leave the disk.

Knows nothing of what is summed.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from resay.store.erasure import Doom, erase
from resay.store.lake import Lake
from resay.store.tables import CUSTOMER_DAYS, FAILURE_POINTS, FRICTION, LINKS, OUTCOMES, ROLLUP_DAYS, ROLLUPS, SEGMENTS, TURN_PARTS, Table

SUMMED_OF: Mapping[Table, str] = {
    TURN_PARTS: "turn_id",
    OUTCOMES: "turn_id",
    FRICTION: "turn_id",
    LINKS: "source_turn_id",
    FAILURE_POINTS: "turn_id",
    SEGMENTS: "turn_id",
}
"""What days are summed of, each with the column that says of which turn a row is."""

SUMS = (CUSTOMER_DAYS, ROLLUP_DAYS, ROLLUPS)
"""The tables of sums, in the order in which they are written, and in which they leave: who reads one writes those behind it later."""


def every_row(table: Table) -> Doom:
    """All that a table holds is to go."""
    return Doom(table.key[:1], lambda rows: pa.repeat(pa.scalar(True), rows.num_rows) if rows.num_rows else None)


def erase_sums(lake: Lake) -> None:
    """Take every sum off the disk: whoever is summing meets it, and what is left is summed anew.

    Raises: LakeUnavailable.
    """
    for table in SUMS:
        erase(lake, table, every_row(table))
