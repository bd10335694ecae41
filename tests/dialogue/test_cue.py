"""Cues: what is told of where and when a turn was said, and what says nothing."""

from __future__ import annotations

import pytest

from resay.dialogue.cue import CUE_CHARS_MAX, CUES_MAX, CueKind, cues_of, kind_of, without
from resay.dialogue.turn import Context

OVEN = Context(
    room="Kitchen ",
    device_type="speaker",
    activity="cooking",
    local_time="2026-11-02T18:05",
    device_states={"switch.oven": "On", "tv": False},
)


def test_every_kind_of_circumstance_is_a_cue():
    """In one form, devices by name and by kind, the hour in a narrow and in a wide part of the day."""
    assert cues_of(OVEN) == {
        "room:kitchen",
        "type:speaker",
        "activity:cooking",
        "time:18-21",
        "time:18-24",
        "states:switch.oven=on",
        "states:switch.*=on",
        "states:tv=false",
    }


def test_nothing_known_is_no_cue():
    """No context, or an empty one."""
    assert cues_of(None) == cues_of(Context()) == frozenset()


@pytest.mark.parametrize("kind", list(CueKind))
def test_what_is_left_out_is_as_if_it_were_not_known(kind: CueKind):
    """One kind goes, the others stay."""
    left = cues_of(without(OVEN, [kind]))

    assert {kind_of(each) for each in left} == {*CueKind} - {kind}


@pytest.mark.parametrize(
    ("told", "part"), [("07:30", "time:06-09"), ("2026-11-02 23:59:10", "time:21-24"), ("2026-11-02T00:00+02:00", "time:00-03")]
)
def test_the_hour_is_that_of_the_clock(told: str, part: str):
    """With a date or without one."""
    assert part in cues_of(Context(local_time=told))


@pytest.mark.parametrize("told", ["tonight", "25:00", "2026-11-02", "7"])
def test_a_time_that_cannot_be_read_says_nothing(told: str):
    """It is no fault either."""
    assert cues_of(Context(local_time=told)) == frozenset()


def test_states_may_nest_and_numbers_say_nothing():
    """A level has no bound that would make it a state."""
    told = Context(device_states={"oven": {"power": "on", "celsius": 200, "door": {"open": True}}})

    assert cues_of(told) == {"states:oven.power=on", "states:oven.*=on", "states:oven.door.open=true", "states:oven.*=true"}


def test_no_context_makes_more_cues_than_are_looked_at():
    """However many devices a home has, and however long their names are."""
    many = Context(device_states={f"d{number}": "on" for number in range(1_000)} | {"x" * (CUE_CHARS_MAX + 1): "on"})

    assert len(cues_of(many)) == CUES_MAX
    assert not cues_of(Context(room="r" * (CUE_CHARS_MAX + 1)))
