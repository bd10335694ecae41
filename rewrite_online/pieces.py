"""The pieces of a text: its words, pairs of words, and runs of letters and of sounds. One function for learning and serving.

Two who mean the same are seldom heard the same, and what was heard still has much in common: its sounds more than its letters.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from resay.dialogue.text import canonical
from rewrite_online.sound import PHONE_CHARS, sound_key

RUN_LENGTHS = (2, 3, 4)
"""Letters of a run: chosen on customers of a loop of another seed than any that is reported; runs of five brought nothing more."""

PHONE_RUN_LENGTHS = (2, 3, 4)
"""Phones of a run."""

CLASS_RUN_LENGTHS = (3, 4, 5)
"""Phones of a run of classes of sounds, in which D and T are one: longer, as each says less."""

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
    pieces.update(_sounds(form))
    return frozenset(pieces)


def _sounds(form: str) -> Iterator[str]:
    """Runs of phones, and of their classes; each kind behind a mark that stands in no canonical text."""
    key = sound_key(form)
    phones = [key[begin : begin + PHONE_CHARS] for begin in range(0, len(key), PHONE_CHARS)]
    for length in PHONE_RUN_LENGTHS:
        yield from (f"~{''.join(phones[begin : begin + length])}" for begin in range(len(phones) - length + 1))
    classes = "".join(phone[0] for phone in phones)
    for length in CLASS_RUN_LENGTHS:
        yield from (f"^{classes[begin : begin + length]}" for begin in range(len(classes) - length + 1))
