"""Shelves: the wordings after one kind of prompt in the order in which they are looked up, with what finding them takes.

Each kind has an order of its own, that of texts, so that the order given does not matter. Nothing changes in a shelf.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from resay.dialogue.wording import Wording
from rewrite_online.sound import sound_key
from rewrite_online.spelling import Runs

COMPARED_MAX = 64
"""Wordings of a kind up to which all are compared, and none is looked for: a customer's own, or short answers."""

SOUND_GRAM = 6
"""Characters of a run of sounds: three phones, as each has two. Of three characters nearly every wording has nearly every run."""

_KIND_BITS = 11
_TEXT_BITS = 52

Places = NDArray[np.int64]
Each = TypeVar("Each", covariant=True)


@dataclass(frozen=True, slots=True)
class Ways:
    """How wordings are found."""

    spelling: bool = True
    sound: bool = True
    meaning: bool = True
    """Only where there is an encoder."""
    hypotheses_encoded: int = 1
    """Of how many hypotheses the meaning is looked at: each costs a run of the encoder, which is most of the time."""
    others_max: int = 0
    """How many wordings after other kinds of prompt may follow those after the same kind, where there is room; a text that is known after
    the same kind is not offered again."""


class Placed(Protocol[Each]):
    """Things by their places, each perhaps made when it is asked for."""

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, place: int, /) -> Each:
        """The one at a place."""

    def __iter__(self) -> Iterator[Each]:
        """All of them."""


class WordingShelf(Protocol):
    """The wordings after one kind of prompt, by text, each text once."""

    @property
    def wordings(self) -> Placed[Wording]:
        """All of them."""

    @property
    def texts(self) -> Placed[str]:
        """Their texts."""

    def letters(self, places: Places) -> tuple[Sequence[str], Sequence[str]]:
        """The texts at some places, and how these sound; nothing of that where nothing is found by sound."""

    @property
    def runs(self) -> tuple[Runs | None, Runs | None]:
        """Texts and keys by runs of characters, where they are many."""

    @property
    def numbers(self) -> tuple[Places, Places]:
        """Their numbers in an index, and the places by which these are in order."""


def shelved(wordings: Iterable[Wording], ways: Ways) -> dict[str, WordingShelf]:
    """Wordings by kind of prompt and text; of two with one text after one kind that of more customers is kept."""
    ordered = sorted(wordings, key=in_order)
    return {kind: _Listed(list(each), ways) for kind, each in groupby(ordered, key=lambda wording: wording.prompt_kind)}


class _Listed:
    """A shelf that is made as it is asked for."""

    def __init__(self, ordered: Sequence[Wording], ways: Ways) -> None:
        """Take wordings in order; of equal texts the first is kept."""
        by_text: dict[str, Wording] = {}
        for wording in ordered:
            by_text.setdefault(wording.text, wording)
        self.wordings = tuple(by_text.values())
        self.texts = list(by_text)
        self.keys = [sound_key(text) for text in self.texts] if ways.sound else []
        many = len(self.texts) > COMPARED_MAX
        self.runs = Runs(self.texts) if ways.spelling and many else None, Runs(self.keys, gram=SOUND_GRAM) if ways.sound and many else None
        self._numbered: tuple[Places, Places] | None = None

    def letters(self, places: Places) -> tuple[Sequence[str], Sequence[str]]:
        """The texts at some places, and how these sound."""
        chosen = places.tolist()
        return [self.texts[place] for place in chosen], [self.keys[place] for place in chosen] if self.keys else []

    @property
    def numbers(self) -> tuple[Places, Places]:
        """Made when they are asked for first, and whole for whoever sees them."""
        if self._numbered is None:
            numbers = np.array([number_of(each) for each in self.wordings], dtype=np.int64)
            self._numbered = numbers, np.argsort(numbers)
        return self._numbered


def number_of(wording: Wording) -> int:
    """The number of a wording in an index: of its text and kind of prompt alone, one stretch of numbers a kind."""
    return numbers_of(wording.prompt_kind)[0] + _hashed(wording.text, _TEXT_BITS)


def numbers_of(kind: str) -> tuple[int, int]:
    """The stretch of a kind of prompt, from one number up to another."""
    begin = _hashed(kind, _KIND_BITS) << _TEXT_BITS
    return begin, begin + (1 << _TEXT_BITS)


def _hashed(text: str, bits: int) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> (64 - bits)


def in_order(wording: Wording) -> tuple[str, str, int, float, str]:
    """What wordings are put in order by: kind of prompt and text, and of equal ones who has more customers first."""
    return wording.prompt_kind, wording.text, -wording.customers, -wording.times, wording.state
