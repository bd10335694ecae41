"""Exploration keeps its promises whatever comes."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from resay.label.explore import TURNS_BEFORE, Asked, Doubted, Explorer, answered_chance, chosen, worth_asking


def test_what_is_unsure_and_often_said_is_worth_most():
    """A half said ten times is worth more than a half said once, and more than a certainty said a hundred times."""
    turns = [Asked("often", "s", 0.5)] * 10 + [Asked("once", "s", 0.5)] + [Asked("sure", "s", 0.001)] * 100

    worth = worth_asking(turns)

    assert sorted(worth, key=worth.__getitem__, reverse=True) == ["often", "once", "sure"]


def test_what_is_risky_is_never_worth_asking():
    """Doors are not tried out: one risky turn of a wording is enough to leave it alone."""
    assert worth_asking([Asked("open it", "s", 0.5), Asked("open it", "s", 0.5, is_risky=True)]) == {}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(Asked, st.sampled_from("abc"), st.sampled_from("stuvwxyz"), st.floats(0, 1), st.booleans()), min_size=1, max_size=600
    )
)
def test_no_more_than_the_share_is_asked_and_no_session_twice(turns: list[Asked]):
    """After every turn the share holds; nobody is asked twice, nor about what is risky."""
    explorer = Explorer(worth_asking(turns) or {"a": 1.0}, share=0.05)
    sessions: Counter[str] = Counter()

    for turn in turns:
        if explorer.asks(turn):
            sessions[turn.session_id] += 1
            assert not turn.is_risky
        assert explorer.asked <= 0.05 * explorer.seen

    assert all(times == 1 for times in sessions.values())
    assert explorer.asked == sum(sessions.values())


def test_something_is_asked_once_there_is_traffic():
    """A wording of which nothing is known is asked about, and then others before it comes again."""
    explorer = Explorer({"a": 5.0}, share=0.01)
    turns = [Asked("a", f"s{place}", 0.5) for place in range(10 * TURNS_BEFORE)]

    asked = sum(explorer.asks(turn) for turn in turns)

    assert 1 <= asked <= 10


def test_answers_move_a_chance_the_more_of_them_there_are():
    """One answer moves it a little; twenty settle it."""
    assert 0.5 < answered_chance(0.5, failed=1, answers=1) < 0.7
    assert answered_chance(0.5, failed=20, answers=20) > 0.9


def test_on_live_traffic_the_chances_keep_to_the_share():
    """Of what is doubted most one turn in five is asked about, of what is sure none; what was asked before waits."""
    doubted = [Doubted("often", 30, 20.0), Doubted("once", 1, 1.0), Doubted("sure", 900, 30.0), Doubted("known", 40, 0.0)]

    chances = chosen(doubted, turns=1_000, share=0.01, asked={})

    assert chances == {"often": 1 / 5, "once": 1 / 5}
    assert chosen(doubted, turns=400, share=0.01, asked={}) == {"often": 4 / 30}
    assert list(chosen(doubted, turns=90, share=0.01, asked={"often": 99})) == ["once", "often"]
    assert chosen([], turns=0, share=0.01, asked={}) == {}
