"""Sessions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.dialogue.session import SESSION_TURNS_MAX, DisorderedTurns, sessionize, silence_between
from tests.builders import BASE, turn


def lengths(*turns: object, gap: float = 45) -> list[int]:
    """How many turns each session has."""
    return [len(session.turns) for session in sessionize(turns, gap=timedelta(seconds=gap))]  # type: ignore[arg-type]


def test_a_long_silence_ends_the_session():
    """Turns further apart than the gap belong to two sessions; turns exactly that far apart to one."""
    assert lengths(turn(at=0), turn(at=46)) == [1, 1]
    assert lengths(turn(at=0), turn(at=45)) == [2]


def test_silence_begins_where_the_answer_ends():
    """A long answer is no silence."""
    spoken = turn(at=0, ended_at=BASE + timedelta(seconds=60))

    assert silence_between(spoken, turn(at=100)) == timedelta(seconds=40)
    assert lengths(spoken, turn(at=100)) == [2]


def test_an_end_before_the_beginning_is_not_believed():
    """A clock that runs backwards does not lengthen the silence."""
    assert silence_between(turn(at=10, ended_at=BASE), turn(at=20)) == timedelta(seconds=10)


def test_speaking_over_the_answer_is_no_negative_silence():
    """The next turn may begin before the last one is over."""
    assert silence_between(turn(at=0, ended_at=BASE + timedelta(seconds=9)), turn(at=4)) == timedelta(0)


def test_customers_do_not_share_sessions():
    """Another customer is another session, however close in time."""
    assert lengths(turn(at=0, customer="c1"), turn(at=1, customer="c2")) == [1, 1]


def test_the_assistant_may_end_a_session_itself():
    """Where both turns name a session and it differs, it is another one; where one names none, time decides."""
    assert lengths(turn(at=0, session_id="s1"), turn(at=1, session_id="s2")) == [1, 1]
    assert lengths(turn(at=0, session_id="s1"), turn(at=1)) == [2]


def test_a_session_has_a_limit():
    """A stuck device is cut into sessions that fit into memory."""
    assert lengths(*(turn(at=second) for second in range(SESSION_TURNS_MAX + 1))) == [SESSION_TURNS_MAX, 1]


def test_turns_that_go_back_in_time_are_an_error_that_says_so():
    """Sessions are cut from event time, so the reader must have sorted."""
    with pytest.raises(DisorderedTurns, match="were they sorted by customer and time"):
        lengths(turn(at=1), turn(at=0))


@given(st.lists(st.tuples(st.sampled_from(["c1", "c2"]), st.integers(0, 500)), max_size=20).map(sorted))
def test_sessionizing_twice_changes_nothing(moments: list[tuple[str, int]]):
    """No turn is lost or moved, and cutting a session again leaves it whole."""
    turns = [turn(at=second, customer=customer) for customer, second in moments]

    sessions = list(sessionize(turns))

    assert [each for session in sessions for each in session.turns] == turns
    assert [again for session in sessions for again in sessionize(session.turns)] == sessions
