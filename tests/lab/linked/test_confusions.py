"""Confusions: words are heard as they were heard of others."""

from __future__ import annotations

from random import Random

from resay.lab.linked.confusions import Confusions

PAIRS = [("play the song", "pray the song"), ("call anna", "call a nun"), ("stop it", "stop"), ("turn it up", "turn it up")]


def test_words_are_heard_as_they_were_heard_before():
    """What was heard for a word is heard for it again, be it another word, two, or none."""
    confusions = Confusions(PAIRS)

    assert confusions.mishear("play", Random(1), rate=1.0) == "pray"
    assert confusions.mishear("anna", Random(1), rate=1.0) == "a nun"
    assert "stop" in {confusions.mishear("stop it", Random(seed), rate=0.0) for seed in range(40)}


def test_a_word_that_was_never_misheard_becomes_one_like_it():
    """As alike in letters as any that is known; what is like none may be lost."""
    heard = {Confusions(PAIRS).mishear("sung", Random(seed), rate=1.0) for seed in range(30)}

    assert "song" in heard


def test_something_is_always_heard():
    """An utterance with nothing in it is no utterance."""
    confusions = Confusions([("a", "")])

    assert confusions.mishear("a", Random(1), rate=1.0) == "a"
    assert confusions.mishear("", Random(1), rate=1.0) == ""


def test_the_same_chance_mishears_the_same():
    """What is made can be made again."""
    confusions = Confusions(PAIRS)

    assert [confusions.mishear("play it anna", Random(3), rate=0.5) for _ in range(2)].count(
        confusions.mishear("play it anna", Random(3), rate=0.5)
    ) == 2
