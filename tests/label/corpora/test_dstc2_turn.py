"""DSTC2 calls as turns: acts and interpretations, prompts by kind, and what the next prompt says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.dialogue.codec import decode, encode
from resay.dialogue.state import is_uninterpreted, state_of
from resay.dialogue.turn import Hypothesis, ResponseStatus
from resay.label.corpora.dstc2 import Reading
from resay.label.corpora.dstc2_turn import (
    acts_of,
    before_request,
    content_acts,
    interpretation,
    prompt_kind,
    response,
    retry_request,
    turn_parts,
)
from tests.made_calls import call, heard

VALUES = st.sampled_from(["thai", "south", "dontcare"])
ACTS = st.one_of(
    st.sampled_from(["affirm()", "negate()", "bye()", "reqalts()", "request(phone)", "request(addr)"]),
    st.builds(lambda slot, value: f"inform({slot}={value})", st.sampled_from(["food", "area", "this"]), VALUES),
    st.builds(lambda name, value: f"{name}(food={value})", st.sampled_from(["confirm", "deny"]), VALUES),
)


@given(st.sets(ACTS))
def test_acts_survive_as_interpretation(acts: set[str]):
    """Whatever is said as acts can be read back from the interpretation."""
    assert acts_of(interpretation(Reading(tuple(acts), 0.5))) == tuple(sorted(acts))


def test_an_interpretation_reads_like_one():
    """Intent by the names of the acts, slots by what is informed and what is asked for."""
    made = interpretation(Reading(("inform(food=thai)", "negate()", "request(phone)", "deny(food=irish)"), 0.7))

    assert made.intent == "deny+inform+negate+request"
    assert made.slots == {"food": "thai", "request": ["phone"], "deny.food": "irish"}
    assert (made.domain, made.confidence) == ("restaurant", 0.7)


def test_greetings_and_thanks_ask_for_nothing():
    """Content acts are those that a defect can be in."""
    assert content_acts(["hello()", "inform(food=thai)", "thankyou()", "bye()"]) == {"inform(food=thai)"}


@pytest.mark.parametrize(
    ("acts", "kind"),
    [
        (["request(food)"], "request(food)"),
        (["offer(name=golden wok)", "inform(area=south)", "inform(food=thai)"], "inform|offer"),
        (["request(area)", "impl-conf(food=thai)"], "impl-conf|request(area)"),
        ([], ""),
    ],
)
def test_a_prompt_is_named_by_its_acts(acts: list[str], kind: str):
    """Sorted, each once, request acts in full, others by name."""
    assert prompt_kind(acts) == kind


def test_a_call_becomes_turns_in_time():
    """A turn is said when the caller speaks, and is over when the next prompt is."""
    made = call(heard("thai food", "inform(food=thai)"), heard("bye", "bye()"), caller="ben", minute=3)

    first, last = (part.turn for part in turn_parts(made.live))

    assert (first.customer_id, first.session_id, first.turn_id) == ("ben", "ben-3", "ben-3/0")
    assert first.at == made.live.started + timedelta(seconds=2)
    assert first.ended_at == last.at == made.live.started + timedelta(seconds=12)


def test_every_part_survives_the_wire():
    """Also where the recogniser's list holds an empty text."""
    silence = (Hypothesis("", -1.0), Hypothesis("", -2.0), Hypothesis("well", -3.0))
    made = call(heard("", hypotheses=silence), heard("thai", "inform(food=thai)"), heard("bye", "bye()"))

    for part in turn_parts(made.live):
        assert decode(encode(part), where="here", now=datetime(2026, 1, 1, tzinfo=UTC)) == part


def test_words_that_the_nlu_made_nothing_of_are_a_state_of_their_own():
    """An empty top reading is no interpretation, whatever stands below it."""
    made = call(heard("gastro pub", readings=(Reading((), 0.6), Reading(("inform(food=pub)",), 0.4))))

    turn = next(turn_parts(made.live)).turn

    assert is_uninterpreted(state_of(turn))
    assert turn.response.status is ResponseStatus.NONE


@pytest.mark.parametrize(
    ("reading", "answered", "status"),
    [
        ([], {"asked": ("offer(name=golden wok)",)}, ResponseStatus.UNSUPPORTED),
        (["inform(area=any)"], {"asked": ("confirm-domain()",)}, ResponseStatus.UNSUPPORTED),
        (["inform(food=thai)"], {"asked": ("canthelp(food=thai)",)}, ResponseStatus.FAILED),
        (["inform(food=thai)"], {"asked": ("request(area)",), "prompt": "What area?"}, ResponseStatus.ASKED),
        (["inform(food=thai)"], {"asked": ("request(food)",), "prompt": "What food?"}, ResponseStatus.FAILED),
        (["request(phone)"], {"asked": ("inform(phone=1)", "offer(name=golden wok)"), "prompt": "What food?"}, ResponseStatus.DONE),
        (["inform(food=thai)"], {"asked": ("offer(name=golden wok)",)}, ResponseStatus.DONE),
        (["bye()"], None, ResponseStatus.DONE),
        (["inform(food=thai)"], None, ResponseStatus.NONE),
    ],
)
def test_the_next_prompt_says_what_became_of_a_request(reading: list[str], answered: dict | None, status: ResponseStatus):
    """Refused, lost, asked back, said again, done, or cut off."""
    turn = heard("thai please", *reading, prompt="What food?")[0]
    answer = heard(**answered)[0] if answered is not None else None

    assert response(turn, answer).status is status


def test_before_the_nlu_nothing_of_it_is_seen():
    """Turns that differ in their readings alone are one and the same to a rewriter that works before the NLU."""
    made = call(heard("thai food", "inform(food=thai)"), call_id="a").live
    other = call(heard("thai food", "affirm()"), call_id="a").live

    assert before_request(made, made.turns[0]) == before_request(other, other.turns[0])
    assert retry_request(made, made.turns[0]) != retry_request(other, other.turns[0])


def test_nothing_of_the_answer_is_seen_in_either_mode():
    """What the system did next is not known when the rewrite is due."""
    made = call(heard("thai food", "inform(food=thai)"), heard("bye", asked=("canthelp()",)), call_id="a").live
    other = call(heard("thai food", "inform(food=thai)"), heard("bye", asked=("offer(name=golden wok)",)), call_id="a").live

    assert retry_request(made, made.turns[0]) == retry_request(other, other.turns[0])


def test_a_refusal_is_told_in_retry_mode():
    """The NLU's empty hands are known before the answer."""
    made = call(heard("gastro pub"), heard("thai", "inform(food=thai)")).live

    statuses = [retry_request(made, turn).status for turn in made.turns]

    assert statuses == [ResponseStatus.UNSUPPORTED, ResponseStatus.NONE]
