"""What the tagger is trained on: teachings and ordinary talk made from a file of wordings, with the truth about each word.

Knows the file and chance; knows nothing of nets. Wordings that are scored are in no such file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from zlib import crc32

from resay.dialogue.errors import ResayError
from resay.dialogue.text import canonical
from resay.teach.span_path import Part

WORDINGS_FILE = "wordings.txt"

SHARES = {"request": 0.44, "name": 0.18, "correction": 0.08, "none": 0.30}
"""How much there is of each kind; it is the bar, and not the share of ordinary talk, that keeps false alarms rare."""

LEAD, TAIL, OTHER_WORD, FILLERS, SMALL_LEAD, FLAT = 0.4, 0.15, 0.12, 0.3, 0.1, 0.5
"""How often there is small talk before it; behind it; how often a word of a wording is changed for another of its group; how often somebody
stammers; how often there is a small word before ordinary talk; how often there are no stops, as recognisers write it."""

FILLER, STOP, QUOTED = 0.08, 0.6, 0.08
"""How often there is a filler at a word of somebody who stammers, a stop where a part ends, quotation marks around the words."""

PUT_TOGETHER, MISHEARD = 0.6, 0.08
"""How often a wording is put together from parts, and not one that stands whole in the file; how often one word around is another."""

APART = 7
"""One in so many whole wordings is set apart: nothing is learnt from it, and what is chosen is chosen on it."""

_Spoken = tuple[str, Part]
_SLOT = re.compile(r"(\{\w+\})")
_PARTS = {"words": Part.WORDS, "meaning": Part.MEANING}
_ANY, _NONE, _MADE = "any", "none", "_made"
_DEPTH_MAX = 24
"""Sections within sections: a polite wish for a command and another at once has ten, and may hold one more."""
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

    def __init__(self, sections: Mapping[str, Sequence[str]], any_words: Sequence[str], *, scored: Collection[str] = ()) -> None:
        """`any_words` are what words may be made of beside those of the file; nothing is made in wordings that are scored."""
        self._sections = {**sections, _ANY: any_words}
        self._scored = {bare_wording(line) for line in scored}
        self._learnt = {kind: [line for line in sections[kind] if kind == _NONE or not is_apart(line)] for kind in SHARES}
        self._apart = {kind: [line for line in sections[kind] if kind == _NONE or is_apart(line)] for kind in SHARES}
        self._groups: dict[str, list[list[str]]] = {}
        for group in (line.split("|") for line in sections["swap"]):
            for word in group:
                self._groups.setdefault(word, []).append(group)

    def made(self, count: int, rng: Random, *, apart: bool = False) -> Iterator[Made]:
        """So many utterances; of wordings that are set apart, or of all others."""
        kinds, shares = list(SHARES), list(SHARES.values())
        for kind in rng.choices(kinds, shares, k=count):
            yield self._one(kind, self.wording(kind, rng, apart=apart), rng)

    def wording(self, kind: str, rng: Random, *, apart: bool = False) -> str:
        """A wording, with places for words and meaning and no others but those of ordinary talk."""
        whole = rng.choice((self._apart if apart else self._learnt)[kind])
        if rng.random() >= PUT_TOGETHER or (apart and kind != _NONE):
            return self._around_filled(whole, rng)
        made = self._around_filled(rng.choice(self._sections[kind + _MADE]), rng)
        return whole if kind != _NONE and (made in self._apart[kind] or bare_wording(made) in self._scored) else made

    def _one(self, kind: str, wording: str, rng: Random) -> Made:
        taught = kind in {"request", "name"}
        spoken: list[_Spoken] = []
        if rng.random() < (LEAD if taught else SMALL_LEAD):
            spoken += _around(rng.choice(self._sections["lead" if taught else "filler"]))
        loose = True
        for piece in filter(None, _SLOT.split(wording)):
            more = self._piece(piece, kind, rng)
            spoken = [*spoken, *more] if loose or piece[0].isspace() else _joined(spoken, more)
            loose = piece[-1].isspace()
        if taught and rng.random() < TAIL:
            spoken += _around(rng.choice(self._sections["tail"]))
        spoken = self._misheard(spoken, rng) if rng.random() < MISHEARD else spoken
        spoken = self._stammered(spoken, rng) if rng.random() < FILLERS else spoken
        spoken = _flat(spoken) if rng.random() < FLAT else _stopped(spoken, rng)
        return Made(tuple(word for word, _ in spoken), tuple(part for _, part in spoken), kind)

    def _misheard(self, spoken: Sequence[_Spoken], rng: Random) -> list[_Spoken]:
        """With one word around the parts that is another."""
        around = [place for place, (_, part) in enumerate(spoken) if part is Part.AROUND]
        wrong = rng.choice(around) if around else None
        return [(rng.choice(self._sections[_ANY]), part) if place == wrong else (word, part) for place, (word, part) in enumerate(spoken)]

    def _piece(self, piece: str, kind: str, rng: Random) -> list[_Spoken]:
        """What stands for a piece of a wording: a slot, or the words between two."""
        if not _SLOT.fullmatch(piece):
            swapped = (self._swapped(word, rng) for word in piece.split())
            return [(word, Part.AROUND) for word in swapped]
        part = _PARTS[piece[1:-1]]
        words = self._filled(f"{{{_FILLED[kind][part - 1]}}}", rng).split()
        if part is Part.WORDS and rng.random() < QUOTED:
            words = f'"{" ".join(words)}"'.split()
        return [(word, part) for word in words]

    def _swapped(self, word: str, rng: Random) -> str:
        groups = self._groups.get(word)
        return rng.choice(rng.choice(groups)) if groups and rng.random() < OTHER_WORD else word

    def _around_filled(self, wording: str, rng: Random) -> str:
        return _SLOT.sub(lambda slot: slot[0] if slot[0][1:-1] in _PARTS else self._filled(slot[0], rng), wording)

    def _filled(self, text: str, rng: Random) -> str:
        """A text without braces: what stands in them is drawn, and filled again."""
        for _ in range(_DEPTH_MAX):
            if "{" not in text:
                break
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


def read_material(path: Path, any_words: Sequence[str], *, scored: Collection[str] = ()) -> Material:
    """The material of a file, without wordings that are scored.

    Raises: WrongWordings.
    """
    return Material(read_wordings(path), any_words, scored=scored)


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
    missing = {*SHARES, *(kind + _MADE for kind in SHARES), "lead", "tail", "filler", "swap", *_slots(sections)} - sections.keys()
    if missing:
        message = f"file {path} must have a section for each name that is used; {', '.join(sorted(missing))} is missing; was it cut off?"
        raise WrongWordings(message)
    return sections


def is_apart(wording: str) -> bool:
    """Whether a whole wording is set apart; by its words alone, so that it stays so whatever else is written."""
    return crc32(wording.encode()) % APART == 0


def bare_wording(wording: str) -> str:
    """A wording by which others are known that differ from it in stops and articles alone."""
    return canonical(wording).replace("the {", "{")


def _slots(sections: Mapping[str, Sequence[str]]) -> set[str]:
    named = {slot[1:-1] for lines in sections.values() for line in lines for slot in _SLOT.findall(line)}
    return named - _PARTS.keys() - {_ANY}


def _around(text: str) -> list[_Spoken]:
    return [(word, Part.AROUND) for word in text.split()]


def _joined(before: Sequence[_Spoken], after: Sequence[_Spoken]) -> list[_Spoken]:
    """Two pieces with nothing between them, as a quotation mark and what is quoted: one word, which is of the part that it touches."""
    (left, left_part), (right, right_part) = before[-1], after[0]
    return [*before[:-1], (left + right, max(left_part, right_part)), *after[1:]]


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
