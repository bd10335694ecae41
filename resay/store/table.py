"""What a table is: columns, key, owner and home. Which tables there are stands in `tables`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa


class Home(StrEnum):
    """Where the rows of a table lie."""

    LAKE = "lake"
    BOOKS = "books"
    GENERATION = "generation"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name, type and meaning."""

    name: str
    type: pa.DataType
    meaning: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what it holds, what makes a row unique, and which part writes it."""

    name: str
    holds: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    owner: str
    home: Home = Home.LAKE

    def schema(self) -> pa.Schema:
        """The table's Arrow schema."""
        return pa.schema([pa.field(column.name, column.type, column.nullable) for column in self.columns])


TEXT = pa.string()
TEXTS = pa.list_(pa.string())
COUNT = pa.int64()
NUMBER = pa.float64()
FLAG = pa.bool_()
# Microseconds, because Delta Lake knows no other timestamp; all values are whole milliseconds, UTC.
TIME = pa.timestamp("us", tz="UTC")
DAY = pa.date32()
