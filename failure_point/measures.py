"""Measures of two texts and of one: how alike they are written and sound, and what is of a word. Texts are in canonical form."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

import numpy as np
from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist

from resay.dialogue.text import canonical

TEXT_CHARS_MAX = 300
"""Longest text that is looked at, from its beginning: a minute of speech. What comes after it changes no verdict."""

_RUN = re.compile(r"(.)\1+")
_SOUNDS = str.maketrans("zvbdgqcj", "sfptkkkk", "aeiouyhw'")


def plain(text: str) -> str:
    """Canonical form, cut where nobody speaks longer."""
    # Cut before too: text of a megabyte must not be folded whole to be thrown away.
    return canonical(text[: 2 * TEXT_CHARS_MAX])[:TEXT_CHARS_MAX]


def alike(one: str, other: str) -> float:
    """How alike two texts are written: twice what they share in order, over the letters of both; 0 to 1."""
    return float(Indel.normalized_similarity(one, other))


def nearest(texts: Sequence[str], others: Sequence[str]) -> float:
    """How alike the two of them are that are most alike; not known where there are none."""
    if not texts or not others:
        return math.nan
    return float(cdist(texts, others, scorer=Indel.normalized_similarity, dtype=np.float32).max())


def sound(text: str) -> str:
    """What is left of a text where vowels and voicing are not heard: equal for much that recognisers take for each other."""
    return _RUN.sub(r"\1", text.translate(_SOUNDS))


def shared_words(one: str, other: str) -> float:
    """Share of the words of both that both have."""
    mine, theirs = set(one.split()), set(other.split())
    together = mine | theirs
    return len(mine & theirs) / len(together) if together else 0.0


def covered(words: Iterable[str], text: str) -> float:
    """Share of words that a text holds."""
    there, asked = set(text.split()), list(words)
    return sum(word in there for word in asked) / len(asked) if asked else 0.0
