"""What early turns of a reached goal should have been taken to mean: the reading with which the goal was reached.

Labels of intent, slot and value that nobody made. Knows judgements and readings; a goal that was not reached corrects nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from resay.dialogue.turn import Interpretation, Turn
from resay.label.goal_model import GoalJudgement

REACHED_FROM = 0.5
"""A goal is called reached where that is likelier than not."""

FAILED_FROM = 0.5


@dataclass(frozen=True, slots=True)
class Correction:
    """What a turn should have been taken to mean."""

    turn_id: str
    reached_by: str
    """The turn whose reading it is."""
    meant: Interpretation
    intent_changed: bool
    """Whether the intent or the domain was wrong, or nothing had been understood."""
    slots_changed: tuple[str, ...]
    """Slots that were missing, too much, or had another value; by name."""
    chance: float
    """That the goal was reached there, and missed here."""


def corrections(turns: Sequence[Turn], judged: Sequence[GoalJudgement]) -> Iterator[Correction]:
    """Corrections of a session's failed turns by the first later turn that reached the same goal."""
    for place, (turn, each) in enumerate(zip(turns, judged, strict=True)):
        if each.defect < FAILED_FROM:
            continue
        reached = next((later for later in range(place + 1, len(turns)) if _reaches(judged[later], each.goal)), None)
        if reached is None or not turns[reached].interpretations:
            continue
        meant = turns[reached].interpretations[0]
        taken = turn.interpretations[0] if turn.interpretations else None
        wrong = taken is None or (taken.domain, taken.intent) != (meant.domain, meant.intent)
        slots = _changed(taken, meant)
        if wrong or slots:
            yield Correction(turn.turn_id, turns[reached].turn_id, meant, wrong, slots, each.defect * judged[reached].success)


def _reaches(each: GoalJudgement, goal: int) -> bool:
    return each.goal == goal and each.success >= REACHED_FROM and each.defect < FAILED_FROM


def _changed(taken: Interpretation | None, meant: Interpretation) -> tuple[str, ...]:
    before = dict(taken.slots) if taken else {}
    names = {*before, *meant.slots}
    absent = object()
    return tuple(sorted(name for name in names if before.get(name, absent) != meant.slots.get(name, absent)))
