"""Rows gathered one by one: whatever their number, the table has its own columns."""

from __future__ import annotations

import pytest

from resay.store import rows as rows_module
from resay.store.rows import Rows
from resay.store.tables import FRICTION
from tests.builders import BASE


@pytest.mark.parametrize("count", [0, 1, rows_module.ROWS_A_BATCH, rows_module.ROWS_A_BATCH + 1])
def test_all_rows_come_out_in_order(count: int):
    """Nothing is lost or doubled where a batch ends."""
    rows = Rows(FRICTION)
    for number in range(count):
        rows.add(f"t{number}", "c1", BASE, "denial", "t0")

    table = rows.table()

    assert len(rows) == table.num_rows == count
    assert table.schema.equals(FRICTION.schema())
    assert table.column("turn_id").to_pylist() == [f"t{number}" for number in range(count)]


def test_a_row_must_have_every_column():
    """Four values are no row of five columns."""
    with pytest.raises(AssertionError, match="a value for every column"):
        Rows(FRICTION).add("t1", "c1", BASE, "denial")
