"""What is true of a pair of wordings: by what was wanted, and by what the real NLU would do."""

from __future__ import annotations

import pytest

from resay.dialogue.turn import Context, Turn
from resay.lab.assistant import Assistant
from resay.lab.conversation import Exchange, Truth
from resay.lab.customer import Try
from resay.lab.judged import Judged
from resay.lab.world import World, read_world
from tests.builders import BASE
from tests.lab.small_world import write_world

CORNER, COUNTER, LOCK = "turn on the corner lights", "turn on the counter lights", "lock the front door"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return read_world(write_world(tmp_path_factory.mktemp("world")))


@pytest.fixture
def judged(world: World) -> Judged:
    """Five who said `CORNER`: three wanted the lights, one the lock, and one was noise; none was understood."""
    judged = Judged(world, Assistant(world.home))
    judged.see([heard(world, CORNER, goal) for goal in ("lights_on", "lights_on", "lights_on", "lock_up", "")])
    return judged


def heard(world: World, text: str, goal: str, outcome: str = "no_match") -> Exchange:
    wanted = world.goals[goal].action if goal else None
    truth = Truth("t", goal, wanted, outcome, "asr", Try.FIRST, "f", "us", True)
    return Exchange(Turn("t", "c", BASE, text, context=Context(room="kitchen")), truth)


def test_a_rewrite_is_right_if_it_does_what_most_wanted(judged: Judged):
    """Three of five; the lock is wanted by one, and what is not understood by nobody but the noise."""
    assert judged.is_wanted(CORNER)
    assert judged.is_right(CORNER, COUNTER)
    assert not judged.is_right(CORNER, LOCK)
    assert not judged.is_right(CORNER, "secure the house")


def test_without_a_majority_no_rewrite_is_needed(judged: Judged, world: World):
    """Three of seven are not most."""
    judged.see([heard(world, CORNER, "lock_up"), heard(world, CORNER, "lock_up")])

    assert not judged.is_wanted(CORNER)
    assert not judged.is_right(CORNER, COUNTER)


def test_what_mostly_works_needs_none(judged: Judged, world: World):
    """Though another wording would work as well."""
    judged.see([heard(world, "counter lights on", "lights_on", "correct")] * 3)

    assert judged.is_known("counter lights on")
    assert not judged.is_wanted("counter lights on")
    assert not judged.is_right("counter lights on", COUNTER)


def test_of_two_turns_nothing_is_said(judged: Judged, world: World):
    """Nor of none."""
    judged.see([heard(world, "let the be light", "lights_on")] * 2)

    assert not judged.is_known("let the be light")
    assert not judged.is_wanted("let the be light")
    assert not judged.is_wanted("never heard")


def test_a_rewrite_of_one_room_is_judged_there(judged: Judged):
    """Where nobody said it, it is not right."""
    assert judged.is_right(CORNER, COUNTER, room="kitchen")
    assert not judged.is_right(CORNER, COUNTER, room="hallway")
