"""Planted requests: what they mean follows from circumstances, or from nothing; and the log tells circumstances, not meanings."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest

from resay.dialogue.cue import CueKind, cues_of, kind_of
from resay.lab.ambiguous import CONTROLS, EXCEPTIONS, AmbiguousHome, Planted, Situation, draw_situation, plant, wanted_by
from resay.lab.ambiguous_talk import Talk
from resay.lab.assistant import Assistant
from resay.lab.linked.confusions import Confusions
from resay.lab.world import VOICE_HOME, read_world

BEGIN = datetime(2026, 9, 7, tzinfo=UTC)
HERE = Situation("kitchen", "tv", "cooking", 7, {"switch.oven": "on"})


@pytest.fixture(scope="module")
def home() -> AmbiguousHome:
    """The home that ships, with requests planted."""
    world = read_world(VOICE_HOME)
    return plant(world, Assistant(world.home), Random(3))


@pytest.mark.parametrize(
    ("kind", "within", "elsewhere"),
    [
        (CueKind.ROOM, "kitchen", replace(HERE, room="office")),
        (CueKind.TYPE, "tv", replace(HERE, device_type="phone")),
        (CueKind.ACTIVITY, "cooking", replace(HERE, activity="working")),
        (CueKind.TIME, "7", replace(HERE, hour=19)),
        (CueKind.STATES, "switch.oven", replace(HERE, states={"switch.oven": "off"})),
    ],
)
def test_the_same_words_mean_another_thing_elsewhere(kind: CueKind, within: str, elsewhere: Situation):
    """By the one circumstance on which they depend, and no other."""
    usual = Planted("the usual", kind, frozenset({within}), ("lamp", "radio"), False)
    others = [replace(HERE, room="office", hour=19), replace(HERE, device_type="phone", activity="working")]

    assert (usual.goal(HERE), usual.goal(elsewhere)) == ("lamp", "radio")
    assert all(usual.goal(each) == "lamp" for each in others) == (kind is CueKind.STATES)


def test_a_few_mean_the_other_thing():
    """As often as is stated; words that mean one thing mean that."""
    usual, plain = Planted("x", CueKind.TIME, frozenset({"7"}), ("lamp", "radio"), False), Planted("y", None, frozenset(), ("lamp",), False)
    rng = Random(1)
    meant = Counter(wanted_by(usual, HERE, rng) for _ in range(5_000))

    assert meant["radio"] / 5_000 == pytest.approx(EXCEPTIONS, abs=0.01)
    assert {wanted_by(plain, HERE, rng) for _ in range(50)} == {"lamp"}


def test_every_kind_is_planted_beside_words_that_depend_on_nothing(home: AmbiguousHome):
    """Refused ones and understood ones; what is said instead is understood wherever one is."""
    kinds = Counter(each.by for each in home.planted)

    assert all(kinds[kind] >= 2 for kind in CueKind)
    assert 0 < kinds[None] <= CONTROLS
    for each in home.planted:
        understood = [home.assistant.understand(each.text, room).done for room in home.rooms]
        assert set(understood) == ({home.action(each.goals[0])} if each.is_silent else {None}), each
    for goal, text in home.wordings.items():
        assert {home.assistant.understand(text, room).done for room in home.rooms} == {home.action(goal)}


def test_the_log_tells_circumstances_and_no_meaning(home: AmbiguousHome):
    """All kinds of cues in every turn; what was wanted stands apart."""
    talk = Talk(home, Confusions([]), begin=BEGIN, rng=Random(5))
    turns = talk.turns(customers=4, days=3, prefix="c")
    asked = list(talk.asked(customers=2, requests=3, day=3, prefix="other"))

    assert all({kind_of(cue) for cue in cues_of(each.context)} == {*CueKind} for each in turns)
    assert all(not each.unknown for each in turns)
    assert not {each.customer_id for each in turns} & {each.turn.customer_id for each in asked}
    assert all(talk.right(home.wordings[each.goal], each) for each in asked)


def test_situations_are_drawn_from_all_of_the_home(home: AmbiguousHome):
    """Every room, and every hour."""
    rng = Random(2)
    drawn = [draw_situation(home, rng) for _ in range(500)]

    assert {each.room for each in drawn} == set(home.rooms)
    assert len({each.hour for each in drawn}) == 24
