"""The canonical form of text: the one place where wording is brought to the form that is compared.

Knows Unicode and white space; knows nothing of meaning, stop words or spelling.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Typographic apostrophes and primes that keyboards and recognisers use for one and the same mark.
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u201b\u02bc\u02b9\u2032\u0060\u00b4\uff07", "'"))

# An apostrophe belongs to a word only between two letters ("priya's"); elsewhere it is a quotation mark.
_LONE_APOSTROPHE = re.compile(r"(?<!\w)'|'(?!\w)")


TEXTS_KEPT_MAX = 4_096
"""Texts whose form is kept: one answer asks some twenty times for that of one utterance. Half a megabyte."""


@lru_cache(TEXTS_KEPT_MAX)
def canonical(text: str) -> str:
    """The form in which two utterances are compared: NFKC, case folded, punctuation gone, single spaces.

    Letters, marks and digits of every script are kept, and so is the apostrophe inside a word.
    Canonical text is a fixed point: `canonical(canonical(text)) == canonical(text)`.
    """
    if text.isascii():
        return _tidy(text.translate(_ASCII))
    # Marks that normal form would take apart (U+00B4 becomes a space and an accent) become apostrophes first.
    folded = text.translate(_APOSTROPHES)
    # Case folding can undo normal form and the other way round (U+0345, U+1E9E), so both run until nothing moves;
    # three rounds are enough for every code point of Unicode 16 (tests/dialogue/test_text.py goes through them).
    for _ in range(3):
        folded = unicodedata.normalize("NFKC", folded).casefold()
    folded = folded.translate(_APOSTROPHES)
    return _tidy("".join(character if _is_word(character) else " " for character in folded))


def words(text: str) -> list[str]:
    """The words of canonical text, in order."""
    return canonical(text).split()


def words_in_common(one: str, other: str) -> float:
    """The share of the words of two texts that both have; 0 where neither has any."""
    ours, others = set(words(one)), set(words(other))
    return len(ours & others) / len(ours | others) if ours or others else 0.0


def has_control_characters(text: str) -> bool:
    """Whether text holds control, format, surrogate or private characters, which no customer can say."""
    # What Python calls printable holds none of these, and is checked at the speed of C: three ids a record pass through here.
    return not text.isprintable() and any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co"} for character in text)


def has_command_prefix(text: str) -> bool:
    """Whether text would be read by an assistant as a command and not as words (Rasa: `/intent{...}`)."""
    return text.lstrip().startswith("/")


def _tidy(spaced: str) -> str:
    return " ".join(_LONE_APOSTROPHE.sub(" ", spaced).split()) if "'" in spaced else " ".join(spaced.split())


def _is_word(character: str) -> bool:
    return character == "'" or unicodedata.category(character)[0] in {"L", "M", "N"}


# Most talk is ASCII, where the canonical form is one table: lower case, and a space for whatever is not of a word.
_ASCII = {code: letter.lower() if _is_word(letter) else " " for code, letter in enumerate(map(chr, range(128)))} | {ord("`"): "'"}
