"""Live against recorded: our reading of the home agrees with the recordings, and the log that ships is made of one side each."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from resay.lab.assistant import Assistant
from resay.lab.channel import Side, side_of
from resay.lab.shipped import SHIPPED, read_later
from resay.lab.world import World, judge, read_world
from tests.builders import BASE

VOICE_HOME = Path(__file__).parents[3] / "shared" / "data" / "voice_home"

SAMPLE = 100
"""One recording in so many: about four hundred, at five to ten milliseconds each."""

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not VOICE_HOME.exists(), reason=f"{VOICE_HOME} is not there: the recordings do not ship with the project"),
]


@pytest.fixture(scope="module")
def world() -> World:
    return read_world(VOICE_HOME)


def _sampled() -> list[dict[str, Any]]:
    lines = gzip.decompress((VOICE_HOME / "recordings.jsonl.gz").read_bytes()).splitlines()
    return [msgspec.json.decode(line) for line in lines if int.from_bytes(hashlib.blake2b(line).digest()[:4]) % SAMPLE == 0]


def test_the_live_assistant_gives_every_recorded_outcome(world: World):
    """Status, intent, unknown words, action and outcome of a sample of recordings: the live assistant says the same."""
    assistant = Assistant(world.home)
    for recorded in _sampled():
        goal = world.goals[world.phrases[recorded["p"]].goal]
        meaning = assistant.understand(recorded["h"], goal.room)

        assert meaning.reach == recorded["st"]
        assert meaning.intent == (recorded.get("i") or "")
        assert judge(meaning, goal.action) == recorded["o"]
        if recorded["st"] == "unresolved":
            assert meaning.unknown == {slot: " ".join(words.split()) for slot, words in recorded["un"].items() if words != "<missing>"}
        if recorded.get("a"):
            assert meaning.action is not None
            assert meaning.action.as_json() == recorded["a"]


def test_scored_turns_of_the_log_that_ships_are_of_the_scoring_side(world: World):
    """No recording of the learning weeks is among them."""
    sides = side_of(world)
    truth = read_later(SHIPPED, now=BASE).truth

    assert {sides[each.recording] for each in truth.values() if each.recording} == {Side.SCORING}


def test_both_sides_have_every_phrase(world: World):
    """No phrase can only be learnt, or only be scored."""
    sides = side_of(world)
    phrases = {side: {each.phrase for each in world.recordings if sides[each.fingerprint] is side} for side in Side}

    assert phrases[Side.LEARNING] == phrases[Side.SCORING] == set(world.phrases)
