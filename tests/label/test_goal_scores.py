"""Scores of labels, on cases that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from resay.label.goal_scores import (
    auc,
    average_precision,
    best_threshold,
    boundary_f1,
    calibration_error,
    coverage,
    pk,
    slope_of,
    window_diff,
)


def test_ties_are_worth_half():
    """Of four pairs three are ordered right and one is tied."""
    truth, chances = [True, True, False, False], [0.9, 0.5, 0.5, 0.1]

    assert auc(truth, chances) == pytest.approx(3.5 / 4)


def test_one_kind_alone_has_no_order():
    """Nothing can be said where all turns are alike."""
    assert auc([True, True], [0.1, 0.9]) is None
    assert average_precision([False, False], [0.1, 0.9]) is None


def test_average_precision_takes_tied_turns_together():
    """Whoever gives all turns one chance has found nothing: the precision is the share."""
    assert average_precision([True, False, False, True], [0.5] * 4) == pytest.approx(0.5)
    assert average_precision([True, False, True], [0.9, 0.8, 0.7]) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_honest_chances_have_no_error():
    """A half that comes true half the time is honest; a certainty that does is not."""
    truth = [True, False] * 50

    assert calibration_error(truth, [0.5] * 100) == pytest.approx(0.0)
    assert calibration_error(truth, [1.0] * 100) == pytest.approx(0.5)


def test_coverage_counts_the_surest_labels_only():
    """Nineteen of twenty sure labels are right; the unsure ones behind them are not counted."""
    truth = [True] * 19 + [False] + [True, False] * 10
    chances = [0.99] * 20 + [0.51] * 20

    assert coverage(truth, chances) == pytest.approx(0.5, abs=0.06)
    assert coverage([False] * 4, [0.9] * 4) == 0.0


def test_the_threshold_with_the_highest_f1_is_found():
    """Above it stand the true ones, below it the rest."""
    assert best_threshold([True, True, False, False], [0.8, 0.6, 0.4, 0.2]) == pytest.approx(0.6)


def test_a_known_slope_is_found_again():
    """Truth drawn from the logistic of 2 · odds - 1 gives the slope back."""
    rng = np.random.default_rng(3)
    odds = rng.normal(size=20_000)
    truth = rng.random(20_000) < 1 / (1 + np.exp(-(2 * odds - 1)))

    a, b = slope_of(truth, odds)

    assert (a, b) == pytest.approx((2.0, -1.0), abs=0.1)


def test_a_perfect_cut_has_no_fault():
    """Where all boundaries are found nothing is wrong; where none is, what was cut is missed."""
    truth = [[True, False, False, True, False, False, True, False]]
    none = [[True] + [False] * 7]

    assert (pk(truth, truth), window_diff(truth, truth), boundary_f1(truth, truth)) == (0.0, 0.0, 1.0)
    assert boundary_f1(truth, none) == 0.0
    assert pk(truth, none) == pytest.approx(2 / 7)


def test_two_boundaries_for_one_are_a_fault_of_window_diff_alone():
    """Pk asks whether two turns are of one segment; WindowDiff how many boundaries lie between."""
    truth = [[True, False, False, True, False, False, False, False]]
    twice = [[True, False, False, True, True, False, False, False]]

    assert window_diff(truth, twice) > pk(truth, twice)
