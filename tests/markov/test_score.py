"""Thin evidence gives low bounds; more of the same evidence gives higher ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markov.score import both, bound_below, chance, gain_below

_counts = st.floats(0, 1000)


def test_ten_of_ten_promise_three_quarters():
    """The exact quantile: 0.05 to the power of 1/11."""
    assert bound_below(10, 0, confidence=0.95) == pytest.approx(0.05 ** (1 / 11))


def test_one_of_one_promises_little():
    """One success is no reason to speak for a customer."""
    assert bound_below(1, 0, confidence=0.95) < 0.25


def test_nothing_is_gained_by_going_from_like_to_like():
    """Two wordings that do as well: the bound lies below zero, by what is not known of either."""
    same = chance(30, 10)

    assert gain_below(same, same, confidence=0.95) < 0


@given(_counts, _counts, st.floats(1, 100))
def test_more_success_is_never_worse(successes, failures, more):
    """A further success raises the bound."""
    before = bound_below(successes, failures, confidence=0.95)

    assert bound_below(successes + more, failures, confidence=0.95) > before


@given(_counts, _counts, _counts, _counts)
def test_two_things_are_at_most_as_likely_as_either(a, b, c, d):
    """The chance of both is no higher than of one, and its variance is not negative."""
    one, other = chance(a, b), chance(c, d)

    joint = both(one, other)

    assert joint.mean <= min(one.mean, other.mean)
    assert joint.variance >= 0
