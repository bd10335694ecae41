"""Learning heads: what was heard is turned towards what was meant, where that finds pairs set apart better."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from rewrite_online.encoder import Heads, Towers
from rewrite_online.train_towers import Pair, Teaching, learn_heads

WORDS = ("light", "lamp", "jazz", "door", "fan", "heat", "news", "song", "blind", "clock")


class WordTrunk:
    """Vectors that add up those of words, each of chance: what has words in common is near."""

    def __call__(self, texts: Sequence[str], /) -> np.ndarray:
        """One row a text."""
        rows = np.array([sum((_vector(word) for word in text.split()), np.full(32, 1e-3)) for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _vector(word: str) -> np.ndarray:
    return np.random.default_rng(list(word.encode())).normal(size=32)


def towers(heads: Heads | None = None) -> Towers:
    """Towers over such a trunk."""
    return Towers(WordTrunk(), trunk_name="words", heads=heads)


def misheard(rng: np.random.Generator) -> list[Pair]:
    """Two words of ten, each always heard as the one after it, with a word of chance."""
    pairs = []
    for first, second in itertools.permutations(range(len(WORDS)), 2):
        heard = f"{WORDS[(first + 1) % 10]} {WORDS[(second + 1) % 10]}"
        pairs += [Pair(f"{heard} {rng.choice(['please', 'now', 'the'])}", f"{WORDS[first]} {WORDS[second]}") for _ in range(4)]
    return pairs


def test_what_is_always_misheard_alike_is_learnt():
    """A made-up recogniser that takes each word for another: pairs set apart are found where they were not."""
    lesson = learn_heads(
        misheard(np.random.default_rng(1)), towers(), rng=np.random.default_rng(2), teaching=Teaching(epochs=60, rate=3e-3)
    )

    assert lesson.reason == "learnt"
    assert lesson.before < 0.1
    assert lesson.after > 0.4


def test_the_same_pairs_and_chance_teach_the_same():
    """To the last bit."""
    pairs = misheard(np.random.default_rng(1))

    lessons = [learn_heads(pairs, towers(), rng=np.random.default_rng(2), teaching=Teaching(epochs=20, rate=3e-3)) for _ in range(2)]

    assert lessons[0].heads is not None
    assert lessons[1].heads is not None
    assert bytes(lessons[0].heads) == bytes(lessons[1].heads)


def test_what_is_learnt_goes_on_from_what_there_was():
    """A night's links change the heads that are there, and do not begin anew."""
    pairs = misheard(np.random.default_rng(1))
    first = learn_heads(pairs, towers(), rng=np.random.default_rng(2), teaching=Teaching(epochs=30, rate=3e-3))

    second = learn_heads(pairs, towers(first.heads), rng=np.random.default_rng(3), teaching=Teaching(epochs=30, rate=3e-3))

    assert second.before == pytest.approx(first.after, abs=0.02)


def test_too_few_pairs_teach_nothing():
    """They would be learnt by heart."""
    lesson = learn_heads(misheard(np.random.default_rng(1))[:40], towers(), rng=np.random.default_rng(2))

    assert (lesson.heads, lesson.reason) == (None, "too_few_pairs")
    assert learn_heads([], towers(), rng=np.random.default_rng(2)).reason == "too_few_pairs"


def test_pairs_that_say_nothing_change_nothing():
    """Where what was heard and what was meant have nothing to do with each other, the heads stay as they were."""
    rng = np.random.default_rng(4)
    pairs = [Pair(f"a{place}", f"b{rng.integers(10**9)}") for place in range(300)]

    lesson = learn_heads(pairs, towers(), rng=rng)

    assert lesson.heads is None
    assert lesson.reason == "no_better"


def test_wordings_of_one_meaning_are_not_pushed_apart():
    """Another way to say the same is found as well as the one that was meant."""
    pairs = [Pair(f"{word} x{place}", f"{word} {way}", meaning=word) for place in range(10) for word in WORDS for way in ("on", "please")]

    lesson = learn_heads(pairs, towers(), rng=np.random.default_rng(5), teaching=Teaching(epochs=5))

    assert lesson.before == 1.0
    assert lesson.reason == "no_better"
