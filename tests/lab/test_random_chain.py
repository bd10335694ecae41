"""Random chains are chains, and talk that is drawn from them has their parameters."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest

from resay.lab.random_chain import RandomChain, Walked, draw_segments, random_chain, talk_of


@pytest.mark.parametrize("size", [2, 6, 60])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rows_sum_to_one_and_talk_ends(size: int, seed: int):
    """From every state; success is a chance, and exits add up to it."""
    chain = random_chain(size, seed)

    assert chain.moves.sum(axis=1) + chain.ends.sum(axis=1) == pytest.approx(np.ones(size))
    assert chain.moves.min() >= 0
    assert chain.ends.min() >= 0
    assert ((chain.success() > 0) & (chain.success() < 1)).all()
    assert chain.exits().sum(axis=1) == pytest.approx(chain.success())


def test_large_chains_have_cycles_and_self_loops_and_a_heavy_tail():
    """Or finding them again would prove little."""
    chain = random_chain(60, 7)

    assert (np.diag(chain.moves) > 0).sum() > 10
    assert (np.diag(np.linalg.matrix_power(chain.moves - np.diag(np.diag(chain.moves)), 3)) > 0).any()
    assert chain.starts.max() > 20 * chain.starts.min()
    assert 0 < chain.is_read.sum() < 60


def test_talk_goes_as_often_as_the_chain_says():
    """From the state that is said most, over twenty thousand segments."""
    chain = random_chain(6, 7)
    turns = [
        (one, two) for segment in draw_segments(chain, 20_000, Random(7)) for one, two in zip(segment, [*segment[1:], None], strict=True)
    ]
    state = Counter(one.state for one, _ in turns).most_common(1)[0][0]

    gone = Counter(two.state for one, two in turns if one.state == state and one.outcome != "censored" and two and two.is_again)
    ended = Counter(one.outcome for one, two in turns if one.state == state and one.outcome != "censored" and not (two and two.is_again))

    total = gone.total() + ended.total()
    assert [gone[other] / total for other in range(6)] == pytest.approx(chain.moves[state], abs=0.02)
    assert [ended["success"] / total, ended["failure"] / total] == pytest.approx(chain.ends[state], abs=0.02)


def test_links_are_right_as_often_as_they_say():
    """Over all turns: of those that a detector gives a chance of about 0.8, about 0.8 say it again."""
    chain = random_chain(60, 7)
    segments = draw_segments(chain, 20_000, Random(7))
    again = [each.is_again for segment in segments for each in segment[1:]]
    links = talk_of(chain, segments, customers=50, is_sure=False, rng=Random(8)).links

    for lo, hi in ((0.1, 0.3), (0.4, 0.6), (0.7, 0.9)):
        some = [(link.probability, true) for link, true in zip(links, again, strict=True) if lo < link.probability < hi]
        assert sum(true for _, true in some) / len(some) == pytest.approx(sum(told for told, _ in some) / len(some), abs=0.04)


def test_certain_links_are_of_what_is_said_again():
    """What else is said in the same segment has a link of no chance."""
    chain = RandomChain(np.zeros((1, 1)), np.array([[1.0, 0.0]]), np.ones(1), np.array([True]))
    segment = [Walked(0, "failure", False), Walked(0, "success", True), Walked(0, "success", False)]

    talk = talk_of(chain, [segment], customers=1, is_sure=True, rng=Random(1))

    assert [each.probability for each in talk.links] == [1.0, 0.0]
    assert [each.segment for each in talk.turns] == ["hello.c0", "0", "0", "0"]
    assert talk.turns[0].at < talk.turns[1].at
