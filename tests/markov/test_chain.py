"""Counted transitions become a chain whose rows are probabilities, whatever was counted."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from markov.chain import Chain, build_chain

_STATES = st.sampled_from(["a", "b", "c", "d", "success", "failure"])
_MOVES = st.lists(st.tuples(_STATES.filter(lambda state: state in "abcd"), _STATES, st.floats(0.01, 5)), max_size=25)


def counted(*moves: tuple[str, str, float]) -> pa.Table:
    """A table of transitions."""
    sources, targets, weights = zip(*moves, strict=True) if moves else ((), (), ())
    return pa.table(
        {
            "source": pa.array(sources, pa.string()),
            "target": pa.array(targets, pa.string()),
            "weight": pa.array(weights, pa.float64()),
        }
    )


def chance(chain: Chain, source: str, target: str) -> float:
    """P from one state to another."""
    places = chain.places()
    if target in ("success", "failure"):
        return float(chain.r[places[source], ("success", "failure").index(target)])
    return float(chain.q.toarray()[places[source], places[target]])


def test_weights_become_shares_of_their_row():
    """Three of four go on, one fails."""
    chain = build_chain(counted(("a", "b", 3.0), ("a", "failure", 1.0), ("b", "success", 2.0)))

    assert chance(chain, "a", "b") == 0.75
    assert chance(chain, "a", "failure") == 0.25
    assert chance(chain, "b", "success") == 1.0


def test_a_self_loop_is_no_step():
    """Saying it again in the same words leaves the other shares as they are."""
    chain = build_chain(counted(("a", "a", 7.0), ("a", "success", 1.0), ("a", "failure", 1.0)))

    assert chance(chain, "a", "success") == 0.5
    assert chain.q.nnz == 0


def test_states_that_never_end_are_lost_and_have_no_say():
    """Talk that only goes in circles is censored: the step into the circle does not count either."""
    chain = build_chain(counted(("a", "b", 9.0), ("b", "c", 1.0), ("c", "b", 1.0), ("a", "success", 1.0)))

    assert chain.states == ("a",)
    assert chain.lost == ("b", "c")
    assert chance(chain, "a", "success") == 1.0


@pytest.mark.parametrize("moves", [(), (("a", "a", 1.0),), (("a", "b", 1.0), ("b", "a", 1.0))], ids=["nothing", "self-loop", "cycle"])
def test_a_chain_without_ends_is_empty(moves):
    """No absorbing state is ever reached: an empty chain that says what was lost, and no crash."""
    chain = build_chain(counted(*moves))

    assert chain.states == ()
    assert set(chain.lost) == {state for move in moves for state in move[:2]}


@given(_MOVES)
def test_rows_sum_to_one(moves):
    """Every state that is kept leads somewhere with certainty."""
    chain = build_chain(counted(*moves))

    rows = np.asarray(chain.q.sum(axis=1)).ravel() + chain.r.sum(axis=1)

    assert np.allclose(rows, 1.0)
    assert not chain.q.diagonal().any()


@given(_MOVES, st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(moves, random):
    """The same transitions in another order are the same chain."""
    shuffled = random.sample(moves, len(moves))

    one, other = build_chain(counted(*moves)), build_chain(counted(*shuffled))

    assert (one.states, one.lost) == (other.states, other.lost)
    assert np.allclose(one.q.toarray(), other.q.toarray())
    assert np.allclose(one.r, other.r)
