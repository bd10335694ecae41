"""Parts to the turn."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.dialogue.assembly import assemble
from resay.dialogue.codec import whole
from resay.dialogue.turn import Feedback, Response, ResponseStatus, Turn, TurnPart
from tests.builders import BASE, turn
from tests.strategies import turn_parts


def part(name: str, *, at: float, **content: object) -> TurnPart:
    """A part of turn `t1`, `at` seconds after the base instant."""
    moment = BASE + timedelta(seconds=at)
    return TurnPart(turn=Turn("t1", "c1", moment, **content), fields=frozenset(content), part=name)  # type: ignore[arg-type]


def test_parts_make_up_the_turn():
    """What was said, answered and rated comes together, at the time when the customer spoke."""
    failed = Response(status=ResponseStatus.FAILED)
    parts = [
        part("said", at=0, utterance="hello"),
        part("answered", at=2, response=failed),
        part("rated", at=9, feedback=Feedback(rating=1.0)),
    ]

    assembled = assemble(reversed(parts))

    assert assembled == Turn("t1", "c1", BASE, "hello", response=failed, feedback=Feedback(rating=1.0))


def test_for_each_field_the_later_event_time_wins():
    """A correction overwrites only what it carries."""
    first, correction = part("whole", at=0, utterance="helo", session_id="s1"), part("corrected", at=1, utterance="hello")

    assembled = assemble([correction, first])

    assert assembled == Turn("t1", "c1", BASE, "hello", session_id="s1")


def test_without_words_there_is_no_turn_yet():
    """A turn begins to exist with the part that says what was heard."""
    assert assemble([part("answered", at=2, response=Response())]) is None
    assert assemble([]) is None


def test_a_whole_turn_is_itself():
    """One part that carries all is the turn."""
    said = turn("play madonna", at=5, intent="play")

    assert assemble([whole(said)]) == said


def test_parts_of_two_turns_are_our_own_mistake():
    """Whoever groups parts must group them by turn."""
    with pytest.raises(AssertionError, match="one turn"):
        assemble([whole(turn("a", at=0)), whole(turn("b", at=1))])


@given(st.lists(turn_parts(turn_ids=st.just("t1")), min_size=1, max_size=5, unique_by=lambda part: (part.turn.at, part.part)), st.randoms())
def test_order_and_repeats_change_nothing(parts: list[TurnPart], chance: random.Random):
    """Parts may arrive in any order and any number of times."""
    shaken = parts + chance.choices(parts, k=3)
    chance.shuffle(shaken)

    assert assemble(shaken) == assemble(parts)
