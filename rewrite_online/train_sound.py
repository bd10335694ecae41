"""Learning how letters sound, from a dictionary of pronunciations: each letter gets its phones, and rules say which, by the letters around.

Letters and phones are aligned by the likeliest way, round after round (Viterbi training); a rule that says what the one that asks for less
says already is left out.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from resay.dialogue.tick import Tick, silent
from rewrite_online.sound import CONTEXTS, EDGE, context_of

Phones = tuple[str, ...]
Counts = dict[str, Counter[Phones]]
Aligned = tuple[str, list[Phones]]

PHONES_A_LETTER_MAX = 2
"""As `x` is K S."""

ROUNDS = 4
"""Of aligning: a fifth moves next to nothing."""

TIMES_MIN = 3
"""Words that a rule must hold for; with ten the rules take a third of the room, and 13 % of phones are wrong in place of 11 %."""

_UNSEEN = 9.0
"""Cost of a letter with phones that it was never seen with, beyond that of each phone."""

_MOST = max(max(context) for context in CONTEXTS)


def read_dictionary(lines: Iterable[str]) -> Iterator[tuple[str, Phones]]:
    """Words with their first pronunciation, from lines as CMUdict has them: word, then phones; stress marks are dropped."""
    for line in lines:
        word, *phones = line.split() or [""]
        if phones and "(" not in word and word.replace("'", "").isalpha():
            yield word.lower(), tuple(phone.rstrip("012") for phone in phones)


def learn_rules(words: Sequence[tuple[str, Phones]], *, tick: Tick = silent) -> dict[str, Phones]:
    """Rules by which letters become phones."""
    counts = _guessed(words)
    aligned: list[Aligned] = []
    for done in range(ROUNDS):
        costs = _costs(counts)
        aligned = [(word, chunks) for word, phones in words if (chunks := _aligned(word, phones, costs)) is not None]
        counts = defaultdict(Counter)
        for word, chunks in aligned:
            for letter, chunk in zip(word, chunks, strict=True):
                counts[letter][chunk] += 1
        tick(done + 1, ROUNDS)
    return _rules(aligned)


def _guessed(words: Iterable[tuple[str, Phones]]) -> Counts:
    """To begin with: phones that stand about where the letter stands."""
    counts: Counts = defaultdict(Counter)
    for word, phones in words:
        for place, letter in enumerate(word):
            at = place * len(phones) // len(word)
            for begin, end in ((at, at), (at, at + 1), (max(at - 1, 0), at), (at + 1, at + 2), (at, at + 2)):
                counts[letter][phones[begin:end]] += 2 if end - begin == 1 else 1
    return counts


def _costs(counts: Counts) -> dict[str, dict[Phones, float]]:
    totals = {letter: by_phones.total() for letter, by_phones in counts.items()}
    return {
        letter: {phones: -math.log(times / totals[letter]) for phones, times in by_phones.items() if times}
        for letter, by_phones in counts.items()
    }


def _aligned(word: str, phones: Phones, costs: Mapping[str, Mapping[Phones, float]]) -> list[Phones] | None:
    """The likeliest phones for each letter; nothing where there are too many for the letters."""
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for letter in word:
        known, reached = costs[letter], best[-1]
        following: dict[int, tuple[float, int]] = {}
        for at, (cost, _) in reached.items():
            for taken in range(min(PHONES_A_LETTER_MAX, len(phones) - at) + 1):
                total = cost + known.get(phones[at : at + taken], _UNSEEN * (1 + taken))
                if at + taken not in following or total < following[at + taken][0]:
                    following[at + taken] = (total, taken)
        best.append(following)
    if len(phones) not in best[-1]:
        return None
    chunks: list[Phones] = []
    at = len(phones)
    for reached in reversed(best[1:]):
        taken = reached[at][1]
        chunks.append(phones[at - taken : at])
        at -= taken
    return chunks[::-1]


def _rules(aligned: Sequence[Aligned]) -> dict[str, Phones]:
    rules: dict[str, Phones] = {}
    for asked, (before, after) in enumerate(CONTEXTS):
        seen: Counts = defaultdict(Counter)
        for word, chunks in aligned:
            padded = EDGE * _MOST + word + EDGE * _MOST
            for place, chunk in enumerate(chunks, start=_MOST):
                seen[context_of(padded, place, before=before, after=after)][chunk] += 1
        new = {key: counted for key, counted in seen.items() if not asked or counted.total() >= TIMES_MIN}
        rules |= {key: phones for key, counted in new.items() if (phones := _better(counted, _said_already(key, rules, asked))) is not None}
    return rules


def _said_already(key: str, rules: Mapping[str, Phones], asked: int) -> Phones | None:
    """What the rules that ask for less say of a context."""
    before, _, after = key.partition("|")
    shorter = (f"{before[len(before) - left :]}|{after[: 1 + right]}" for left, right in reversed(CONTEXTS[:asked]))
    return next((rules[each] for each in shorter if each in rules), None)


def _better(counted: Counter[Phones], already: Phones | None) -> Phones | None:
    """The phones that are seen most, if a rule for them is worth its room."""
    phones, times = max(counted.items(), key=lambda each: (each[1], each[0]))
    if already is None:
        return phones
    return phones if phones != already and times - counted[already] >= 2 else None
