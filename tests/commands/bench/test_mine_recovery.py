"""Held against the truth: a chain that is right has no error, one that is wrong has its own; and what was drawn is found again."""

from __future__ import annotations

from random import Random

import numpy as np
import pyarrow as pa
import pytest

from markov.chain import Chain, build_chain
from resay.commands.bench.mine_recovery import AS_SHIPPED, credible, held_against, met_of, recovered
from resay.lab.random_chain import RandomChain, Walked, draw_segments, random_chain

TRUE = RandomChain(
    moves=np.array([[0.2, 0.6], [0.0, 0.0]]),
    ends=np.array([[0.05, 0.15], [0.9, 0.1]]),
    starts=np.array([0.5, 0.5]),
    is_read=np.array([False, True]),
)
"""Words that nobody reads, which are said again in a fifth, and lead to a state that mostly works in three."""

FIRST, SECOND = "?|words 0|", "light|state_1|"


def learnt(*weights: tuple[str, str, float]) -> Chain:
    """A chain of these weights."""
    sources, targets, by = zip(*weights, strict=True)
    return build_chain(pa.table({"source": sources, "target": targets, "weight": pa.array(by, pa.float64())}))


EXACT = [(FIRST, SECOND, 60.0), (FIRST, "success", 5.0), (FIRST, "failure", 15.0), (SECOND, "success", 90.0), (SECOND, "failure", 10.0)]


def test_what_is_right_has_no_error():
    """Self-loops are none: of 0.8 a sixteenth succeeds, and three quarters go on, of which 0.9 succeed."""
    found = list(held_against(TRUE, learnt(*EXACT), {0: 80, 1: 100}))

    assert TRUE.success() == pytest.approx([0.7375, 0.9])
    assert [(each.success_error, each.exit_error) for each in found] == [pytest.approx((0, 0), abs=1e-12)] * 2
    assert [each.is_covered for each in found] == [True, True]


def test_what_is_wrong_has_an_error_where_it_is_wrong():
    """One state too good by a tenth is a tenth, and for who comes there by three quarters it is three quarters of that."""
    wrong = [*EXACT[:3], (SECOND, "success", 1000.0)]

    found = list(held_against(TRUE, learnt(*wrong), {0: 80, 1: 1000}))

    assert [each.success_error for each in found] == pytest.approx([0.075, 0.1])
    assert [each.is_covered for each in found] == [True, False]


def test_a_state_that_nothing_is_known_of_is_told_as_such():
    """All that was seen of it was cut short."""
    (found, _) = held_against(TRUE, learnt(*EXACT[3:]), {0: 1, 1: 100})

    assert (found.met, found.success_error, found.exit_error, found.is_covered) == (1, None, None, None)


def test_the_credible_interval_is_of_ninety_five_percent():
    """Beta(91, 11) for ninety of a hundred."""
    chain = learnt(*EXACT)

    assert credible(chain, chain.places()[SECOND]) == pytest.approx((0.826, 0.944), abs=0.001)


def test_states_are_met_as_often_as_there_are_turns():
    """Whatever came of them."""
    segments = [[Walked(0, "failure", False), Walked(1, "success", True)], [Walked(1, "censored", False)]]

    assert met_of(segments) == {0: 1, 1: 2}


def test_a_small_chain_is_found_again():
    """States that were met three hundred times are within six hundredths, and nearly all intervals hold the truth."""
    chain = random_chain(6, 3)
    walked = draw_segments(chain, 2000, Random(3))

    found = recovered(chain, walked, is_sure=True, bar=AS_SHIPPED, rng=Random(3))

    often = [each for each in found if each.met >= 300]
    assert len(often) >= 3
    assert max(each.success_error or 0.0 for each in often) < 0.06
    assert sum(bool(each.is_covered) for each in often) >= len(often) - 1
