"""What the tagger is trained on: teachings and ordinary talk made from a file of wordings, with the truth about each word.

Knows the file and chance; knows nothing of nets. Wordings that are scored are in no such file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

from resay.dialogue.errors import ResayError
from resay.teach.span_path import Part

WORDINGS_FILE = "wordings.txt"

SHARES = {"request": 0.36, "name": 0.22, "correction": 0.1, "none": 0.32}
"""How much there is of each kind; it is the bar, and not the share of ordinary talk, that keeps false alarms rare."""

LEAD, TAIL, OTHER_WORD, FILLERS, SMALL_LEAD, FLAT = 0.4, 0.15, 0.12, 0.3, 0.1, 0.5
"""How often there is small talk before it; behind it; how often a word of a wording is changed for another of its group; how often somebody
stammers; how often there is a small word before ordinary talk; how often there are no stops, as recognisers write it."""

FILLER, STOP, QUOTED = 0.08, 0.6, 0.08
"""How often there is a filler at a word of somebody who stammers, a stop where a part ends, quotation marks around the words."""

_Spoken = tuple[str, Part]
_SLOT = re.compile(r"(\{\w+\})")
_PARTS = {"words": Part.WORDS, "meaning": Part.MEANING}
_ANY = "any"
_DEPTH_MAX = 6
"""Sections within sections: a command that is an odd phrase has four."""
_FILLED = {"request": ("odd", "command"), "name": ("called", "thing"), "correction": ("odd", "command")}


class WrongWordings(ResayError):
    """A file of wordings is not one."""


@dataclass(frozen=True, slots=True)
class Made:
    """An utterance that was made."""

    words: tuple[str, ...]
    parts: tuple[Part, ...]
    kind: str
    """One of `tagger.KINDS`."""


class Material:
    """The sections of a file of wordings."""

    def __init__(self, sections: Mapping[str, Sequence[str]], any_words: Sequence[str]) -> None:
        """`any_words` are what words may be made of beside those of the file."""
        self._sections = {**sections, _ANY: any_words}
        self._groups: dict[str, list[list[str]]] = {}
        for group in (line.split("|") for line in sections["swap"]):
            for word in group:
                self._groups.setdefault(word, []).append(group)

    def made(self, count: int, rng: Random) -> Iterator[Made]:
        """So many utterances."""
        kinds, shares = list(SHARES), list(SHARES.values())
        for kind in rng.choices(kinds, shares, k=count):
            yield self._one(kind, rng.choice(self._sections[kind]), rng)

    def _one(self, kind: str, wording: str, rng: Random) -> Made:
        taught = kind in {"request", "name"}
        spoken: list[_Spoken] = []
        if rng.random() < (LEAD if taught else SMALL_LEAD):
            spoken += _around(rng.choice(self._sections["lead" if taught else "filler"]))
        for piece in _SLOT.split(wording):
            spoken += self._piece(piece, kind, rng)
        if taught and rng.random() < TAIL:
            spoken += _around(rng.choice(self._sections["tail"]))
        spoken = self._stammered(spoken, rng) if rng.random() < FILLERS else spoken
        spoken = _flat(spoken) if rng.random() < FLAT else _stopped(spoken, rng)
        return Made(tuple(word for word, _ in spoken), tuple(part for _, part in spoken), kind)

    def _piece(self, piece: str, kind: str, rng: Random) -> list[_Spoken]:
        """What stands for a piece of a wording: a slot, or the words between two."""
        if not _SLOT.fullmatch(piece):
            swapped = (self._swapped(word, rng) for word in piece.split())
            return [(word, Part.AROUND) for word in swapped]
        name = piece[1:-1]
        if name not in _PARTS:
            return _around(self._filled(piece, rng))
        part = _PARTS[name]
        words = self._filled(f"{{{_FILLED[kind][part - 1]}}}", rng).split()
        if part is Part.WORDS and rng.random() < QUOTED:
            words = f'"{" ".join(words)}"'.split()
        return [(word, part) for word in words]

    def _swapped(self, word: str, rng: Random) -> str:
        groups = self._groups.get(word)
        return rng.choice(rng.choice(groups)) if groups and rng.random() < OTHER_WORD else word

    def _filled(self, text: str, rng: Random) -> str:
        """A text without braces: what stands in them is drawn, and filled again."""
        for _ in range(_DEPTH_MAX):
            text = _SLOT.sub(lambda slot: rng.choice(self._sections[slot[0][1:-1]]), text)
        return text

    def _stammered(self, spoken: Sequence[_Spoken], rng: Random) -> list[_Spoken]:
        """With fillers where one part ends and another begins, and in the small talk."""
        told: list[_Spoken] = []
        for word, part in spoken:
            between = not told or told[-1][1] is not part or part is Part.AROUND
            if between and rng.random() < FILLER:
                told += _around(rng.choice(self._sections["filler"]))
            told.append((word, part))
        return told


def read_material(path: Path, any_words: Sequence[str]) -> Material:
    """The material of a file.

    Raises: WrongWordings.
    """
    return Material(read_wordings(path), any_words)


def read_wordings(path: Path) -> dict[str, list[str]]:
    """The lines of a file by section.

    Raises: WrongWordings.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        message = f"file {path} must be a text of wordings; {error}; is it there?"
        raise WrongWordings(message) from error
    sections: dict[str, list[str]] = {}
    name = ""
    for line in lines:
        if line.startswith("["):
            name = line.strip("[]")
        elif line and not line.startswith("#"):
            sections.setdefault(name, []).append(line)
    missing = {*SHARES, "lead", "tail", "filler", "swap", *_slots(sections)} - sections.keys()
    if missing:
        message = f"file {path} must have a section for each name that is used; {', '.join(sorted(missing))} is missing; was it cut off?"
        raise WrongWordings(message)
    return sections


def _slots(sections: Mapping[str, Sequence[str]]) -> set[str]:
    named = {slot[1:-1] for lines in sections.values() for line in lines for slot in _SLOT.findall(line)}
    return named - _PARTS.keys() - {_ANY}


def _around(text: str) -> list[_Spoken]:
    return [(word, Part.AROUND) for word in text.split()]


def _flat(spoken: Sequence[_Spoken]) -> list[_Spoken]:
    """As a recogniser writes it: without stops."""
    return [(word.rstrip(",.;:!?") or word, part) for word, part in spoken]


def _stopped(spoken: Sequence[_Spoken], rng: Random) -> list[_Spoken]:
    """With stops where parts meet, now and then."""
    told = [
        (word + rng.choice(",,.:") if after is not part and word[-1].isalnum() and rng.random() < STOP * STOP else word, part)
        for (word, part), (_, after) in pairwise(spoken)
    ]
    last, part = spoken[-1]
    return [*told, (last + "." if last[-1].isalnum() and rng.random() < STOP else last, part)]
