"""Outcomes and segments as a judge has them; the judge is a fake one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from resay.dialogue.label import GoalOutcome, RephraseLink
from resay.dialogue.session import Session
from resay.dialogue.turn import Explicit, Feedback, Response, ResponseStatus, Turn
from resay.label.goal_model import GoalJudgement
from resay.label.job import labels_of

NOON = datetime(2026, 9, 7, 12, tzinfo=UTC)


class SaysSo:
    """A judge that says what it was told."""

    name = "told/1"

    def __init__(self, goals: Sequence[int], defects: Sequence[float], *, success: float = 0.9) -> None:
        self._goals, self._defects, self._success = goals, defects, success

    def judge(self, turns: Sequence[Turn], /) -> list[GoalJudgement]:
        """One judgement a turn."""
        told = zip(turns, self._goals, self._defects, strict=True)
        return [GoalJudgement(turn.turn_id, goal, 0.5, self._success, defect, 0.5) for turn, goal, defect in told]


def _session(*turns: Turn) -> Session:
    return Session("anna", turns)


def _turn(place: int, utterance: str, status: ResponseStatus, feedback: Feedback | None = None) -> Turn:
    at = NOON + timedelta(seconds=10 * place)
    return Turn(f"t{place}", "anna", at, utterance, response=Response(status=status), feedback=feedback)


def test_the_judge_decides_where_the_customer_did_not():
    """A turn that was reported done, and failed by the judge, is a failure, named after the judge."""
    session = _session(_turn(0, "lights on", ResponseStatus.DONE), _turn(1, "louder", ResponseStatus.DONE))

    labels = labels_of(session, {}, judge=SaysSo([0, 1], [0.9, 0.1]))

    assert [each.outcome for each in labels.outcomes] == [GoalOutcome.FAILURE, GoalOutcome.SUCCESS]
    assert {each.labeller for each in labels.outcomes} == {"told/1"}
    assert [each.defect for each in labels.outcomes] == [0.9, 0.1]


def test_what_the_customer_said_outright_stands():
    """A yes is a success, whatever a judge believes."""
    approved = _turn(0, "lights on", ResponseStatus.DONE, Feedback(explicit=Explicit.YES))

    labels = labels_of(_session(approved, _turn(1, "louder", ResponseStatus.DONE)), {}, judge=SaysSo([0, 1], [0.9, 0.1]))

    assert labels.outcomes[0].outcome is GoalOutcome.SUCCESS


def test_turns_of_one_goal_are_one_segment():
    """What the judge puts together stays together."""
    turns = [_turn(place, text, ResponseStatus.DONE) for place, text in enumerate(["lights on", "in the kitchen", "what time is it"])]

    labels = labels_of(_session(*turns), {}, judge=SaysSo([0, 0, 1], [0.1, 0.1, 0.1]))

    assert [each.turn_ids for each in labels.segments] == [("t0", "t1"), ("t2",)]


def test_a_later_try_joins_what_lies_between():
    """Who says it again after something else was after the first goal all the while; the miner counts inside segments."""
    turns = [_turn(place, text, ResponseStatus.DONE) for place, text in enumerate(["lights on", "what time is it", "no the lights"])]
    link = RephraseLink("t0", "t2", "anna", NOON, probability=0.9, start=0, end=13, detector="any/1")

    labels = labels_of(_session(*turns), {"t0": [link]}, judge=SaysSo([0, 1, 2], [0.9, 0.1, 0.1]))

    assert [each.turn_ids for each in labels.segments] == [("t0", "t1", "t2")]


def test_leaving_is_no_success_unless_the_judge_is_sure():
    """The last turn of a session without a status is censored by the rules; a judge that finds success likely may say so."""
    last = Turn("t0", "anna", NOON, "play madonna")

    unsure = labels_of(_session(last), {}, judge=SaysSo([0], [0.45], success=0.4))
    sure = labels_of(_session(last), {}, judge=SaysSo([0], [0.1], success=0.9))
    lost = labels_of(_session(last), {}, judge=SaysSo([0], [0.6], success=0.4))

    assert unsure.outcomes[0].outcome is GoalOutcome.CENSORED
    assert sure.outcomes[0].outcome is GoalOutcome.SUCCESS
    assert lost.outcomes[0].outcome is GoalOutcome.FAILURE
