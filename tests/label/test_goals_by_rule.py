"""Goals by rules: outcomes of turns and of segments."""

from __future__ import annotations

import pytest

from resay.dialogue.label import GoalOutcome, RephraseLink
from resay.dialogue.turn import AppliedRewrite, Explicit, Feedback, Interpretation, Turn
from resay.label.friction import friction_of
from resay.label.goals_by_rule import LABELLER, outcomes_of, segments_of
from tests.builders import session, turn


def link(source: Turn, target: Turn, probability: float = 0.9) -> RephraseLink:
    """A link over the whole of the target."""
    return RephraseLink(source.turn_id, target.turn_id, source.customer_id, source.at, probability, 0, len(target.utterance), "test/1")


def outcomes(*turns: Turn, links: tuple[RephraseLink, ...] = ()) -> list[str]:
    """Outcomes of the turns of a session."""
    talk = session(*turns)
    return [each.outcome.value for each in outcomes_of(talk, friction_of(talk), links=links)]


def segments(*turns: Turn, links: tuple[RephraseLink, ...] = ()) -> list[tuple[list[str], str]]:
    """Turn ids and outcomes of the segments of a session."""
    talk = session(*turns)
    came_of = outcomes_of(talk, friction_of(talk), links=links)
    return [(list(each.turn_ids), each.outcome.value) for each in segments_of(talk, links, outcomes=came_of)]


def test_a_turn_that_was_done_without_friction_succeeded():
    """Done and nothing said against it."""
    assert outcomes(turn("play madonna")) == ["success"]


@pytest.mark.parametrize("status", ["failed", "unsupported"])
def test_a_refused_turn_failed_even_at_the_end(status: str):
    """That the customer then left does not make the refusal uncertain."""
    assert outcomes(turn(status=status)) == ["failure"]


@pytest.mark.parametrize("words", ["no i said madonna", "that's wrong", "no", "stop"])
def test_a_denied_or_stopped_turn_failed(words: str):
    """What the customer took back had not been wanted."""
    assert outcomes(turn("play madonna", at=0), turn(words, at=5), turn("thanks", at=9))[0] == "failure"


def test_a_rephrased_turn_failed_by_the_links_chance():
    """A likely second try makes the first a failure, an unlikely one does not."""
    first, second = turn("play madonna", at=0), turn("play some madonna", at=9)

    assert outcomes(first, second, links=(link(first, second, 0.9),)) == ["failure", "success"]
    assert outcomes(first, second, links=(link(first, second, 0.2),)) == ["success", "success"]


def test_the_chances_of_several_second_tries_add_up():
    """Each link says that this turn, and none before it, is the second try."""
    first, second, third = turn("play madonna", at=0), turn("madonna", at=9), turn("music by madonna", at=18)

    assert outcomes(first, second, third, links=(link(first, second, 0.3), link(first, third, 0.3)))[0] == "failure"


def test_an_open_question_at_the_end_is_censored():
    """Who leaves before it can be told has neither succeeded nor failed."""
    assert outcomes(turn(status="asked")) == ["censored"]
    assert outcomes(turn(status=None)) == ["censored"]


def test_going_on_without_complaint_is_success():
    """Without a status, a next turn that is no second try speaks for the first."""
    assert outcomes(turn("play madonna", at=0, status=None), turn("weather tomorrow", at=9, status=None)) == ["success", "censored"]


def test_an_unread_turn_without_status_failed():
    """An assistant that logs interpretations made nothing of these words."""
    assert outcomes(turn("mumble", at=0, status=None), turn("weather", at=9, status=None, intent="weather"))[0] == "failure"


def test_a_doubted_reading_without_status_failed():
    """Where the NLU gives its own reading less than an even chance, so do we."""
    assert outcomes(turn(at=0, status=None, intent="play", confidence=0.4), turn("weather", at=9, intent="weather"))[0] == "failure"


def test_what_the_customer_says_outright_wins():
    """Explicit feedback outweighs what can be guessed."""
    liked, disliked = Feedback(explicit=Explicit.YES), Feedback(explicit=Explicit.NO)

    assert outcomes(turn(status=None, intent="play", confidence=0.1, feedback=liked)) == ["success"]
    assert outcomes(turn(status="done", feedback=disliked)) == ["failure"]


def test_barge_in_alone_is_no_failure():
    """People speak over answers that they know."""
    assert outcomes(turn(at=0), turn("louder", at=3, barge_in=True)) == ["success", "success"]


def test_a_goodbye_that_was_not_understood_is_no_defect():
    """Who says thanks asks for nothing."""
    assert outcomes(turn("play madonna", at=0), turn("thank you", at=9, status="unsupported"), turn("louder", at=15))[1] == "success"


def test_a_rewritten_turn_has_the_outcome_of_what_was_served():
    """How the customer fared, not how the wording as said would have."""
    served = turn("play madonna", rewrite=AppliedRewrite(decision_id="d1", original="blay madonna"))

    assert outcomes(served) == ["success"]


def test_outcomes_carry_a_chance_and_who_says_so():
    """The chance is that of a defect."""
    talk = session(turn(status="failed"))

    (outcome,) = outcomes_of(talk, [], links=[])

    assert (outcome.outcome, outcome.defect, outcome.labeller) == (GoalOutcome.FAILURE, 0.75, LABELLER)


def test_turns_without_links_are_goals_of_their_own():
    """Two unrelated requests in a row are two segments."""
    assert segments(turn("play madonna", at=0, turn_id="t1"), turn("louder", at=9, turn_id="t2")) == [
        (["t1"], "success"),
        (["t2"], "success"),
    ]


def test_a_link_joins_its_turns_and_those_between():
    """A second try two turns later takes the turn between along."""
    first, between, third = turn("a", at=0, turn_id="t1", status="failed"), turn("no", at=5, turn_id="t2"), turn("b", at=9, turn_id="t3")

    assert segments(first, between, third, links=(link(first, third),)) == [(["t1", "t2", "t3"], "success")]


def test_links_chain_into_one_segment():
    """A third try belongs to the first."""
    tries = [turn("x", at=9 * number, turn_id=f"t{number}", status="failed") for number in range(3)]

    joined = segments(*tries, turn("y", at=30, turn_id="t9"), links=(link(tries[0], tries[1]), link(tries[1], tries[2])))

    assert joined == [(["t0", "t1", "t2"], "failure"), (["t9"], "success")]


def test_a_faint_link_joins_nothing():
    """Chance pairs stay apart; a second try in other words after a refusal, at about 0.3, is joined."""
    first, second = turn("a", at=0, turn_id="t1", status="failed"), turn("b", at=9, turn_id="t2")

    assert len(segments(first, second, links=(link(first, second, 0.19),))) == 2
    assert len(segments(first, second, links=(link(first, second, 0.3),))) == 1


def test_a_goal_given_up_is_censored_and_never_a_success():
    """A session that ends refused leaves its last goal open; an earlier goal that ended refused was left for another, and failed."""
    first, last = turn("a", at=0, turn_id="t1", status="failed"), turn("b", at=9, turn_id="t2", status="failed")

    assert segments(first, last) == [(["t1"], "failure"), (["t2"], "censored")]


def test_every_turn_is_in_exactly_one_segment():
    """Crossing links do not lose or double a turn."""
    tries = [turn("x", at=9 * number, turn_id=f"t{number}") for number in range(6)]

    joined = segments(*tries, links=(link(tries[0], tries[2]), link(tries[1], tries[3]), link(tries[4], tries[5])))

    assert [ids for ids, _ in joined] == [["t0", "t1", "t2", "t3"], ["t4", "t5"]]


def reading(domain: str, intent: str, **slots: str) -> tuple[Interpretation, ...]:
    """What the assistant took a turn for."""
    return (Interpretation(domain=domain, intent=intent, slots=slots),)


def test_a_lone_refusal_may_be_noise():
    """Nobody who meant the assistant leaves it so often; where more was said in the session, it was meant."""
    alone = session(turn(status="failed"))
    followed = session(turn("play madona", at=0, status="failed"), turn("play madonna", at=9, status="done"))

    assert outcomes_of(alone, [], links=[])[0].defect == 0.75
    assert outcomes_of(followed, [], links=[])[0].defect == 0.98


@pytest.mark.parametrize(
    ("text", "taken_for", "at", "defect"),
    [
        ("turn off the porch light", reading("light", "off", name="porch"), 8, 0.43),
        ("dark please", reading("light", "off", name="porch"), 8, 0.25),
        ("the porch song please", reading("music", "play", song="porch"), 8, 0.11),
        ("play the news", reading("music", "play", song="news"), 8, 0.04),
        ("turn on the porch light", reading("light", "on", name="porch"), 8, 0.04),
        ("turn off the porch light", reading("light", "off", name="porch"), 11, 0.02),
    ],
)
def test_what_follows_soon_says_whether_the_right_thing_was_done(text: str, taken_for: tuple[Interpretation, ...], at: int, defect: float):
    """Who got something else asks again at once, of the same domain and in some of the same words; not whoever repeats what worked."""
    first = turn("turn on the porch light", at=0, status="done", interpretations=reading("light", "on", name="porch"))
    talk = session(first, turn(text, at=at, status="done", interpretations=taken_for))

    assert outcomes_of(talk, [], links=[])[0].defect == pytest.approx(defect)
    assert outcomes_of(talk, [], links=[])[0].outcome is GoalOutcome.SUCCESS
