"""The sieve before the templates: what it leaves out could not have fitted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hassil import Intents, recognize_all
from hassil.recognize import RecognizeResult
from home_assistant_intents import get_intents
from hypothesis import given, settings
from hypothesis import strategies as st

from resay.lab.home import read_home
from resay.lab.sieve import Sieve
from resay.lab.templates import LANGUAGE, names_of
from tests.lab.small_world import write_world

SPOKEN = (
    "turn on the counter lights",
    "please turn on the counter lights",
    "Turn on the kitchen lights!",
    "counter-lights on",
    "lock the front door",
    "add milk to my shopping list",
    "set a timer for five minutes",
    "what's the weather like",
    "play the silver foxes",
    "never mind",
    "let there be light",
    "",
)

WORDS = sorted({word for text in SPOKEN for word in text.split()} | {"in", "off", "volume", "to", "percent", "is", "all", "30", "open"})


@pytest.fixture(scope="module")
def intents() -> Intents:
    sentences = get_intents(LANGUAGE)
    assert sentences
    return Intents.from_dict(sentences)


@pytest.fixture(scope="module")
def sieve(intents: Intents) -> Sieve:
    return Sieve(intents)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder: Path = tmp_path_factory.mktemp("world")
    return {"slot_lists": names_of(read_home(write_world(folder))), "intent_context": {"area": {"value": "kitchen", "text": "kitchen"}}}


def _readings(text: str, intents: Intents, names: dict[str, object], *, unknown: bool) -> list[tuple[object, ...]]:
    found = recognize_all(text, intents, language=LANGUAGE, allow_unmatched_entities=unknown, **names)  # type: ignore[arg-type]
    return [_plain(each) for each in found]


def _plain(reading: RecognizeResult) -> tuple[object, ...]:
    entities = [(each.name, each.value) for each in reading.entities_list]
    unknown = [(each.name, str(getattr(each, "text", getattr(each, "value", "")))) for each in reading.unmatched_entities_list]
    return reading.intent.name, entities, unknown, reading.response, reading.text_chunks_matched


@pytest.mark.parametrize("text", SPOKEN)
@pytest.mark.parametrize("unknown", [False, True])
def test_what_is_left_says_all_that_was_said_before(text: str, intents: Intents, sieve: Sieve, names: dict[str, object], *, unknown: bool):
    """The same readings of a text in the same order, with unknown names in them and without."""
    assert _readings(text, sieve.for_text(text), names, unknown=unknown) == _readings(text, intents, names, unknown=unknown)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join))
def test_no_text_loses_a_reading(intents: Intents, sieve: Sieve, names: dict[str, object], text: str):
    """Nor do words in any order."""
    assert _readings(text, sieve.for_text(text), names, unknown=False) == _readings(text, intents, names, unknown=False)


def test_most_templates_are_left_out(intents: Intents, sieve: Sieve):
    """Or else it were of no use."""
    left = sum(len(each.data) for each in sieve.for_text("turn on the counter lights").intents.values())

    assert 0 < left < sum(len(each.data) for each in intents.intents.values()) / 5
