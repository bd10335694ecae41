"""Example files: JSON lines, gzipped where the name ends in `.gz`, one example a line, its turns as `resay.turn/1`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rephrase.example import Example
from resay.dialogue.codec import decode, encode, whole
from resay.dialogue.errors import ResayError
from resay.dialogue.turn import Reject, Turn

LINE_BYTES_MAX = 1_000_000
"""Longest line that is read: a window's dozen turns take some 10,000 bytes."""

_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Examples may be made up, so that no clock bounds their times."""


class WrongExamples(ResayError):
    """A file does not hold examples."""


def read_examples(path: Path) -> Iterator[Example]:
    """The examples of a file, in order.

    Raises: WrongExamples.
    """
    opened = gzip.open if path.suffix == ".gz" else Path.open
    try:
        with opened(path, "rb") as lines:
            for number, line in enumerate(lines, start=1):
                yield _example(line, where=f"{path}:{number}")
    except (OSError, EOFError) as error:
        message = f"file {path} must hold examples as JSON lines; {error}; was it written by `resay examples rephrase`?"
        raise WrongExamples(message) from error


def write_examples(path: Path, examples: Iterable[Example]) -> int:
    """Write examples, and say how many; equal examples give equal bytes.

    Raises: WrongExamples, where the file cannot be written.
    """
    count = 0
    try:
        with path.open("wb") as file:
            # Neither name nor time go into the header, so that the same examples are the same file.
            out = gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) if path.suffix == ".gz" else file
            for example in examples:
                out.write(line_of(example))
                count += 1
            if out is not file:
                out.close()
    except OSError as error:
        message = f"examples must be written to {path}; {error}; does its folder exist?"
        raise WrongExamples(message) from error
    return count


def line_of(example: Example) -> bytes:
    """An example as a line of a file; equal examples give equal bytes."""
    record = {
        "kind": example.kind,
        "group": example.group,
        "target": example.target,
        "start": example.start,
        "end": example.end,
        "turns": [json.loads(encode(whole(turn))) for turn in example.turns],
    }
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _example(line: bytes, *, where: str) -> Example:
    try:
        if len(line) > LINE_BYTES_MAX:
            message = f"it has {len(line):,} bytes"
            raise ValueError(message)
        record: Any = json.loads(line)
        turns = tuple(_turn(each, where) for each in record["turns"])
        return Example(turns, record["target"], record["start"], record["end"], record["kind"], record["group"])
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        reason = f"field {error} is missing" if isinstance(error, KeyError) else str(error)
        message = f"line {where} must be an example; {reason}; was it written by `resay examples rephrase`?"
        raise WrongExamples(message) from error


def _turn(record: object, where: str) -> Turn:
    part = decode(json.dumps(record, ensure_ascii=False).encode(), where=where, now=_LATEST)
    if isinstance(part, Reject):
        raise ValueError(part.reason)
    return part.turn
