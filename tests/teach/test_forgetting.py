"""Being told to forget: one thing, or all; what was never taught is none of ours."""

from __future__ import annotations

import pytest

from resay.dialogue.teaching import Kind, State, Taught
from resay.teach.forgetting import told_to_forget
from resay.teach.lessons import Outcome, forget_told
from tests.builders import BASE

NIGHT = Taught("1", Kind.REQUEST, "movie night", "dim the lights", BASE)
DEN = Taught("2", Kind.NAME, "den", "the guest room", BASE)
DISMISSED = Taught("3", Kind.REQUEST, "bedtime", "lights off", BASE, state=State.DISMISSED)
ROWS = (NIGHT, DEN, DISMISSED)


@pytest.mark.parametrize(
    "said",
    [
        "forget what I taught you",
        "Please forget everything I've taught you.",
        "can you forget all that i taught you please",
        "ok forget everything we told you",
        "delete all my teachings",
        "unlearn what i have taught you",
    ],
)
def test_all_is_forgotten_once_the_customer_agrees(said: str):
    """Asked first, as it cannot be taken back; what was dismissed stays so."""
    gone = told_to_forget(said, ROWS)

    assert gone == (NIGHT, DEN)
    assert forget_told(ROWS, gone, yes=False)[1].outcome is Outcome.ASKED
    left, answer = forget_told(ROWS, gone, yes=True)
    assert (tuple(left), answer.outcome) == ((DISMISSED,), Outcome.FORGOTTEN)


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        ("forget movie night", NIGHT),
        ("please forget the phrase movie night", NIGHT),
        ("forget that movie night means dim the lights", NIGHT),
        ("unlearn the den", DEN),
        ("forget what i said about the den please", DEN),
        ("forget the name den", DEN),
    ],
)
def test_one_is_forgotten_at_once(said: str, gone: Taught):
    """By its words, with an article or without."""
    assert told_to_forget(said, ROWS) == (gone,)
    left, answer = forget_told(ROWS, (gone,), yes=False)
    assert gone not in left
    assert answer.outcome is Outcome.FORGOTTEN


@pytest.mark.parametrize("said", ["forget the milk", "forget it", "delete the alarm", "remove bedtime", "forget me not", "", "movie night"])
def test_what_was_never_taught_is_none_of_ours(said: str):
    """It goes on to the assistant; with nothing taught, all of it does."""
    assert told_to_forget(said, ROWS) == ()
    assert told_to_forget("forget what i taught you", ()) == ()
