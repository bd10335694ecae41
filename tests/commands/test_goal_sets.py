"""Dialogues put together so that it is known where a goal begins, and nothing else gives it away."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from resay.commands.goal_sets import joined_examples, went_well, whole_dialogues
from resay.dialogue.turn import Prompt, Turn
from resay.label.goal_example import GoalExample
from tests.builders import BASE


def _call(name: str, *said: str) -> GoalExample:
    turns = tuple(
        Turn(
            f"{name}.{place}",
            name,
            BASE + timedelta(seconds=10 * place),
            text,
            prompt=Prompt("hello, how may i help") if not place else None,
        )
        for place, text in enumerate(said)
    )
    places = range(len(turns))
    return GoalExample(turns, tuple(not place for place in places), (True,) * len(turns), (False,) * len(turns), True, name)


def test_greetings_and_goodbyes_are_cut_out():
    """A joined dialogue has neither the line that opens a call nor the one that ends it, and time goes on."""
    calls = [_call("a", "cheap food", "in the north", "thank you goodbye"), _call("b", "thai food", "anywhere", "bye")]

    (one,) = joined_examples(calls, 2, rng=Random(9))

    assert sorted(turn.utterance for turn in one.turns) == ["anywhere", "cheap food", "in the north", "thai food"]
    assert all(turn.prompt is None for turn in one.turns)
    assert one.turns[1].at < one.turns[2].at <= one.turns[1].at + timedelta(seconds=60)
    assert one.begins == (True, False, True, False)
    assert one.well is None, "of two calls together nobody said how they went"


def test_every_dialogue_is_used_once():
    """Joining loses nothing and doubles nothing."""
    calls = [_call(name, "cheap food", "in the north") for name in "abcdefg"]

    together = joined_examples(calls, 3, rng=Random(1))

    assert sorted(turn.turn_id for each in together for turn in each.turns) == sorted(turn.turn_id for each in calls for turn in each.turns)
    assert sum(sum(map(bool, each.begins)) for each in together) == len(calls)


def test_steps_of_one_dialogue_are_one_dialogue():
    """Of a dialogue that was judged step by step the longest beginning is the whole, and has one goal."""
    (whole,) = whole_dialogues([_call("a", "cheap food"), _call("a", "cheap food", "in the north")])

    assert whole.begins == (True, False)
    assert whole.defects == (None, None)


def test_a_goal_is_reached_where_any_of_its_turns_reached_it():
    """Of two goals the first was reached at its second try, the other never."""
    turns = _call("a", "one", "two", "three").turns
    example = GoalExample(turns, (True, False, True), (False, True, False), (True, False, True), None, "a")

    assert list(went_well(example)) == [True, False]
