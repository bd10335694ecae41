"""Wordings as bytes: file `wordings.jsonl` of a generation, one wording a line, and the names of what is learnt beside them.

Knows the form of the files; whether they may be published or served is for others to say.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from resay.dialogue.wording import Wording
from resay.store.artifact import BrokenArtifact

WORDINGS_FILE = "wordings.jsonl"
"""Name of the file of wordings in its generation."""

MEANING_FILE = "meaning.bin"
"""Name of the file that says what pieces of texts mean."""

RANKER_FILE = "ranker.onnx"
"""Name of the file of the ranker."""

WORDINGS_PROOF_FILE = "wordings_proof.json"
"""Name of the file that says what was checked of these, and that they belong together."""

GLOBAL_FILES = (WORDINGS_FILE, MEANING_FILE, RANKER_FILE, WORDINGS_PROOF_FILE)
"""All files of the global layer: a generation has all of them, or none."""

_decode_row = msgspec.json.Decoder(Wording).decode
_encode_row = msgspec.json.Encoder().encode


def encode_wordings(wordings: Iterable[Wording]) -> bytes:
    """The rows, one JSON object a line, in the order given; equal wordings give equal bytes."""
    return b"".join(_encode_row(wording) + b"\n" for wording in wordings)


def decode_wordings(raw: bytes) -> list[Wording]:
    """The rows that `encode_wordings` wrote, in their order.

    Raises: BrokenArtifact, naming the first line that is no wording.
    """
    wordings = []
    for number, line in enumerate(raw.splitlines(), start=1):
        try:
            wordings.append(_decode_row(line))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            message = f"line {number} of {WORDINGS_FILE} must be a wording; {error}; was it edited by hand?"
            raise BrokenArtifact(message) from error
    return wordings
