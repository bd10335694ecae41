"""A part is whole by itself: sent elsewhere as bytes and solved there, it comes to the very same numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from markov.absorb import exits
from markov.chain import build_chain
from markov.cut import Cut
from markov.group import Blocks
from markov.part_bytes import decode_part, decode_solved, encode_part, solve_bytes
from tests.markov.test_chain import _MOVES, counted


@given(moves=_MOVES, states_max=st.sampled_from([1, 100]))
def test_parts_solved_elsewhere_and_in_any_order_come_to_the_same(moves, states_max):
    """To the bit, cut or not."""
    chain = build_chain(counted(*moves))
    sources, blocks = list(range(len(chain.states))), Blocks(states=1, sources=2, cut=Cut(states_max=states_max))

    def elsewhere(parts):
        return [decode_solved(solve_bytes(raw)) for raw in reversed([encode_part(part) for part in parts])]

    here, there = exits(chain, sources, blocks=blocks), exits(chain, sources, solve=elsewhere, blocks=blocks)

    assert np.array_equal(there.chances.toarray(), here.chances.toarray())
    assert np.array_equal(there.unknown, here.unknown)
    assert there.states_cut == here.states_cut


def test_bytes_that_would_run_something_are_refused():
    """What comes from elsewhere is numbers and nothing else."""
    raw = np.array([print], dtype=object).dumps()

    with pytest.raises(ValueError, match="pickle"):
        decode_part(raw)
