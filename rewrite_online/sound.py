"""How words sound: a key of phones, equal for what sounds alike, near for what sounds nearly so.

Phones come from letters by rules that were learnt from a dictionary (`train_sound`); what other letters sound like is not known, and they
stand for themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

KEYS_KEPT_MAX = 50_000
"""Words whose keys are kept: the words of a household, and of what recognisers make of them; about 5 MB."""

WORD_CHARS_MAX = 40
"""Longest word whose sound is looked for; what is longer is none, and sounds as it is spelt."""

RULES_FILE = "letters.tsv"

EDGE = "_"
"""Stands before and after a word."""

CONTEXTS = ((0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3), (3, 3))
"""Letters before and after a letter that a rule may ask for, from the fewest on; the rule that asks for most speaks."""

_MOST = max(max(context) for context in CONTEXTS)

# Phones of a class are taken for each other more often than for others: front, back and rounded vowels, hisses, and so on by place.
_CLASSES = (
    "IY IH EY EH AE Y",
    "AA AO AH AY AW OW",
    "UW UH OY W ER",
    "S Z SH ZH CH JH",
    "T D TH DH",
    "P B F V",
    "K G HH",
    "N NG M",
    "L R",
)
_SIGNS = {
    phone: "!#$%&()*+"[place] + chr(ord("A") + sum(len(each.split()) for each in _CLASSES[:place]) + within)
    for place, phones in enumerate(_CLASSES)
    for within, phone in enumerate(phones.split())
}
"""Each phone as two characters, of its class and its own: of two phones of one class half is equal."""


PHONE_CHARS = 2
"""Characters of each phone in a key: its class, then its own."""


def sound_key(text: str) -> str:
    """The phones of canonical text in a row: where words begin and end is what recognisers get wrong most."""
    return "".join(_key(word) for word in text.split())


@lru_cache(KEYS_KEPT_MAX)
def _key(word: str) -> str:
    if len(word) > WORD_CHARS_MAX:
        return word
    return "".join(_SIGNS.get(sound, sound) for sound in sounds(word, _rules()))


def sounds(word: str, rules: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The phones of a word; a letter that no rule knows is its own."""
    padded = EDGE * _MOST + word + EDGE * _MOST
    found: list[str] = []
    for place, letter in enumerate(word, start=_MOST):
        found += next(
            (rules[key] for before, after in reversed(CONTEXTS) if (key := context_of(padded, place, before=before, after=after)) in rules),
            (letter,),
        )
    return found


def context_of(padded: str, place: int, *, before: int, after: int) -> str:
    """A letter with what a rule may ask for, as rules are keyed."""
    return f"{padded[place - before : place]}|{padded[place : place + 1 + after]}"


def read_rules(content: str) -> dict[str, tuple[str, ...]]:
    """Rules from the lines that `written` wrote."""
    return {key: tuple(phones.split()) for line in content.splitlines() for key, _, phones in [line.partition("\t")]}


def written(rules: Mapping[str, tuple[str, ...]]) -> str:
    """Rules as lines, in order: context, tab, phones."""
    return "".join(f"{key}\t{' '.join(phones)}\n" for key, phones in sorted(rules.items()))


@cache
def _rules() -> Mapping[str, tuple[str, ...]]:
    """The rules that ship; read when the first word is asked for, in some 20 ms."""
    return read_rules((files(__package__) / RULES_FILE).read_text(encoding="utf-8"))
