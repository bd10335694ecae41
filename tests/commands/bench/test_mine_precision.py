"""Average precision by hand."""

from __future__ import annotations

import pytest

from resay.commands.bench.mine_precision import Night, average_precision, mean_precision, together

ALL = {0: 1, 1: 1, 2: 1}


def night(*scored: tuple[float, int, bool]) -> Night:
    """A table for three wishes, each of which wants one rewrite."""
    return Night(tuple((score, f"wish {number}", number, right) for score, number, right in scored), {0: 1, 1: 1, 2: 1})


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (night((0.9, 0, True), (0.8, 1, True), (0.7, 2, True)), 1.0),
        (night((0.9, 0, True)), 1 / 3),
        (night((0.9, 0, False), (0.8, 1, True)), (1 / 2) / 3),
        (night((0.8, 0, False), (0.9, 1, True)), 1 / 3),
        (night(), 0.0),
    ],
)
def test_what_is_missing_and_what_is_wrong_costs(table: Night, expected: float):
    """Precision at each right rewrite, by falling score, over all that are wanted."""
    assert average_precision(table, ALL) == pytest.approx(expected)


def test_where_nothing_is_wanted_nothing_can_be_told():
    """Neither one nor zero."""
    assert average_precision(Night((), {}), ALL) is None
    assert mean_precision([Night((), {})], [(0.0,)]) is None


def test_a_wish_that_is_drawn_twice_counts_twice():
    """As intervals draw wishes."""
    assert average_precision(night((0.9, 0, True), (0.8, 1, False)), {0: 2, 1: 1}) == pytest.approx(2 / 3)


def test_tables_of_two_worlds_are_one_ranking():
    """Wishes of the second are others; what is wrong in one stands before what is right in the other where its score is higher."""
    both = together([night((0.9, 0, True)), night((0.95, 0, False), (0.5, 2, True))], 3)

    assert both.scored == ((0.95, "wish 0", 3, False), (0.9, "wish 0", 0, True), (0.5, "wish 2", 5, True))
    assert both.wanted == dict.fromkeys(range(6), 1)
    assert average_precision(both, dict.fromkeys(range(6), 1)) == pytest.approx((1 / 2 + 2 / 3) / 6)
