"""Where talk ends, exactly: against arithmetic, against simulation, and within the laws of probability."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from markov.absorb import absorption, exits
from markov.chain import build_chain
from markov.group import Blocks
from tests.markov.test_chain import _MOVES, counted


def test_the_gamblers_ruin():
    """A fair walk over five states succeeds from state n with chance n/6: the textbook's answer."""
    walk = [(str(n), {0: "failure", 6: "success"}.get(n + step, str(n + step)), 1.0) for n in range(1, 6) for step in (-1, 1)]
    chain = build_chain(counted(*walk))

    b = absorption(chain).chances

    assert dict(zip(chain.states, b[:, 0].round(12), strict=True)) == pytest.approx({str(n): n / 6 for n in range(1, 6)})


def test_the_exit_state_is_the_last_one_before_success():
    """Half succeed by b at once; the other half fail at c, and half of those come to b."""
    chain = build_chain(counted(("a", "b", 1.0), ("a", "c", 1.0), ("b", "success", 1.0), ("c", "b", 1.0), ("c", "failure", 1.0)))
    places = chain.places()

    row = exits(chain, [places["a"]]).chances.toarray()[0]

    assert row[places["b"]] == pytest.approx(0.75)
    assert row[places["a"]] == row[places["c"]] == 0


def test_components_are_solved_apart_and_alike():
    """Cut into the smallest batches or solved at one go: the same numbers."""
    moves = [move for n in range(30) for move in ((f"a{n}", f"b{n}", 2.0), (f"b{n}", "success", n + 1.0), (f"a{n}", "failure", 1.0))]
    chain = build_chain(counted(*moves))
    sources = list(range(len(chain.states)))
    together, all_exits = absorption(chain), exits(chain, sources)
    small = Blocks(states=1, cells=1)

    assert np.allclose(absorption(chain, blocks=small).chances, together.chances)
    assert np.allclose(exits(chain, sources, blocks=small).chances.toarray(), all_exits.chances.toarray())


def test_known_probabilities_are_found_again():
    """Truth first: twenty thousand simulated talks through a known chain give back its exit probabilities."""
    names = ["a", "b", "c", "success", "failure"]
    truth = np.array([[0, 0.5, 0.2, 0.1, 0.2], [0.1, 0, 0.3, 0.5, 0.1], [0, 0.2, 0, 0.2, 0.6]])
    rng = np.random.default_rng(7)
    steps: dict[tuple[str, str], float] = {}
    last = {name: 0 for name in names[:3]}
    for _ in range(20_000):
        at = 0
        while at < 3:
            to = int(rng.choice(5, p=truth[at]))
            steps[(names[at], names[to])] = steps.get((names[at], names[to]), 0.0) + 1
            if to == 3:
                last[names[at]] += 1
            at = to

    chain = build_chain(counted(*((source, target, weight) for (source, target), weight in steps.items())))

    places = chain.places()
    found = exits(chain, [places["a"]]).chances.toarray()[0]
    known = np.linalg.inv(np.eye(3) - truth[:, :3])[0] * truth[:, 3]
    for number, name in enumerate("abc"):
        assert found[places[name]] == pytest.approx(known[number], abs=0.02)
        assert found[places[name]] == pytest.approx(last[name] / 20_000, abs=1e-9)


@given(_MOVES)
def test_absorption_is_a_probability(moves):
    """B lies between 0 and 1, and its rows sum to one: talk ends, one way or the other."""
    chain = build_chain(counted(*moves))

    b = absorption(chain).chances

    assert ((b >= 0) & (b <= 1)).all()
    assert np.allclose(b.sum(axis=1), 1.0)


@given(_MOVES, st.data())
def test_exits_add_up_to_success(moves, data):
    """Whoever succeeds does so from exactly one last state."""
    chain = build_chain(counted(*moves))
    sources = data.draw(st.lists(st.sampled_from(range(len(chain.states))), max_size=6)) if chain.states else []

    rows = exits(chain, sources).chances

    assert rows.shape == (len(sources), len(chain.states))
    assert np.allclose(np.asarray(rows.sum(axis=1)).ravel(), absorption(chain).chances[sources, 0] if sources else [])
