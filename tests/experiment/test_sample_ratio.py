"""The sample-ratio check: a martingale under the planned shares, by hand; it voids what is broken, soon, and seldom what is sound."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.experiment.sample_ratio import SampleRatio, sample_ratio


@given(st.lists(st.integers(0, 300), min_size=3, max_size=3))
def test_one_more_customer_brings_nothing_on_average(sizes: list[int]):
    """Drawn by the planned shares: the mean of the evidence over who comes next is the evidence of now."""
    shares = (0.1, 0.3, 0.6)

    mean = sum(share * sample_ratio([*sizes[:arm], sizes[arm] + 1, *sizes[arm + 1 :]], shares).e_value for arm, share in enumerate(shares))

    assert mean == pytest.approx(sample_ratio(sizes, shares).e_value, rel=1e-6)


def test_the_evidence_of_a_few_is_that_reckoned_by_hand():
    """Nobody: one. One: one. Two in the same half: 2 · 51/101; one in each: 2 · 50/101."""
    halves = (0.5, 0.5)

    assert sample_ratio((0, 0), halves).e_value == pytest.approx(1)
    assert sample_ratio((1, 0), halves).e_value == pytest.approx(1)
    assert sample_ratio((2, 0), halves).e_value == pytest.approx(2 * 51 / 101)
    assert sample_ratio((1, 1), halves).e_value == pytest.approx(2 * 50 / 101)


def test_a_result_is_void_from_a_thousand_to_one_on():
    """At just that it is; and the p-value is its inverse, at most one."""
    assert SampleRatio(1_000.0).mismatch
    assert not SampleRatio(999.0).mismatch
    assert SampleRatio(20.0, alpha=0.05).mismatch
    assert SampleRatio(50.0).p_value == 0.02
    assert SampleRatio(0.5).p_value == 1


def test_what_is_wholly_broken_is_infinitely_so():
    """A million customers in one arm and none in the other: no overflow, and void."""
    found = sample_ratio((1_000_000, 0), (0.5, 0.5))

    assert found.e_value == math.inf
    assert found.mismatch
    assert found.p_value == 0
    assert 1 < sample_ratio((1_000, 0), (0.5, 0.5)).e_value < math.inf


def test_sound_experiments_are_hardly_ever_void_and_lost_logs_are_found():
    """Two thousand customers, looked at after every hundred: two hundred sound ones, and twenty that lose three in ten of an arm."""
    rng = Random(2)

    def voided(kept: float) -> bool:
        sizes = [0, 0]
        for number in range(2_000):
            arm = rng.getrandbits(1)
            sizes[arm] += arm == 0 or rng.random() < kept
            if number % 100 == 99 and sample_ratio(sizes, (0.5, 0.5)).mismatch:
                return True
        return False

    assert sum(voided(1.0) for _ in range(200)) <= 2
    assert all(voided(0.7) for _ in range(20))


@pytest.mark.parametrize(("sizes", "shares"), [((1,), (1.0,)), ((1, 2), (0.5, 0.4)), ((1, 2), (0.2, 0.3, 0.5))])
def test_sizes_and_shares_must_belong_together(sizes: tuple[int, ...], shares: tuple[float, ...]):
    """Two arms or more, a share for each, which come to one."""
    with pytest.raises(AssertionError):
        sample_ratio(sizes, shares)
