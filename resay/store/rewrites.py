"""A rewrite table as bytes: file `rewrites.jsonl` of a generation, one row of table `rewrites` a line.

Knows the form of the file and the id of a rewrite; whether a table may be published is `markov.verify`'s to say.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import msgspec

from resay.dialogue.rewrite import Rewrite
from resay.store.json_lines import decode_lines, encode_lines

REWRITES_FILE = "rewrites.jsonl"
"""Name of the table's file in its generation."""

PROOF_FILE = "proof.json"
"""Name of the file beside it that says what was checked, and how it came out."""

CARD_FILE = "card.json"
"""Name of the file that says what the generation is: when, from what, with which parameters."""

_ID_HEX = 16
"""Length of a rewrite's id: 64 bits, so that a million rewrites meet by chance once in 37 million tables."""

_decode_row = msgspec.json.Decoder(Rewrite).decode


def rewrite_id_of(source: str, prompt_kind: str, target: str, *, room: str = "", device_type: str = "") -> str:
    """The id of a rewrite: equal for equal (source, place, target), in every generation."""
    # Those that hold in any room are named as they were before there were others.
    place = [room, device_type] if room or device_type else []
    named = json.dumps([source, prompt_kind, target, *place], ensure_ascii=False).encode("utf-8", "surrogatepass")
    return hashlib.sha256(named).hexdigest()[:_ID_HEX]


def id_due(rewrite: Rewrite) -> str:
    """The id that a rewrite must have."""
    return rewrite_id_of(rewrite.source, rewrite.prompt_kind, rewrite.target, room=rewrite.room, device_type=rewrite.device_type)


def encode_rewrites(rewrites: Iterable[Rewrite]) -> bytes:
    """The rows, one JSON object a line, in the order given; equal rewrites give equal bytes."""
    return encode_lines(rewrites)


def decode_rewrites(raw: bytes) -> list[Rewrite]:
    """The rows that `encode_rewrites` wrote, in their order.

    Raises: BrokenArtifact, naming the first line that is no rewrite.
    """
    return decode_lines(raw, _decode_row, file=REWRITES_FILE, kind="a row of table rewrites")
