"""Scores of links against a truth, by hand."""

from __future__ import annotations

import pytest

from rephrase.evaluate import average_precision, best_threshold, score_links
from resay.dialogue.label import RephraseLink
from tests.builders import BASE


def link(source: str, target: str, probability: float) -> RephraseLink:
    """A link of which only these matter here."""
    return RephraseLink(source, target, "c1", BASE, probability, 0, 1, "test/1")


FOUND = [link("a", "b", 0.9), link("b", "c", 0.6), link("c", "d", 0.4), link("d", "e", 0.2)]
TRUTH = {("a", "b"), ("c", "d"), ("x", "y")}


def test_precision_recall_and_f1_at_a_threshold():
    """Of three links from 0.4 two are right, of three true ones two are found."""
    score = score_links(FOUND, TRUTH, threshold=0.4)

    assert (score.found, score.true, score.right) == (3, 3, 2)
    assert (score.precision, score.recall, score.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))


def test_the_best_threshold_takes_links_of_one_probability_together():
    """0.4 has the best F1; links that are equally likely cannot be parted."""
    assert best_threshold(FOUND, TRUTH) == 0.4
    assert best_threshold([link("a", "b", 0.5), link("p", "q", 0.5)], {("a", "b")}) == 0.5


def test_average_precision_counts_what_was_never_found():
    """1/1 and 2/3 over three true links."""
    assert average_precision(FOUND, TRUTH) == pytest.approx((1 + 2 / 3) / 3)


def test_nothing_found_and_nothing_true_are_zero_not_faults():
    """Empty sides divide nothing."""
    score = score_links([], set(), threshold=0.5)

    assert (score.precision, score.recall, score.f1, average_precision([], set())) == (0.0, 0.0, 0.0, 0.0)
