"""Live against recorded: our reading of the home agrees with the recordings of the world that ships."""

from __future__ import annotations

import gzip
import hashlib
import json
from functools import lru_cache, partial
from typing import Any

import msgspec
import pytest

from resay.lab.action import Action, Reach, resolve
from resay.lab.assistant import Assistant
from resay.lab.channel import Side, side_of
from resay.lab.habits import LIVELY, read_habits
from resay.lab.home import Home
from resay.lab.templates import Templates
from resay.lab.understood import Meaning
from resay.lab.world import VOICE_HOME, World, judge, read_world

SAMPLE = 100
"""One recording in so many: about four hundred, at five to ten milliseconds each, and their further hypotheses."""

SHARES = 32
"""All recordings take a quarter of an hour of one core, so every run compares one share, and `pytest -m exhaustive` the others."""


@pytest.fixture(scope="module")
def world() -> World:
    return read_world(VOICE_HOME)


@pytest.fixture(scope="module")
def assistant(world: World) -> Assistant:
    return Assistant(world.home)


@pytest.fixture(scope="module")
def templates(world: World) -> Templates:
    return Templates(world.home)


def _recorded() -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in gzip.decompress((VOICE_HOME / "recordings.jsonl.gz").read_bytes()).splitlines()]


def _sampled() -> list[dict[str, Any]]:
    """Some recordings, by a hash of each."""
    return [line for line in _recorded() if int.from_bytes(hashlib.blake2b(repr(line).encode()).digest()[:4]) % SAMPLE == 0]


def _live(meaning: Meaning, wanted: Action) -> dict[str, Any]:
    """What the live assistant makes of a text, in the fields of a recording."""
    outcome = judge(meaning, wanted)
    made: dict[str, Any] = {"st": meaning.reach.value, "o": outcome}
    if meaning.intent:
        made["i"] = meaning.intent
    if meaning.action and outcome != "correct":
        made["a"] = json.loads(json.dumps(meaning.action.as_json()))
    if meaning.unknown:
        made["un"] = dict(meaning.unknown)
    return made


def _as_recorded(line: dict[str, Any]) -> dict[str, Any]:
    """The same of a recording, without the spaces at the ends of unknown words and the slots for which there were none."""
    made = {key: line[key] for key in ("st", "o", "i", "a") if key in line}
    unknown = {slot: " ".join(words.split()) for slot, words in line.get("un", {}).items() if words != "<missing>"}
    return made | ({"un": unknown} if unknown else {})


def _in_one_pass(templates: Templates, text: str, *, room: str, home: Home) -> Meaning:
    """What a text means to an assistant that does not look for unknown names."""
    whole = templates.whole(text, room)
    if whole is None:
        return Meaning(Reach.NO_MATCH)
    reach, action = resolve(whole.intent, whole.slots, room=room, home=home)
    return Meaning(reach, whole.intent, whole.slots, action=action)


def _assert_alike(recordings: list[dict[str, Any]], *, world: World, assistant: Assistant, templates: Templates) -> None:
    """No recorded outcome differs from the live one, of the first hypothesis or of further ones."""
    assert recordings
    in_one_pass = lru_cache(None)(partial(_in_one_pass, templates, home=world.home))
    for line in recordings:
        goal = world.goals[world.phrases[line["p"]].goal]
        assert _live(assistant.understand(line["h"], goal.room), goal.action) == _as_recorded(line), line["h"]
        for text, outcome in line["nb"]:
            # Further hypotheses were judged without the pass for unknown names, but for those that had been understood before.
            meaning = in_one_pass(text, room=goal.room)
            if outcome == "unresolved" and meaning.reach is Reach.NO_MATCH:
                meaning = assistant.understand(text, goal.room)
            assert (judge(meaning, goal.action), text) == (outcome, text)


def test_the_live_assistant_gives_every_recorded_outcome(world: World, assistant: Assistant, templates: Templates):
    """Status, intent, unknown words, action and outcome of a sample of recordings, and of their further hypotheses."""
    _assert_alike(_sampled(), world=world, assistant=assistant, templates=templates)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0, *(pytest.param(share, marks=pytest.mark.exhaustive) for share in range(1, SHARES))])
def test_the_live_assistant_gives_each_recorded_outcome(share: int, world: World, assistant: Assistant, templates: Templates):
    """The same of all recordings, in shares, so that several workers can take some."""
    # By phrase, as one phrase is heard in the same words again and again, and what was understood is remembered.
    _assert_alike([line for line in _recorded() if line["p"] % SHARES == share], world=world, assistant=assistant, templates=templates)


def test_both_sides_have_every_phrase(world: World):
    """No phrase can only be learnt, or only be scored."""
    sides = side_of(world)
    phrases = {side: {each.phrase for each in world.recordings if sides[each.fingerprint] is side} for side in Side}

    assert phrases[Side.LEARNING] == phrases[Side.SCORING] == set(world.phrases)


def test_the_world_states_the_habits_that_loops_have():
    """Whoever changes the rates changes the file too: a world that says otherwise would go on with the old ones."""
    assert read_habits(VOICE_HOME) == LIVELY
