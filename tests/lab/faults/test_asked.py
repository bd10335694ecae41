"""Sessions of assistants that ask, as examples: where each turn failed."""

from __future__ import annotations

from failure_point.point import FailurePoint
from resay.dialogue.session import Session
from resay.lab.faults.asked import asked_examples
from resay.lab.linked.session import Came, LinkedSession
from tests.builders import turn


def test_turns_of_which_it_is_not_known_where_they_failed_are_left_out():
    """What was misheard is so named, and a turn without a point is context alone."""
    turns = (turn("noodels please", at=0), turn("yes", at=6), turn("noodles", at=12))
    came = {0: Came(True, False, False, FailurePoint.ASR), 1: Came(False, True, False), 2: Came(False, True, True, FailurePoint.CORRECT)}

    (example,) = asked_examples([LinkedSession(Session("c1", turns), (), {}, "asked-1", came)])

    assert example.points == {turns[0].turn_id: FailurePoint.ASR, turns[2].turn_id: FailurePoint.CORRECT}
    assert (example.group, example.source, example.traffic) == ("asked-1", "asked-1", "asked-1")
