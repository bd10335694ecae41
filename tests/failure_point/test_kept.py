"""Weights as bytes: near to what they were, and without what weighs nothing."""

from __future__ import annotations

import numpy as np

from failure_point.grams import BUCKETS
from failure_point.kept import as_kept, packed, unpacked


def _weights() -> np.ndarray:
    weights = np.zeros((BUCKETS + 1, 2), dtype=np.float32)
    weights[3], weights[9], weights[BUCKETS] = (1.0, -4.0), (0.01, 0.0), (-0.5, 2.0)
    return weights


def test_weights_come_back_within_half_a_step_of_their_class():
    """The largest of a class is whole, and another class's scale does not coarsen it."""
    back = as_kept(_weights())

    assert np.abs(back - _weights()).max(axis=0)[0] <= 0.5 / 127 + 1e-6
    assert (back[3] == _weights()[3]).all()


def test_slight_weights_and_their_buckets_are_left_out():
    """A bucket that weighs next to nothing takes no room where that is asked for."""
    kept = packed("heard", _weights(), slight=2)

    assert kept["heard_buckets"].tolist() == [3, BUCKETS]
    assert not unpacked(kept, "heard")[9].any()
