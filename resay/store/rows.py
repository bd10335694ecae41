"""Rows of one table, gathered one by one and held as Arrow, which takes a tenth of what Python objects take."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from resay.store.tables import Table

ROWS_A_BATCH = 65_536
"""Rows held as Python objects at a time; some tens of megabytes."""


class Rows:
    """Rows of a table, in the order in which they were added."""

    def __init__(self, table: Table) -> None:
        self._schema = table.schema()
        self._pending: list[tuple[Any, ...]] = []
        self._batches: list[pa.RecordBatch] = []

    def __len__(self) -> int:
        return sum(batch.num_rows for batch in self._batches) + len(self._pending)

    def add(self, *values: object) -> None:
        """One row, its values in the order of the table's columns."""
        assert len(values) == len(self._schema), "a row must have a value for every column"
        self._pending.append(values)
        if len(self._pending) >= ROWS_A_BATCH:
            self._pack()

    def table(self) -> pa.Table:
        """All rows so far."""
        self._pack()
        return pa.Table.from_batches(self._batches, schema=self._schema)

    def _pack(self) -> None:
        if not self._pending:
            return
        columns = zip(*self._pending, strict=True)
        arrays = [pa.array(column, type=field.type) for column, field in zip(columns, self._schema, strict=True)]
        self._batches.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._pending = []
