"""What a recogniser makes of words, learnt from what it made of others: word by word, from pairs of what was said and what was heard.

Knows words and counts; which pairs may be learnt from is for those who hand them in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from random import Random

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

HEARD_FOR_MAX = 40
"""What one word was heard as, kept; the commonest are there many times over, and drawn so."""

LIKE_MAX = 6
"""Words that look like one, among which one is drawn where it was never misheard."""

LIKE_MIN = 50.0
"""Likeness in per cent of letters from which a word may be mistaken for another."""

STRETCH_MAX = 3
"""Words that are taken for others as one stretch; longer ones are no confusion of words but a sentence not heard."""

LOST = 0.15
"""Share of words never misheard in the pairs, and unlike any other, that are lost altogether. Made up."""


class Confusions:
    """Which words are heard for which."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Learn from pairs of what was said and what was heard."""
        self._heard_for: dict[str, list[str]] = defaultdict(list)
        words: dict[str, None] = {}
        for said, heard in pairs:
            words |= dict.fromkeys(said.split())
            for stretch, taken_for in _mistaken(said.split(), heard.split()):
                kept = self._heard_for[stretch]
                if len(kept) < HEARD_FOR_MAX:
                    kept.append(taken_for)
        self._words = tuple(words)
        self._alike: dict[str, tuple[str, ...]] = {}

    def mishear(self, text: str, rng: Random, *, rate: float) -> str:
        """The text with about a share of its words, and at least one, heard as others; never the text itself, nor nothing, if it can be."""
        words = text.split()
        if not words:
            return text
        wrong = {place for place in range(len(words)) if rng.random() < rate} or {rng.randrange(len(words))}
        heard = " ".join(filter(None, (self._mistake(word, rng) if place in wrong else word for place, word in enumerate(words))))
        return heard or text

    def _mistake(self, word: str, rng: Random) -> str:
        known = self._heard_for.get(word)
        if known:
            return rng.choice(known)
        alike = self._like(word)
        return rng.choice(alike) if alike and rng.random() >= LOST else ""

    def _like(self, word: str) -> tuple[str, ...]:
        if word not in self._alike:
            found = process.extract(word, self._words, limit=LIKE_MAX + 1, score_cutoff=LIKE_MIN)
            self._alike[word] = tuple(text for text, _, _ in found if text != word)
        return self._alike[word]


def _mistaken(said: Sequence[str], heard: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Words and what was heard in their place; nothing where they were lost."""
    for stretch, taken_for in _unlike(said, heard):
        if len(stretch) == 1 and len(taken_for) <= STRETCH_MAX:
            yield stretch[0], " ".join(taken_for)
        elif len(stretch) == len(taken_for):
            yield from zip(stretch, taken_for, strict=True)


def _unlike(said: Sequence[str], heard: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Stretches between words that are alike, on both sides."""
    reached = (0, 0)
    for step in Levenshtein.opcodes(said, heard):
        if step.tag == "equal":
            yield said[reached[0] : step.src_start], heard[reached[1] : step.dest_start]
            reached = (step.src_end, step.dest_end)
    yield said[reached[0] :], heard[reached[1] :]
