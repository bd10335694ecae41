"""What is too large to be solved exactly is cut, and the error is never larger than what the answer says."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from markov.absorb import absorption, exits
from markov.candidate import Bar, Declined
from markov.chain import build_chain
from markov.cut import CUT, Cut
from markov.duckdb_engine import DuckDBEngine
from markov.group import Blocks, groups_of
from markov.mine import Mined, mine
from resay.store.lake import Lake
from tests.markov.talk import Log, Said, fill, names, planted, rephrased
from tests.markov.test_chain import counted

ROUNDING = 1e-9
"""Doubles carry sixteen digits; factors of small chains lose a few of them."""


@st.composite
def _moves(draw: st.DrawFn) -> list[tuple[str, str, float]]:
    """Up to eight states, each with steps to some of the others and to both ends: many circles, some that are hard to leave."""
    states = "abcdefgh"[: draw(st.integers(1, 8))]
    ends = [*states, "success", "failure"]
    rows = {state: draw(st.lists(st.sampled_from([0.0, 0.0, 0.001, 1.0, 9.0]), min_size=len(ends), max_size=len(ends))) for state in states}
    return [(state, end, weight) for state, weights in rows.items() for end, weight in zip(ends, weights, strict=True) if weight]


_CUTS = st.builds(
    Cut,
    states_max=st.integers(1, 4),
    chance_min=st.sampled_from([0.0, 1e-6, 1e-3, 0.05, 0.3, 0.9]),
    tries_max=st.integers(1, 9),
    rounds_max=st.integers(1, 9),
    abreast=st.integers(1, 4),
)
EXACTLY = Blocks()
"""None of the chains here is as large as is cut."""


def cut(**changes: float) -> Blocks:
    """All components are cut that have two states."""
    return Blocks(cut=Cut(**{"states_max": 1, **changes}))  # type: ignore[arg-type]


@given(moves=_moves(), limits=_CUTS)
def test_exits_are_never_further_off_than_is_said(moves, limits):
    """The truth of every cell, and of every row as a whole, lies between what stands there and as much more as is unknown."""
    chain = build_chain(counted(*moves))
    sources = list(range(len(chain.states)))

    found = exits(chain, sources, blocks=Blocks(cut=limits))

    low, truth = found.chances.toarray(), exits(chain, sources, blocks=EXACTLY).chances.toarray()
    assert (low <= truth + ROUNDING).all()
    assert (truth.sum(axis=1) <= low.sum(axis=1) + found.unknown + ROUNDING).all()
    assert (found.unknown >= 0).all()


@given(moves=_moves(), limits=_CUTS)
def test_absorption_is_never_further_off_than_is_said(moves, limits):
    """Both chances lie between what stands there and as much more as is missing to one."""
    chain = build_chain(counted(*moves))

    found = absorption(chain, blocks=Blocks(cut=limits))

    truth = absorption(chain, blocks=EXACTLY).chances
    assert (found.chances <= truth + ROUNDING).all()
    assert (truth <= found.chances + found.unknown[:, None] + ROUNDING).all()
    assert np.allclose(found.chances.sum(axis=1) + found.unknown, 1.0)


@given(moves=_moves(), limits=_CUTS)
def test_where_nothing_is_cut_nothing_is_unknown(moves, limits):
    """Components within the limit are solved exactly, whatever stands beside them: the very same numbers, and zero unknown."""
    chain = build_chain(counted(*moves))
    sources, blocks = list(range(len(chain.states))), Blocks(cut=limits)

    found, ended = exits(chain, sources, blocks=blocks), absorption(chain, blocks=blocks)

    huge = {int(state) for group in groups_of(chain, blocks=blocks) if group.cut for state in group.states}
    small = [state for state in sources if state not in huge]
    assert found.states_cut == len(huge)
    assert not found.unknown[small].any()
    assert not ended.unknown[small].any()
    truth = exits(chain, sources, blocks=EXACTLY).chances
    assert np.allclose(found.chances[small].toarray(), truth[small].toarray(), rtol=0, atol=ROUNDING)


def test_only_components_above_the_limit_are_cut():
    """Three states are one too many for two; the pair beside them is solved exactly, and both keep their names."""
    moves = [("a", "b", 1.0), ("b", "c", 1.0), ("c", "success", 1.0), ("x", "y", 1.0), ("y", "success", 1.0)]
    chain = build_chain(counted(*moves))

    groups = list(groups_of(chain, blocks=cut(states_max=2)))

    assert [({chain.states[state] for state in group.states}, group.cut is not None) for group in groups] == [
        ({"a", "b", "c"}, True),
        ({"x", "y"}, False),
    ]


def test_a_branch_below_the_threshold_is_unknown_and_not_lost():
    """One in ten goes on to b and succeeds there: dropped, and told; the rest is known."""
    chain = build_chain(counted(("a", "success", 9.0), ("a", "b", 1.0), ("b", "success", 1.0)))

    found = exits(chain, [chain.places()["a"]], blocks=cut(chance_min=0.2))

    assert found.chances.toarray()[0].tolist() == pytest.approx([0.9, 0.0])
    assert found.unknown == pytest.approx([0.1])


def test_what_is_known_to_fail_is_not_unknown():
    """The branch that is dropped fails for certain, so that nothing is missing from success."""
    chain = build_chain(counted(("a", "success", 9.0), ("a", "b", 1.0), ("b", "failure", 1.0)))

    found = exits(chain, [chain.places()["a"]], blocks=cut(chance_min=0.2))

    assert found.unknown == pytest.approx([0.0])


def test_talk_that_goes_in_circles_for_long_stays_unknown():
    """One in a thousand leaves the circle at each step: what is not followed to its end is told."""
    moves = [("a", "b", 999.0), ("b", "a", 999.0), ("a", "success", 1.0), ("b", "failure", 1.0)]
    chain = build_chain(counted(*moves))

    found, ended = exits(chain, [0], blocks=cut(tries_max=64, rounds_max=64)), absorption(chain, blocks=cut(rounds_max=64))

    assert 0.8 < found.unknown[0] < 1.0
    assert 0.8 < ended.unknown.max() < 1.0


def test_sources_may_stand_twice_and_in_any_order():
    """Rows follow what was asked, walk by walk and part by part."""
    moves = [("a", "b", 1.0), ("a", "failure", 1.0), ("b", "success", 1.0), ("c", "b", 1.0)]
    chain = build_chain(counted(*moves))
    asked = [2, 0, 1, 0, 2]

    found = exits(chain, asked, blocks=Blocks(sources=2, cut=Cut(states_max=1, abreast=1)))

    assert np.allclose(found.chances.toarray(), exits(chain, [0, 1, 2]).chances.toarray()[asked])


def test_the_largest_that_is_solved_exactly_is_as_large_as_is_said():
    """A chain of that many states is solved to its end; with one more it is cut, and still known to a thousandth."""
    for size, is_cut in ((CUT.states_max, False), (CUT.states_max + 1, True)):
        steps = [(f"s{number:06}", f"s{number + 1:06}", 1.0) for number in range(size - 1)]
        ends = [(f"s{number:06}", "success", 1.0) for number in range(size)]
        chain = build_chain(counted(*steps, *ends))

        found = exits(chain, [0])

        assert found.states_cut == (size if is_cut else 0)
        assert found.chances.sum() == pytest.approx(1.0, abs=1e-3)
        assert (found.unknown[0] > 0) == is_cut


def mined(folder: Path, log: Log, blocks: Blocks) -> Mined:
    """What the miner makes of a log with these limits."""
    with fill(Lake(folder), log).connect() as connection:
        return mine(DuckDBEngine(connection, blocks), Bar())


def test_nothing_is_proposed_on_what_was_cut(tmp_path: Path):
    """What may be the case beyond the cut counts against a rewrite: with half of the success unknown there is none, and it is said."""
    log = planted(customers=names(12))

    known, cut_off = mined(tmp_path / "known", log, EXACTLY), mined(tmp_path / "cut", log, cut(chance_min=0.99))

    assert (len(known.rewrites), known.states_cut, known.unknown_max) == (1, 0, 0.0)
    assert (cut_off.rewrites, dict(cut_off.declined)) == ((), {Declined.NO_WORDING: 1})
    assert cut_off.states_cut >= 2
    assert cut_off.unknown_max > 0.5


def test_a_cut_that_drops_nothing_mines_the_same(tmp_path: Path):
    """Followed to its end, talk is the same as solved."""
    log = planted(customers=names(12))

    known, cut_off = mined(tmp_path / "known", log, EXACTLY), mined(tmp_path / "cut", log, cut())

    assert [each.rewrite_id for each in cut_off.rewrites] == [each.rewrite_id for each in known.rewrites]
    assert cut_off.rewrites[0].score == pytest.approx(known.rewrites[0].score, abs=cut_off.unknown_max + ROUNDING)


def test_the_share_of_a_candidate_is_a_lower_bound(tmp_path: Path):
    """A third of the talk after the source goes a way that is cut off: it counts as success by other means."""
    log = planted(customers=names(24))
    for number, customer in enumerate(names(12)):
        first = Said(customer, 20_000 + 100 * number, "lamp on now", None, "failure")
        middle = [Said(customer, first.at + 10 + step, f"mumble {step}", None, "failure") for step in range(6)]
        log += rephrased(first, *middle, Said(customer, first.at + 60, "play jazz", "music|play|"))

    known, cut_off = mined(tmp_path / "known", log, EXACTLY), mined(tmp_path / "cut", log, cut(tries_max=2))

    def share(each: Mined) -> float:
        return max(weighed.candidate.share for weighed in each.weighed if weighed.candidate.wording == "turn on the lamp")

    assert cut_off.unknown_max > 0
    assert share(cut_off) <= share(known) + ROUNDING
