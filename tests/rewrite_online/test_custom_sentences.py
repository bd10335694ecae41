"""Rewrites as custom sentences, read by hassil beside Home Assistant's own sentences: each is taken for what its target is taken for."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hassil import Intents, recognize_best
from hassil.recognize import RecognizeResult
from home_assistant_intents import get_intents

from resay.dialogue.rewrite import Rewrite
from resay.dialogue.state import interpretation_key
from resay.dialogue.text import canonical
from resay.dialogue.turn import Interpretation
from resay.lab.home import Home
from resay.lab.templates import names_of
from resay.lab.world import read_world
from rewrite_online.custom_sentences import SAY_INTENT, custom_sentences, yaml_of
from tests.builders import rewrite
from tests.lab.small_world import write_world

TARGETS = {
    "let there be light": "turn on the counter lights",
    "it's too dark in here": "turn on the lights in the kitchen",
    "secure the house": "lock the front door",
    "let's hear 20 percent": "set volume to 20 percent",
    "éteins ça": "turn off the counter lights",
    "null": "never mind",
    "yes": "unlock the front door",
    "- {a} [b|c] <d>: \"'#": "add milk to my shopping list",
}
"""Wordings that failed, and wordings that work."""

INTENTS = {"HassTurnOn", "HassTurnOff", "HassNevermind", "HassSetVolume", "HassListAddItem"}
"""Intents of Home Assistant that are tried: all of them take seconds a text."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A kitchen and a hallway."""
    return read_world(write_world(tmp_path_factory.mktemp("world"))).home


def understood(text: str, home: Home, *more: str, room: str = "kitchen") -> tuple[str, dict[str, Any]] | None:
    """What Home Assistant's sentences, with files of custom ones, take a text for."""
    sentences: dict[str, Any] = {**(get_intents("en") or {})}
    intents = {name: {**intent, "data": list(intent["data"])} for name, intent in sentences["intents"].items() if name in INTENTS}
    for each in more:
        for name, intent in yaml.safe_load(each)["intents"].items():
            intents.setdefault(name, {"data": []})["data"] += intent["data"]
    found: RecognizeResult | None = recognize_best(
        text,
        Intents.from_dict(sentences | {"intents": intents}),
        slot_lists=names_of(home),
        intent_context={"area": {"value": room, "text": room}},
        language="en",
    )
    return None if found is None else (found.intent.name, {name: entity.value for name, entity in found.entities.items()})


def learnt(source: str, home: Home) -> Rewrite:
    """The rewrite that a log of that assistant teaches."""
    meaning = understood(TARGETS[source], home)
    assert meaning is not None, "the target works"
    intent, slots = meaning
    return rewrite(source, TARGETS[source], state=interpretation_key(Interpretation(intent, "home", slots)))


def file_of(*rewrites: Rewrite) -> str:
    return yaml_of(custom_sentences(rewrites).sentences, language="en", title="of a test")


def test_each_sentence_is_taken_for_what_its_target_is(home: Home):
    """Intent and slots are those of the wording that works; without the file the words are not understood so."""
    wanted = {source: understood(target, home) for source, target in TARGETS.items()}
    everything = file_of(*(learnt(each, home) for each in TARGETS))

    assert {source: understood(canonical(source), home, everything) for source in TARGETS} == wanted
    assert not [source for source in TARGETS if understood(canonical(source), home) == wanted[source]]


def test_where_no_intent_is_known_the_sentence_says_what_to_say(home: Home):
    """Home Assistant's own logs name no intent: the sentence is one of an intent that hands the other words on."""
    unread = rewrite("let there be light", "turn on the counter lights", state="?|turn on the counter lights|")

    assert understood("let there be light", home, file_of(unread)) == (SAY_INTENT, {"say": "turn on the counter lights"})


def test_a_rewrite_of_one_room_holds_in_that_room(home: Home):
    """And one that is spared in a room does not hold there."""
    there = file_of(rewrite("let there be light", state='home|HassTurnOn|{"area":"kitchen"}', room="kitchen"))
    elsewhere = file_of(rewrite("let there be light", state='home|HassTurnOn|{"area":"kitchen"}', not_rooms=("kitchen",)))

    assert understood("let there be light", home, there) == ("HassTurnOn", {"area": "kitchen"})
    assert understood("let there be light", home, there, room="hallway") is None
    assert understood("let there be light", home, elsewhere, room="hallway") == ("HassTurnOn", {"area": "kitchen"})
    assert understood("let there be light", home, elsewhere) is None


def test_what_cannot_be_a_sentence_is_left_out_and_counted():
    """A sentence knows neither what was asked, nor on what it is heard, nor whose it is."""
    made = custom_sentences(
        [
            rewrite("north", prompt_kind="area"),
            rewrite("louder", device_type="speaker"),
            rewrite("softer", not_device_types=("speaker",)),
            rewrite("again", not_cohorts=("gb",)),
        ]
    )

    assert made.sentences == ()
    assert made.left_out == {
        "answers a question of the assistant": 1,
        "holds on some kinds of device only": 2,
        "does not hold for some customers": 1,
    }


def test_a_file_without_sentences_is_one_too(home: Home):
    """Nothing has been learnt yet, and Home Assistant goes on as before."""
    assert understood("turn on the counter lights", home, file_of()) == understood("turn on the counter lights", home)
