"""Evidence in words: whatever the model can name has a meaning, and values are as people count."""

from __future__ import annotations

import math

import pytest

from failure_point.evidence_words import LIKE, MEANS, READING, WORDING, gram_told, value_of
from failure_point.features import NAMES
from failure_point.grams import VIEWS


def test_all_that_can_be_told_has_a_meaning_of_its_own():
    """No name without words, no words for a name that is gone, and no two names with the same words."""
    assert set(MEANS) == {*NAMES, LIKE, READING, WORDING, *(f"words {view}" for view in VIEWS)}
    assert len(set(MEANS.values())) == len(MEANS)
    assert not [words for words in MEANS.values() if "_" in words]


@pytest.mark.parametrize(
    ("what", "seen", "told"),
    [
        ("gap", math.log1p(6.0), 6.0),
        ("traffic_same", math.log1p(12), 12.0),
        ("traffic_oftener_by", math.log(3), 3.0),
        ("status", 2.0, "unsupported"),
        ("score", 0.41237, 0.4124),
    ],
)
def test_values_are_seconds_customers_times_and_words(what: str, seen: float, told: float | str):
    """What the trees see as a logarithm or a place in a list is told as people count it."""
    assert value_of(what, seen) == told


@pytest.mark.parametrize(
    ("gram", "told"),
    [
        ("w lamp", "“lamp”"),
        ("w the lamp", "“the lamp”"),
        ("w ^ turn", "begins with “turn”"),
        ("w off $", "ends with “off”"),
        ("intent LampOn", "intent LampOn"),
    ],
)
def test_words_are_told_in_quotes(gram: str, told: str):
    """With where they stand, and without the signs by which grams are told apart."""
    assert gram_told(gram) == told
