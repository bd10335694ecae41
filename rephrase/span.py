"""Spans: where in the target's utterance, as it came, the request is said again."""

from __future__ import annotations

import re

from resay.dialogue.text import words

_CHUNK = re.compile(r"\S+")


def whole_span(utterance: str) -> tuple[int, int]:
    """All of an utterance but the white space around it."""
    start = len(utterance) - len(utterance.lstrip())
    return start, max(start, len(utterance.rstrip()))


def span_after(utterance: str, prefix: int) -> tuple[int, int]:
    """What follows the first `prefix` words of canonical text, in characters of the utterance as it came; nothing left: an empty span."""
    start, end = whole_span(utterance)
    left = prefix
    for chunk in _CHUNK.finditer(utterance):
        if left == 0:
            # Marks that stand alone ("no - madonna") are no part of the request.
            if words(chunk[0]):
                return chunk.start(), end
            continue
        held = len(words(chunk[0]))
        if held > left:
            return chunk.start() + _split(chunk[0], keep=held - left), end
        left -= held
    return (end, end) if prefix else (start, end)


def _split(chunk: str, *, keep: int) -> int:
    """Where in a chunk without white space ("no,madonna") its last `keep` words begin."""
    offset = next((offset for offset in range(1, len(chunk)) if len(words(chunk[offset:])) == keep), 0)
    while offset < len(chunk) - 1 and not words(chunk[offset]):
        offset += 1
    return offset
