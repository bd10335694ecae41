"""Readings that a reached goal corrects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from resay.dialogue.turn import Interpretation, Turn
from resay.label.corrections import corrections
from resay.label.goal_model import GoalJudgement

NOON = datetime(2026, 9, 7, 12, tzinfo=UTC)
WRONG = Interpretation("play", "music", {"artist": "mad donna"})
RIGHT = Interpretation("play", "music", {"artist": "madonna"})


def _turns(*readings: Interpretation | None) -> list[Turn]:
    return [
        Turn(f"t{place}", "anna", NOON + timedelta(seconds=place), "play", interpretations=(each,) if each else ())
        for place, each in enumerate(readings)
    ]


def _judged(*told: tuple[int, float, float]) -> list[GoalJudgement]:
    return [GoalJudgement(f"t{place}", goal, 0.5, success, defect, 0.5) for place, (goal, success, defect) in enumerate(told)]


def test_the_reached_reading_corrects_the_value():
    """The second try reached the goal: the first should have been taken to mean the same."""
    (found,) = corrections(_turns(WRONG, RIGHT), _judged((0, 0.1, 0.9), (0, 0.9, 0.1)))

    assert (found.turn_id, found.reached_by, found.meant) == ("t0", "t1", RIGHT)
    assert (found.intent_changed, found.slots_changed) == (False, ("artist",))


def test_what_was_not_understood_gets_an_intent():
    """A turn without a reading lacked everything."""
    (found,) = corrections(_turns(None, RIGHT), _judged((0, 0.0, 1.0), (0, 0.9, 0.1)))

    assert (found.intent_changed, found.slots_changed) == (True, ("artist",))


def test_another_goal_or_a_missed_one_corrects_nothing():
    """What was reached is something else, or nothing was."""
    assert list(corrections(_turns(WRONG, RIGHT), _judged((0, 0.1, 0.9), (1, 0.9, 0.1)))) == []
    assert list(corrections(_turns(WRONG, RIGHT), _judged((0, 0.1, 0.9), (0, 0.2, 0.8)))) == []


def test_a_right_turn_is_left_alone():
    """A turn that did not fail needs no correction, whatever follows."""
    assert list(corrections(_turns(WRONG, RIGHT), _judged((0, 0.9, 0.1), (0, 0.9, 0.1)))) == []
