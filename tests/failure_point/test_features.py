"""Features: what is told of a case, and that what a log lacks is not known."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from failure_point.case import Case, cases_of
from failure_point.features import NAMES, matrix, told_of
from failure_point.traffic import TURNS_MIN, Traffic
from resay.dialogue.turn import Audio, Entity, Hypothesis, ResponseStatus, Turn
from tests.builders import BASE, session, turn

NOTHING = Traffic()


def log_of(*turns: Turn, others: int = TURNS_MIN) -> Traffic:
    """A log with these turns among many others."""
    return Traffic([*turns, *(turn(f"something else {number}", at=number, customer=f"o{number}") for number in range(others))])


def test_a_bare_turn_tells_its_words_and_nothing_more():
    """No score, no reading, no answer, no time: nothing of these is known, and none of them is zero."""
    told = told_of(Case(Turn("t1", "c1", BASE, utterance="play madonna")), NOTHING)

    assert (told["words"], told["letters"]) == (2, 12)
    for name in ("score", "confidence", "was_refused", "duration", "after_alike", "traffic_same", "entities_lost", "gap"):
        assert math.isnan(told[name]), name


def test_scores_and_traces_are_told_as_they_are():
    """The recogniser's and the NLU's confidence, and how many names were not found."""
    said = turn(
        "play madona",
        intent="play",
        confidence=0.4,
        status="failed",
        hypotheses=(Hypothesis("play madona", 0.5), Hypothesis("lay madonna", 0.3)),
        entities=(Entity("artist", "madona", status="not_found"), Entity("room", "bath", "room.1")),
        audio=Audio(duration_s=2.0),
    )

    told = told_of(Case(said), NOTHING)

    assert (told["score"], told["confidence"]) == (0.5, 0.4)
    assert told["score_gap"] == pytest.approx(0.2)
    assert (told["entities_lost"], told["was_refused"], told["letters_a_second"]) == (0.5, 1.0, 5.5)


def test_the_next_try_is_compared_with_the_turn():
    """What was changed in it, whether it was taken otherwise, and whether it came to anything."""
    first = turn("turn on the kitten light", at=0, status="failed", intent="on", slots={"name": "kitten light"})
    again = turn("turn on the kitchen light", at=6, intent="on", slots={"name": "kitchen light"})

    told = told_of(next(cases_of(session(first, again))), NOTHING)

    assert told["after_same_intent"] == 1.0
    assert told["after_other_values"] == 1.0
    assert told["after_won_alike"] > 0.9
    assert told["after_refused"] == 0.0
    assert told["gap"] == pytest.approx(math.log(7))


def test_what_follows_can_be_kept_back():
    """A turn that is judged at once must not be judged by what nobody has said yet, nor by that nobody has."""
    first, again = turn("play madona", at=0), turn("play madonna", at=5)

    told = told_of(next(cases_of(session(first, again), following=False)), NOTHING)

    assert (told["followed"], told["is_last"]) == (0.0, 0.0)
    assert math.isnan(told["after_alike"])


def test_a_log_remembers_whether_a_wording_is_ever_carried_out():
    """The turn that is judged does not count for itself."""
    said = turn("make it cosy", status="unsupported", customer="c1")
    same = [replace(said, turn_id=f"x{number}", customer_id=f"x{number}") for number in range(4)]

    told = told_of(Case(said), log_of(said, *same))

    assert told["traffic_same"] == pytest.approx(math.log(5))
    assert told["traffic_same_done"] == 0.0


def test_a_misheard_wording_is_near_one_that_works():
    """The nearest text that was carried out is told, and that more customers say it."""
    good = [turn("play madonna", customer=f"g{number}", at=number) for number in range(5)]
    said = turn("play madona", status="failed")

    told = told_of(Case(said), log_of(said, *good))

    assert told["traffic_good"] == pytest.approx(22 / 23)
    assert told["traffic_oftener_by"] == pytest.approx(math.log(5))


def test_a_handful_of_turns_is_not_remembered():
    """That a wording was never carried out says nothing where a dozen turns were."""
    told = told_of(Case(turn("play madona")), Traffic([turn("play madonna")]))

    assert math.isnan(told["traffic_good"])


def test_equal_cases_have_equal_rows_in_any_company():
    """A batch tells of each turn what it tells of it alone."""
    cases = [*cases_of(session(turn("play madona", status=ResponseStatus.FAILED), turn("play madonna", at=4)))]

    rows = matrix(cases, NOTHING)

    assert rows.shape == (2, len(NAMES))
    assert (matrix(cases[1:], NOTHING).tobytes(), rows.dtype.name) == (rows[1:].tobytes(), "float32")


def test_where_no_status_is_logged_the_words_of_an_answer_tell_whether_it_was_refused():
    """An answer in words with no status beside it is not silence: whether it was done is not known, and whether it was refused is read."""
    asked = turn("a table for two", response="Sorry, I did not understand that.", status="none")
    told = told_of(Case(asked), NOTHING)

    assert math.isnan(told["status"])
    assert math.isnan(told["was_done"])
    assert (told["was_refused"], told["answer_refuses"], told["answer_asks"]) == (1.0, 1.0, 0.0)
    assert told["answer_apology"] == 1.0


def test_cues_of_the_next_turn_are_told():
    """Who complains or thanks next says how the turn before went."""
    first = turn("send fifty dollars", at=0, response="You want to send 500 dollars, right?", status="none")
    told = [told_of(next(cases_of(session(first, turn(text, at=6)))), NOTHING) for text in ("no i said fifty", "great thank you")]

    assert [(each["after_says_negation"], each["after_says_complaint"], each["after_says_thanks"]) for each in told] == [
        (1, 1, 0),
        (0, 0, 2),
    ]
    assert {each["answer_asks"] for each in told} == {1.0}


def test_cues_are_not_told_beside_a_status():
    """What the assistant reports is what counts; its words are then only compared."""
    told = told_of(Case(turn("a table for two", response="Sorry, I did not understand that.", status="failed")), NOTHING)

    assert told["was_refused"] == 1.0
    assert math.isnan(told["answer_apology"])


def test_what_a_customer_said_at_other_times_is_remembered():
    """The nearest text of the same customer that was carried out is told, from every transcript; that of others is not meant."""
    hour = 3_600
    said = turn("tern on the lamb", status="failed", hypotheses=(Hypothesis("tern on the lamb"), Hypothesis("turn on the lamb")))
    own = turn("turn on the lamp", at=5 * hour)
    others = turn("turn on the lamb", customer="c2", at=5 * hour)

    told = told_of(Case(said), log_of(said, own, others))

    assert told["own_done"] == pytest.approx(15 / 16)
    assert (told["own_same_done"], told["own_turns"]) == (0.0, pytest.approx(math.log(2)))


def test_what_a_customer_says_next_is_not_remembered_as_other_talk():
    """A turn that is judged while nothing has followed must not know what did, by way of the log."""
    said = turn("tern on the lamp", status="failed")

    told = told_of(Case(said), log_of(said, turn("turn on the lamp", at=20)))

    assert math.isnan(told["own_done"])
    assert told["own_turns"] == 0.0
