"""A teaching as it was said: which words, which meaning, and where they stand in the utterance.

Knows the contract of whatever finds one; knows nothing of how it is found, or of what is done with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from resay.dialogue.teaching import Kind


class Frame(StrEnum):
    """How it was said."""

    TOLD = "told"
    """Outright: "when I say … I mean …"."""
    CORRECTED = "corrected"
    """Of what was said before: "no, I meant …". Whether it shall hold for good must be asked."""
    GUESSED = "guessed"
    """Outright, but not surely understood: it must be asked."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a text stands in an utterance: from its first character to behind its last."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Teaching:
    """What a customer said that words shall mean."""

    kind: Kind
    words: str
    """As they were said."""
    meaning: str
    frame: Frame = Frame.TOLD
    words_span: Span | None = None
    """Nothing where the words are those of the utterance before, or came apart from any utterance."""
    meaning_span: Span | None = None


class Extractor(Protocol):
    """What finds teachings in talk; safe to share between threads."""

    def teaching(self, utterance: str, *, before: str = "") -> Teaching | None:
        """The teaching that an utterance is, `before` being what the same customer said just before it; nothing where it is none."""
