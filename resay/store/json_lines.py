"""Rows as JSON lines, the form of a generation's tables: one row a line, in the order given; equal rows give equal bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from resay.store.artifact import BrokenArtifact

Row = TypeVar("Row")

_encode_row = msgspec.json.Encoder().encode


def encode_lines(rows: Iterable[object]) -> bytes:
    """The rows, one JSON object a line."""
    return b"".join(_encode_row(row) + b"\n" for row in rows)


def decode_lines(raw: bytes, decode: Callable[[bytes], Row], *, file: str, kind: str) -> list[Row]:
    """The rows that `encode_lines` wrote, in their order; `kind` says in words what each must be.

    Raises: BrokenArtifact, naming the file and the first line that is none.
    """
    rows = []
    for number, line in enumerate(raw.splitlines(), start=1):
        try:
            rows.append(decode(line))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            message = f"line {number} of {file} must be {kind}; {error}; was it edited by hand?"
            raise BrokenArtifact(message) from error
    return rows
