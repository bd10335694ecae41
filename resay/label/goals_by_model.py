"""Outcomes and goal segments as a model judges them, in the same tables as those by rules, which stay the fallback.

Friction stays by rules: it is what can be seen. Nor does a model take away what rules know for sure: what the customer said outright.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from resay.dialogue.label import GoalOutcome, GoalSegment, RephraseLink, TurnOutcome
from resay.dialogue.session import Session
from resay.dialogue.turn import Turn
from resay.label.goal_model import GoalJudgement
from resay.label.goals_by_rule import DEFECTIVE_FROM, JOINED_FROM, segments_of

REACHED_FROM = 0.5
"""A goal is called reached where that is likelier than not."""


class GoalJudge(Protocol):
    """Judges the turns of a session, all of them together."""

    name: str
    """Name and version, as tables hold it."""

    def judge(self, turns: Sequence[Turn], /) -> list[GoalJudgement]:
        """One judgement a turn, in their order."""


def outcomes_by_model(session: Session, judged: Sequence[GoalJudgement], *, rules: Sequence[TurnOutcome], name: str) -> list[TurnOutcome]:
    """What came of each turn, by the model's chances; where the customer told it outright, as the rules have it.

    The last turn of a session stays censored where the rules censor it, unless the model is sure that the goal was reached or missed.
    """
    outcomes = []
    for turn, each, rule in zip(session.turns, judged, rules, strict=True):
        if turn.feedback is not None and turn.feedback.explicit is not None:
            outcomes.append(replace(rule, labeller=name))
            continue
        outcome = GoalOutcome.FAILURE if each.defect >= DEFECTIVE_FROM else GoalOutcome.SUCCESS
        if rule.outcome is GoalOutcome.CENSORED and outcome is GoalOutcome.SUCCESS and each.success < REACHED_FROM:
            outcome = GoalOutcome.CENSORED
        outcomes.append(replace(rule, outcome=outcome, defect=min(1.0, max(0.0, each.defect)), labeller=name))
    return outcomes


def segments_by_model(
    session: Session, judged: Sequence[GoalJudgement], *, links: Iterable[RephraseLink], outcomes: Sequence[TurnOutcome]
) -> list[GoalSegment]:
    """Turns that the model puts under one goal, and all that a likely link joins: who tries again later is after one goal all the while."""
    alike = [_joining(session, place) for place in range(1, len(session.turns)) if judged[place].goal == judged[place - 1].goal]
    return segments_of(session, [*alike, *(link for link in links if link.probability >= JOINED_FROM)], outcomes=outcomes)


def _joining(session: Session, place: int) -> RephraseLink:
    """Neighbours of one goal, said as the rules take it."""
    earlier, later = session.turns[place - 1], session.turns[place]
    return RephraseLink(earlier.turn_id, later.turn_id, later.customer_id, earlier.at, probability=1.0, start=0, end=0, detector="")
