"""Wordings as bytes: file `wordings.jsonl` of a generation, one wording a line, and the names of what is learnt beside them.

Knows the form of the files; whether they may be published or served is for others to say.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from resay.dialogue.wording import Wording
from resay.store.json_lines import decode_lines, encode_lines
from resay.store.leanings import LEANINGS_FILE

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

HEADS_FILE = "heads.npz"
"""Name of the file of what was learnt above the encoder."""

VECTORS_FILE = "vectors.index"
"""Name of the file of the wordings' vectors by it."""

SENSE_FILES = (HEADS_FILE, VECTORS_FILE)
"""Files that the global layer has besides, both or none, where its ranker was grown with nearness of meaning."""

FINDER_FILE = "finder.bin"
"""Name of the file of what finding wordings takes, made once for all who load the generation; it is made anew where it is missing."""

BESIDE_FILES = (*GLOBAL_FILES, *SENSE_FILES, LEANINGS_FILE, FINDER_FILE)
"""All files that may stand beside a table."""

decode_wording = msgspec.json.Decoder(Wording).decode
"""One line of them."""


def encode_wordings(wordings: Iterable[Wording]) -> bytes:
    """The rows, one JSON object a line, in the order given; equal wordings give equal bytes."""
    return encode_lines(wordings)


def decode_wordings(raw: bytes) -> list[Wording]:
    """The rows that `encode_wordings` wrote, in their order.

    Raises: BrokenArtifact, naming the first line that is no wording.
    """
    return decode_lines(raw, decode_wording, file=WORDINGS_FILE, kind="a wording")
