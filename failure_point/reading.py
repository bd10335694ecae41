"""A second reading: what the words of a turn are usually meant to be, beside what the assistant's NLU made of them.

Learnt from texts whose meaning people wrote down. Of an assistant with other intents it knows nothing, and says so (NaN).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from failure_point.case import Case
from failure_point.grams import BUCKETS, Grams, letters, word_runs
from failure_point.linear import log_chances
from failure_point.measures import plain
from resay.dialogue.turn import said

OUTSIDE = ""
"""Of a word that fills no slot."""

LEAST = -12.0
"""Log chance below which nothing is told apart: a reading so unlikely is wrong."""

NAMES = (
    "read intent",
    "read surest",
    "read intent behind",
    "read doubt",
    "read words",
    "read least word",
    "read least outside",
    "read least inside",
    "read words otherwise",
    "read slots missed",
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A text, and what people say that it means."""

    text: str
    """In canonical form."""
    intent: str
    slots: tuple[str, ...]
    """The slot of each word; empty where only the intent is known."""
    source: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Logged:
    """What was heard and what was made of it."""

    text: str
    intent: str
    slots: tuple[str, ...]
    """The slot of each word."""


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """Weights by which texts have intents, and words slots."""

    intents: tuple[str, ...] = ()
    intent_weights: NDArray[np.float32] | None = None
    slots: tuple[str, ...] = ()
    slot_weights: NDArray[np.float32] | None = None

    def told(self, logged: Sequence[Logged]) -> Floats:
        """How far the NLU's readings are from its own: (reading, name)."""
        told = np.full((len(logged), len(NAMES)), np.nan)
        mine = [place for place, each in enumerate(logged) if each.intent in self.intents and each.text]
        if mine and self.intent_weights is not None and self.slot_weights is not None:
            some = [logged[place] for place in mine]
            told[mine] = np.concatenate([self._intents(some, self.intent_weights), self._slots(some, self.slot_weights)], axis=1)
        return told

    def _intents(self, logged: Sequence[Logged], weights: NDArray[np.float32]) -> Floats:
        texts = sorted({each.text for each in logged})
        places = {text: place for place, text in enumerate(texts)}
        chances = log_chances(weights, [text_grams(text) for text in texts])[[places[each.text] for each in logged]]
        own = chances[np.arange(len(logged)), [self.intents.index(each.intent) for each in logged]]
        top = chances.max(axis=1)
        doubt = -(np.exp(chances) * chances).sum(axis=1)
        return np.stack([own.clip(LEAST), top, (own - top).clip(LEAST), doubt], axis=1)

    def _slots(self, logged: Sequence[Logged], weights: NDArray[np.float32]) -> Floats:
        lengths = [len(each.slots) for each in logged]
        chances = log_chances(weights, [grams for each in logged for grams in word_grams(each.text)])
        named = {name: place for place, name in enumerate(self.slots)}
        ends = np.cumsum(lengths)
        return np.array(
            [_agreement(chances[end - length : end], each.slots, named) for each, length, end in zip(logged, lengths, ends, strict=True)]
        )


def _agreement(chances: Floats, slots: Sequence[str], named: dict[str, int]) -> list[float]:
    """How likely the slots of these words are: of all, of the least likely, of those outside and inside slots, and how many differ."""
    own = np.array([max(chances[place, named[slot]], LEAST) if slot in named else LEAST for place, slot in enumerate(slots)])
    outside = np.array([slot == OUTSIDE for slot in slots])
    best = chances.argmax(axis=1)
    missed = 1 - np.exp(chances[outside, named[OUTSIDE]]) if OUTSIDE in named else np.zeros(0)
    return [
        float(own.mean()),
        float(own.min()),
        float(own[outside].min(initial=0.0)),
        float(own[~outside].min(initial=0.0)),
        float(sum(best[place] != named.get(slot, -1) for place, slot in enumerate(slots))),
        float(missed.sum()),
    ]


def logged_of(case: Case) -> Logged:
    """What a case's log says of its reading."""
    text = plain(said(case.turn))
    words = text.split()
    if not case.turn.interpretations:
        return Logged(text, "", ())
    first = case.turn.interpretations[0]
    filled = [(each.slot, plain(each.value).split()) for each in case.turn.entities]
    if not filled:
        filled = [(name, plain(str(value)).split()) for name, value in first.slots.items()]
    return Logged(text, first.intent, tuple(slots_of_words(words, filled)))


def slots_of_words(words: Sequence[str], filled: Iterable[tuple[str, Sequence[str]]]) -> list[str]:
    """The slot of each word, where the words of slots are found in a text; each slot once, from the left."""
    slots = [OUTSIDE] * len(words)
    for name, value in filled:
        for start in range(len(words) - len(value) + 1 if value else 0):
            end = start + len(value)
            if list(words[start:end]) == list(value) and not any(slots[start:end]):
                slots[start:end] = [name] * len(value)
                break
    return slots


def text_grams(text: str) -> Grams:
    """The buckets of a text: runs of letters, and words."""
    return _buckets([*letters(text), *word_runs(text)])


def word_grams(text: str) -> list[Grams]:
    """The buckets of each word of a text: it, its ends, and the words around it."""
    words = ["^", "^", *text.split(), "$", "$"]
    return [_buckets(_around(words, place)) for place in range(2, len(words) - 2)]


def _around(words: Sequence[str], place: int) -> list[str]:
    first, before, word, after, last = words[place - 2 : place + 3]
    pairs = [f"<= {before} {word}", f"=> {word} {after}", f"<< {first} {before}", f">> {after} {last}"]
    near = [f"= {word}", f"< {before}", f"> {after}", *pairs]
    return [*near, f"head {word[:3]}", f"tail {word[-3:]}", f"number {word.isdigit()}"]


def _buckets(grams: Iterable[str]) -> Grams:
    return np.array(sorted({zlib.crc32(gram.encode("utf-8", "surrogatepass")) % BUCKETS for gram in grams}), dtype=np.int32)
