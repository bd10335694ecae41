"""Signs: what tells of trouble in any talk, and how log odds lean on it."""

from __future__ import annotations

import numpy as np
import pytest

from resay.label.goal_features import FEATURES
from resay.label.goal_model import ANSWERS, leant
from resay.label.goal_signs import ODDS_MAX, SIGNS, scale_of, trouble

SCALE = dict.fromkeys(SIGNS, (0.0, 1.0))


def _numbers(**known: float) -> np.ndarray:
    numbers = np.full((1, len(FEATURES)), np.nan, dtype=np.float32)
    for name, number in known.items():
        numbers[0, FEATURES.index(name)] = number
    return numbers


def test_apologies_and_repeats_are_trouble_and_thanks_are_none():
    """What is not known counts for nothing."""
    told = [float(trouble(_numbers(**known), SCALE)[0]) for known in ({"answer_apology": 1.0}, {}, {"said_thanks": 1.0})]

    assert told[0] > told[1] == 0.0 > told[2]


def test_one_sign_however_strange_does_not_drown_the_others():
    """A number far from all that was met counts no more than one that is four spreads away."""
    far, farther = (float(trouble(_numbers(answer_apology=number), SCALE)[0]) for number in (4.1, 400.0))

    assert far == pytest.approx(farther)


def test_the_scale_is_that_of_what_is_known():
    """Turns of which a number is not known do not move its mean."""
    numbers = np.concatenate([_numbers(answer_apology=1.0), _numbers(answer_apology=3.0), _numbers()])

    assert scale_of([numbers])["answer_apology"] == (2.0, 1.0)


def test_defects_lean_towards_trouble_and_success_away_from_it():
    """What else is answered stays as it was, and odds that are far too sure count no more than they may."""
    odds = np.array([[1.0, 0.0, -9.0, 1.0]], dtype=np.float32)

    plain, troubled = (dict(zip(ANSWERS, leant(odds, _numbers(**known), SCALE)[0], strict=True)) for known in ({}, {"answer_apology": 2.0}))

    assert troubled["defect"] > plain["defect"] == -ODDS_MAX
    assert troubled["reached"] < plain["reached"]
    assert (troubled["begins"], troubled["well"]) == (1.0, 1.0)
    assert leant(odds, _numbers(), {}) is odds
