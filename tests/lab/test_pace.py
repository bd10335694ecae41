"""The speed of learning, over turns that stand here in full."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from resay.dialogue.turn import AppliedRewrite, Response, ResponseStatus, Turn
from resay.lab.pace import Learning, Lesson, Pace
from tests.builders import BASE, turn

ON, OFF = "HassTurnOn:light", "HassTurnOff:light"
LESSON = ("light please", ON)


def _refused(text: str, at: float, who: str) -> Turn:
    return turn(text, at=at, customer=who, session_id=who, status=ResponseStatus.UNSUPPORTED)


def _done(text: str, at: float, who: str, action: str = ON) -> Turn:
    return replace(turn(text, at=at, customer=who, session_id=who), response=Response("", ResponseStatus.DONE, action))


def _served(original: str, at: float, who: str) -> Turn:
    return replace(_done("light on", at, who), rewrite=AppliedRewrite("d", original, "r", 1, "table"))


def _seen(*days: Iterable[Turn], customers_min: int = 2) -> dict[Lesson, Learning]:
    lessons: dict[Lesson, Learning] = {}
    for day in days:
        Pace(lessons, customers_min).see(day)
    return lessons


def test_it_runs_from_the_last_customer_that_it_takes_to_the_first_who_is_served():
    """The second customer's success counts, and the first rewritten turn; what comes later changes nothing."""
    lessons = _seen(
        [_refused("Light please", 0, "a"), _done("light on", 5, "a"), _refused("light please", 100, "b"), _done("light on", 105, "b")],
        [_refused("light please", 900, "c"), _done("light on", 905, "c"), _served("light please", 1_000, "d")],
        [_served("light please", 2_000, "a")],
    )

    assert lessons == {LESSON: Learning(set(), BASE + timedelta(seconds=105), BASE + timedelta(seconds=1_000))}


def test_one_customer_is_counted_once_however_often():
    """Two are needed, and one comes twice."""
    again = [_refused("light please", at, "a") for at in (0, 50)]
    lessons = _seen([again[0], _done("light on", 5, "a"), again[1], _done("light on", 55, "a")])

    assert lessons == {LESSON: Learning({"a"})}


def test_customers_are_counted_in_the_order_of_time():
    """However the day's sessions lie in the log."""
    late, early = ([_refused("light please", at, who), _done("light on", at + 5, who)] for at, who in ((500, "a"), (10, "b")))

    lessons = _seen([*late, *early], customers_min=1)

    assert lessons[LESSON].evident == BASE + timedelta(seconds=15)


def test_only_what_is_done_soon_after_a_refusal_is_evidence():
    """Nothing in another session, four turns later, or after what was done at once; the first thing done counts alone."""
    lessons = _seen(
        [
            _refused("light please", 0, "a"),
            _done("light on", 5, "b"),
            _done("light off", 6, "b", OFF),
            _refused("light please", 10, "c"),
            *[_refused(words, 20, "c") for words in ("", "", "")],
            _done("light on", 50, "c"),
            _refused("light please", 60, "d"),
            _done("light off", 65, "d", OFF),
            _done("light on", 70, "d"),
        ]
    )

    assert lessons == {("light please", OFF): Learning({"d"})}


def test_what_we_rewrote_is_no_evidence():
    """Nobody learns from our own words; and a rewrite after which nothing was done served nobody."""
    refused = replace(_refused("light on", 105, "b"), rewrite=AppliedRewrite("d", "lamp", "r", 1, "table"))

    lessons = _seen([_refused("lamp", 0, "a"), _served("light please", 5, "a"), refused])

    assert lessons == {LESSON: Learning(served=BASE + timedelta(seconds=5))}
