"""Leanings as bytes: file `leanings.jsonl` of a generation, one wording a line.

Knows the form; who may publish or serve them is for others to say.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from resay.dialogue.leaning import Leaning
from resay.store.artifact import BrokenArtifact
from resay.store.json_lines import decode_lines, encode_lines

LEANINGS_FILE = "leanings.jsonl"
"""Name of the file in its generation; there is none where no wording leans on anything."""

_decode_row = msgspec.json.Decoder(Leaning).decode


def encode_leanings(leanings: Iterable[Leaning]) -> bytes:
    """The rows, one JSON object a line, in the order given; equal leanings give equal bytes."""
    return encode_lines(leanings)


def decode_leanings(raw: bytes) -> list[Leaning]:
    """The rows that `encode_leanings` wrote, in their order.

    Raises: BrokenArtifact, naming the first line that is none.
    """
    rows = decode_lines(raw, _decode_row, file=LEANINGS_FILE, kind="a leaning")
    broken = next((number for number, each in enumerate(rows, start=1) if not _is_whole(each)), None)
    if broken is not None:
        message = f"line {broken} of {LEANINGS_FILE} must have a finite number for each of its ends; it has not; was it edited by hand?"
        raise BrokenArtifact(message)
    return rows


def _is_whole(leaning: Leaning) -> bool:
    numbers = [leaning.chances, *(each.leans for each in leaning.cues)]
    finite = all(len(each) == len(leaning.ends) and all(map(math.isfinite, each)) for each in numbers)
    return finite and all(0 < chance <= 1 for chance in leaning.chances)
