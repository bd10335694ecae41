"""Friction signs: each by its own rule, at the turn that caused it, and not where it only looks so."""

from __future__ import annotations

import dataclasses

import pytest

from resay.dialogue.label import FrictionSign
from resay.dialogue.turn import AppliedRewrite, Entity, Explicit, Feedback, Hypothesis, Turn, Versions
from resay.label.friction import friction_of
from resay.label.wordings import ENGLISH
from tests.builders import session, turn


def signs(*turns: Turn, **options: object) -> list[tuple[str, str, str]]:
    """Turn, sign and what showed it, of a session."""
    return [(each.turn_id, each.sign.value, each.shown_by) for each in friction_of(session(*turns), **options)]  # type: ignore[arg-type]


def test_a_good_session_has_no_friction():
    """Requests that were done, one after the other, show nothing."""
    assert signs(turn("play madonna", at=0), turn("turn on the lights", at=10), turn("thank you", at=20)) == []


# Barge-in.


def test_a_barge_in_belongs_to_the_turn_that_was_spoken_over():
    """The response that was cut short is that of the turn before."""
    first, second = turn("play madonna", at=0, turn_id="t1"), turn("louder", at=3, turn_id="t2", barge_in=True)

    assert signs(first, second) == [("t1", "barge_in", "t2")]


def test_a_barge_in_on_an_opening_prompt_has_no_cause():
    """The first turn of a session speaks over nobody's answer."""
    assert signs(turn("play madonna", barge_in=True)) == []


# Denial.


@pytest.mark.parametrize("words", ["no i said madonna", "no", "no the other one", "that's wrong", "not that", "i meant madonna"])
def test_a_denial_belongs_to_the_turn_before(words: str):
    """Saying that the answer was wrong marks the turn that was answered."""
    assert signs(turn("play madonna", at=0, turn_id="t1"), turn(words, at=5, turn_id="t2")) == [("t1", "denial", "t2")]


@pytest.mark.parametrize("question", [{"prompt_kind": "confirm"}, {"prompt": "Shall I play it?"}])
def test_a_no_that_answers_a_question_denies_nothing(question: dict[str, str]):
    """After a question "no" is an answer."""
    asked = turn("play something", at=0, status="asked")

    assert signs(asked, turn("no", at=5, **question)) == []
    assert signs(asked, turn("no the other one", at=5, **question)) == []


def test_a_no_after_an_unlogged_question_denies_nothing():
    """A status `asked`, or an answer that ends in a question mark, was a question too."""
    assert signs(turn("play something", at=0, status="asked"), turn("no", at=5)) == []
    assert signs(turn("play something", at=0, response="Madonna. Do you want more?"), turn("no", at=5)) == []


def test_a_repair_denies_even_as_an_answer():
    """Who says "no, I said …" says that the question itself was wrong."""
    asked = turn("play madonna", at=0, turn_id="t1", status="asked", response="Play McDonald, right?")

    assert signs(asked, turn("no i said madonna", at=5, turn_id="t2", prompt_kind="confirm")) == [("t1", "denial", "t2")]


@pytest.mark.parametrize("words", ["no thanks", "no thank you", "no that's all", "november rain", "wrong turn"])
def test_courtesies_and_titles_deny_nothing(words: str):
    """What only begins like a denial is none."""
    assert signs(turn("play madonna", at=0), turn(words, at=5)) == []


def test_two_denials_in_a_row_are_of_one_request():
    """A "no" and then a "no, I said madonna" both deny the request; it is marked once."""
    first = turn("play madonna", at=0, turn_id="t1")

    assert signs(first, turn("no", at=4, turn_id="t2"), turn("no i said madonna", at=8)) == [("t1", "denial", "t2")]


def test_explicit_feedback_denies_its_own_turn():
    """A thumb down needs no words; a thumb up is no sign."""
    assert signs(turn(turn_id="t1", feedback=Feedback(explicit=Explicit.NO))) == [("t1", "denial", "t1")]
    assert signs(turn(turn_id="t1", feedback=Feedback(explicit=Explicit.YES))) == []


def test_what_the_customer_said_counts_not_what_we_put_in_its_place():
    """A rewritten "no, I said madonna" still denies."""
    later = turn("play madonna", at=5, turn_id="t2", rewrite=AppliedRewrite(decision_id="d1", original="no i said madonna"))

    assert ("t1", "denial", "t2") in signs(turn("play madonna", at=0, turn_id="t1"), later)


# Stop.


@pytest.mark.parametrize("words", ["stop", "cancel", "never mind", "please stop", "cancel that"])
def test_a_stop_belongs_to_what_was_begun(words: str):
    """Stopping at once what was begun marks the turn that began it."""
    assert signs(turn("play madonna", at=0, turn_id="t1"), turn(words, at=5, turn_id="t2")) == [("t1", "stop", "t2")]


def test_a_stop_that_asks_for_something_is_a_request():
    """What is to be stopped is named in "stop the music"."""
    assert signs(turn("play madonna", at=0), turn("stop the music", at=5)) == []


def test_a_stop_after_a_while_is_a_request():
    """Music that played for a while is stopped because it is enough."""
    assert signs(turn("play madonna", at=0), turn("stop", at=16)) == []


def test_nothing_is_stopped_after_a_refusal():
    """Nothing had begun; the refusal is its own sign."""
    refused = turn("play madonna", at=0, turn_id="t1", status="unsupported")

    assert signs(refused, turn("never mind", at=5)) == [("t1", "error_response", "t1")]


def test_a_stop_that_opens_a_session_stops_nothing():
    """There is no turn before it."""
    assert signs(turn("stop", at=0)) == []


# Error response.


@pytest.mark.parametrize("status", ["failed", "unsupported"])
def test_a_refusal_is_a_sign(status: str):
    """Whether the assistant failed or refused, the customer did not get it."""
    assert signs(turn(at=0, turn_id="t1", status=status), turn("louder", at=5)) == [("t1", "error_response", "t1")]


@pytest.mark.parametrize("status", ["done", "asked"])
def test_doing_and_asking_back_are_no_errors(status: str):
    """A question is no refusal."""
    assert signs(turn(at=0, status=status), turn("louder", at=5)) == []


def test_an_apology_counts_where_no_status_is_logged():
    """Without a status the words of the answer tell; with one they do not."""
    sorry = "Sorry, I didn't understand that."

    assert signs(turn(at=0, turn_id="t1", status="none", response=sorry), turn("louder", at=5)) == [("t1", "error_response", "t1")]
    assert signs(turn(at=0, status="done", response=sorry), turn("louder", at=5)) == []
    assert signs(turn(at=0, status="none", response="Here is Madonna."), turn("louder", at=5)) == []


# Repeated interpretation.


def test_meaning_the_same_again_after_no_success_is_a_sign():
    """Asked twice and understood alike, and the first had not been done."""
    first = turn("play madonna", at=0, turn_id="t1", status="asked", intent="play", slots={"artist": "madonna"})
    second = turn("put on madonna", at=5, turn_id="t2", intent="play", slots={"artist": "madonna"})

    assert signs(first, second) == [("t1", "repeated_interpretation", "t2")]


def test_the_same_unread_words_again_are_a_sign():
    """Text that the assistant could not read is a state too."""
    first, second = turn("lights", at=0, turn_id="t1", status="unsupported"), turn("lights", at=5, turn_id="t2")

    assert ("t1", "repeated_interpretation", "t2") in signs(first, second)


def test_asking_again_for_what_was_done_is_no_sign():
    """It makes sense to say "louder" twice, and "next song" too."""
    assert signs(turn("louder", at=0, intent="volume_up"), turn("louder", at=5, intent="volume_up")) == []


def test_asking_again_while_the_answer_still_runs_is_a_sign():
    """Who speaks over the answer to repeat himself was not served, whatever the status says."""
    first = turn("louder", at=0, turn_id="t1", intent="volume_up")

    assert ("t1", "repeated_interpretation", "t2") in signs(first, turn("louder", at=2, turn_id="t2", intent="volume_up", barge_in=True))


def test_another_meaning_is_no_repetition():
    """The same intent with another slot is another request."""
    first = turn("play madonna", at=0, status="asked", intent="play", slots={"artist": "madonna"})

    assert signs(first, turn("play prince", at=5, intent="play", slots={"artist": "prince"})) == []


def test_yes_to_one_question_and_yes_to_another_are_two_things():
    """Short answers mean nothing without what was asked."""
    first = turn("yes", at=0, status="asked", intent="affirm", prompt_kind="confirm(area)")

    assert signs(first, turn("yes", at=5, intent="affirm", prompt_kind="confirm(food)")) == []


def test_only_the_next_turn_repeats():
    """With something else between them two equal requests are two requests."""
    first = turn("play madonna", at=0, status="asked", intent="play")

    assert signs(first, turn("the second one", at=5, intent="pick"), turn("play madonna", at=10, intent="play")) == []


# Abandonment.


@pytest.mark.parametrize("status", ["failed", "unsupported", "asked", "none"])
def test_leaving_without_success_is_abandonment(status: str):
    """A session that ends refused, silent, or with an open question was given up."""
    assert ("t1", "abandonment", "t1") in signs(turn(turn_id="t1", status=status))


@pytest.mark.parametrize(
    "last", [turn("play madonna"), turn("goodbye", status="none"), turn("never mind", status="asked"), turn("play madonna", status=None)]
)
def test_leaving_after_success_or_with_a_word_is_not(last: Turn):
    """Success, goodbye and a stop end a session; where no status is logged nothing is known."""
    assert signs(last) == []


def test_only_the_last_turn_is_abandoned():
    """Who goes on has not given up."""
    marked = signs(turn(at=0, turn_id="t1", status="failed"), turn("play prince", at=5, turn_id="t2"))

    assert marked == [("t1", "error_response", "t1")]


# Low confidence.


def test_a_doubting_nlu_is_a_sign():
    """Below 0.6 it is as often wrong as right."""
    assert signs(turn(turn_id="t1", intent="play", confidence=0.49)) == [("t1", "low_confidence", "t1")]
    assert signs(turn(intent="play", confidence=0.5)) == []
    assert signs(turn(intent="play")) == []


def test_a_recogniser_is_measured_by_its_own_scores():
    """A score says nothing by itself; under the recogniser's own floor it does."""
    heard = turn(turn_id="t1", hypotheses=(Hypothesis("play madonna", -9.5),), versions=Versions(asr="a"))

    assert signs(heard) == []
    assert signs(heard, floors={"a": -8.0}) == [("t1", "low_confidence", "t1")]
    assert signs(heard, floors={"b": -8.0}) == []


# All together.


def test_a_turn_has_each_sign_once():
    """The key of the table is turn and sign."""
    denied = turn(at=0, turn_id="t1", feedback=Feedback(explicit=Explicit.NO))

    marked = friction_of(session(denied, turn("no i said madonna", at=5)))

    assert [each.sign for each in marked] == [FrictionSign.DENIAL]


def test_signs_carry_the_time_of_the_turn_that_caused_them():
    """Event time and customer are those of the turn itself."""
    first = turn(at=0, customer="c7", status="failed")

    (sign, *_) = friction_of(session(first, turn("louder", at=5, customer="c7")))

    assert (sign.customer_id, sign.at) == ("c7", first.at)


def test_an_unresolved_entity_repeats_as_text():
    """A reading with an unknown name is no reading, so only the same words repeat it."""
    lost = (Entity(slot="name", value="babies light", status="not_found"),)
    first = turn("babies light on", at=0, status="failed", intent="on", entities=lost)

    marked = signs(first, turn("bedroom light on", at=5, status="failed", intent="on", entities=lost), turn("thanks", at=9))

    assert [sign for _, sign, _ in marked] == ["error_response", "error_response"]


def test_words_come_from_the_argument():
    """Another language's denials are seen with its words, and only with them."""
    german = dataclasses.replace(ENGLISH, negatives=frozenset({"nein"}))
    talk = (turn("spiel madonna", at=0, turn_id="t1"), turn("nein", at=5, turn_id="t2"))

    assert signs(*talk, wordings=german) == [("t1", "denial", "t2")]
    assert signs(*talk) == []
