"""How words sound: a key of phones, equal for what sounds alike, near for what sounds nearly so.

Knows English letters; words in other letters sound as they are spelt.
"""

from __future__ import annotations

from functools import lru_cache

from jellyfish import metaphone

KEYS_KEPT_MAX = 50_000
"""Words whose keys are kept: the words of a household, and of what recognisers make of them; about 5 MB."""


def sound_key(text: str) -> str:
    """The phones of canonical text in a row: where words begin and end is what recognisers get wrong most."""
    return "".join(_phones(word) for word in text.split())


@lru_cache(KEYS_KEPT_MAX)
def _phones(word: str) -> str:
    return (metaphone(word) or word).replace(" ", "")
