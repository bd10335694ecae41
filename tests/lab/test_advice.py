"""What stands between a customer and the NLU: it is logged, judged, and decides what the customer does next."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

from resay.dialogue.turn import AppliedRewrite, ResponseStatus, Turn
from resay.lab.conversation import Advice, Exchange, Opening, Stage, converse, false_wake
from resay.lab.customer import Customer, Try
from resay.lab.world import World
from tests.builders import BASE

TARGET = "turn on the counter lights"
SOURCES = {"let there be light", "let the be light", "turn on the corner lights"}
SESSIONS = 500


def _lights(turn: Turn) -> Advice:
    if turn.utterance not in SOURCES:
        return Advice("treatment")
    return Advice("treatment", TARGET, AppliedRewrite("d1", turn.utterance, "r1", 3, "table"))


def _talk(stage: Stage, customer: Customer) -> list[list[Exchange]]:
    return [converse(stage, customer, opening=Opening(f"s{each}", BASE), week=0, rng=Random(each)) for each in range(SESSIONS)]


def _rewritten(sessions: list[list[Exchange]]) -> list[Exchange]:
    return [each for session in sessions for each in session if each.turn.rewrite]


def test_a_rewritten_turn_is_logged_as_the_target_and_keeps_what_was_said(stage: Stage, customer: Customer):
    """The NLU was given the target, and the log says so and what the customer said."""
    rewritten = _rewritten(_talk(replace(stage, advise=_lights), customer))

    assert rewritten
    assert {each.turn.utterance for each in rewritten} == {TARGET}
    assert {each.turn.rewrite.original for each in rewritten if each.turn.rewrite} <= SOURCES
    assert {each.turn.hypotheses[0].text for each in rewritten} <= SOURCES
    assert {each.turn.interpretations[0].intent for each in rewritten} == {"HassTurnOn"}


def test_the_truth_tells_what_would_have_come_of_it_as_heard(stage: Stage, customer: Customer):
    """A refusal that a rewrite made right is told as both."""
    rewritten = _rewritten(_talk(replace(stage, advise=_lights), customer))

    lights = [each.truth for each in rewritten if each.truth.goal == "lights_on"]

    assert {(each.arm, each.layer, each.target) for each in lights} == {("treatment", "table", TARGET)}
    assert {(each.right, each.right_as_said) for each in lights} == {(True, False)}
    assert {each.outcome_as_said for each in lights} <= {"no_match", "unresolved"}


def test_what_a_rewrite_made_right_is_not_said_again(stage: Stage, customer: Customer):
    """Whoever got what they wanted goes on."""
    for session in _talk(replace(stage, advise=_lights), customer):
        for before, after in pairwise(session):
            if before.truth.target:
                assert after.truth.attempt in {Try.FIRST, Try.AGAIN}


def test_the_adviser_sees_the_turn_as_it_would_pass_through(stage: Stage, customer: Customer):
    """In mode retry it must know the refusal; it never sees a goal or an outcome, for a turn holds none."""
    seen: list[Turn] = []

    def watch(turn: Turn) -> Advice:
        seen.append(turn)
        return Advice("control")

    session = converse(replace(stage, advise=watch), customer, opening=Opening("s", BASE), week=0, rng=Random(2))

    assert [replace(each, feedback=None) for each in seen] == [replace(each.turn, feedback=None) for each in session]
    assert {each.truth.arm for each in session} == {"control"}


def test_advice_to_pass_through_changes_nothing_but_the_arm(stage: Stage, customer: Customer):
    """The same chance gives the same talk, whoever was asked in between."""
    plain = _talk(stage, customer)

    watched = _talk(replace(stage, advise=lambda _turn: Advice("control")), customer)

    assert [[each.turn for each in session] for session in watched] == [[each.turn for each in session] for session in plain]


def test_noise_that_is_rewritten_into_a_deed_is_a_wrong_action(stage: Stage, customer: Customer, world: World):
    """Nobody wanted anything, and now the lights are on."""
    lights = replace(stage, advise=lambda _turn: Advice("treatment", TARGET, AppliedRewrite("d1", "and then the news", "r1", 3, "table")))

    heard = false_wake(lights, customer, sound=world.false_wakes[0], opening=Opening("s", BASE), rng=Random(1))

    assert (heard.truth.right, heard.truth.right_as_said) == (False, True)
    assert heard.truth.outcome == "wrong_action"
    assert heard.turn.response is not None
    assert heard.turn.response.status is ResponseStatus.DONE
