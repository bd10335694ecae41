"""The pieces of a text: its words, pairs of words, and runs of two to four letters. One function for learning and serving.

Two who mean the same are seldom heard the same, and what was heard still has much in common.
"""

from __future__ import annotations

from itertools import pairwise

from resay.dialogue.text import canonical

RUN_LENGTHS = (2, 3, 4)
"""Letters of a run: chosen on customers of a loop of another seed than any that is reported; runs of five brought nothing more."""

TEXT_CHARS_MAX = 400
"""Letters looked at: some 80 words; a request that is longer is no request."""


def pieces_of(text: str) -> frozenset[str]:
    """The pieces of a text, each once; none of a text without words."""
    form = canonical(text)[:TEXT_CHARS_MAX].strip()
    if not form:
        return frozenset()
    said = form.split()
    # A slash stands in no canonical text, so that a word and a run of the same letters are two pieces.
    pieces = {f"/{word}" for word in said}
    pieces.update(f"/{one}/{other}" for one, other in pairwise(said))
    padded = f" {form} "
    for length in RUN_LENGTHS:
        pieces.update(padded[begin : begin + length] for begin in range(len(padded) - length + 1))
    return frozenset(pieces)
