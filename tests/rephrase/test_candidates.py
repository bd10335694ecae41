"""Candidates: bounded in count and in time, between turns that ask for something."""

from __future__ import annotations

from datetime import timedelta

from rephrase.candidates import Bounds, candidates_of
from resay.dialogue.turn import Turn
from tests.builders import BASE, session, turn


def pairs(*turns: Turn, bounds: Bounds | None = None) -> list[tuple[int, int, int]]:
    """Source, target and lag of all candidates of a session."""
    return [(each.source, each.target, each.lag) for each in candidates_of(session(*turns), bounds or Bounds())]


def test_a_second_try_comes_within_three_requests():
    """Beyond three it is as often chance."""
    talk = [turn("play madonna", at=9 * number) for number in range(5)]

    assert pairs(*talk) == [(0, 1, 1), (0, 2, 2), (0, 3, 3), (1, 2, 1), (1, 3, 2), (1, 4, 3), (2, 3, 1), (2, 4, 2), (3, 4, 1)]


def test_too_long_a_silence_ends_the_search():
    """Silence counts from the end of the first try where it is known."""
    first, second = turn("play madonna", at=0), turn("play madonna", at=46)
    ended = turn("play madonna", at=0, ended_at=BASE + timedelta(seconds=5))

    assert pairs(first, second) == []
    assert pairs(ended, second) == [(0, 1, 1)]
    assert pairs(first, second, bounds=Bounds(gap_max=timedelta(minutes=5))) == [(0, 1, 1)]


def test_a_bare_denial_is_no_try_and_no_lag():
    """In "play madonna", "no", "play madonna" the third turn is the next request."""
    assert pairs(turn("play madonna", at=0), turn("no", at=4), turn("play madonna", at=9)) == [(0, 2, 1)]


def test_a_no_that_answers_is_a_turn_like_others():
    """What answers a question may have been misheard, too."""
    asked = turn("play something", at=0, status="asked")

    assert pairs(asked, turn("no", at=4, prompt_kind="confirm"), turn("madonna", at=9)) == [(0, 1, 1), (0, 2, 2), (1, 2, 1)]


def test_a_bare_no_to_a_refusal_is_no_try_and_no_lag():
    """Nothing can be denied of a refusal and nothing was asked: it is annoyance, whether or not its status is logged."""
    refused = turn("play madonna", at=0, status="unsupported")
    worded = turn("play madonna", at=0, status="none", response="sorry i did not understand that")
    asked = turn("play madonna", at=0, status="none", response="sorry i did not understand that did you mean madonna louise?")
    no, again = turn("no", at=4), turn("madonna please", at=9)

    assert pairs(refused, no, again) == [(0, 2, 1)]
    assert pairs(worded, no, again) == [(0, 2, 1)]
    assert pairs(asked, no, again) == [(0, 1, 1), (0, 2, 2), (1, 2, 1)]


def test_goodbyes_and_stops_ask_for_nothing():
    """They are neither first nor second tries; a stop that was refused was a try at stopping."""
    assert pairs(turn("thank you goodbye", at=0), turn("play madonna", at=9), turn("stop", at=12)) == []
    assert pairs(turn("stop", at=0, status="unsupported"), turn("pause the music", at=9)) == [(0, 1, 1)]


def test_one_turn_has_no_candidates():
    """A session of one turn is the most frequent of all."""
    assert pairs(turn("play madonna")) == []
