"""The reference that knows the truth: rewrites what enough customers were heard to say, to what they wanted."""

from __future__ import annotations

import pytest

from resay.dialogue.rewrite import BeforeRequest, Heard
from resay.dialogue.turn import Context, Turn
from resay.lab.assistant import Assistant
from resay.lab.conversation import Exchange, Truth
from resay.lab.customer import Try
from resay.lab.oracle import OracleTable, Witness
from resay.lab.world import World, read_world
from tests.builders import BASE
from tests.lab.small_world import write_world

LIGHTS = ("turn on the corner lights", "kitchen")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return read_world(write_world(tmp_path_factory.mktemp("world")))


@pytest.fixture(scope="module")
def assistant(world: World) -> Assistant:
    return Assistant(world.home)


def _heard(text: str, goal: str, *, customers: int, room: str = "kitchen") -> list[Exchange]:
    truth = Truth("t", goal, None, "no_match", "asr", Try.FIRST, "f", "us", True)
    return [Exchange(Turn("t", f"c{each}", BASE, text, context=Context(room=room)), truth) for each in range(customers)]


def test_it_needs_ten_customers(world: World, assistant: Assistant):
    """Nine are not enough, however often they said it."""
    witness = Witness({})
    witness.see(_heard("turn on the corner lights", "lights_on", customers=9) * 5)
    before = witness.table(world, assistant)

    witness.see(_heard("turn on the corner lights", "lights_on", customers=10))

    assert before == {}
    assert witness.table(world, assistant) == {LIGHTS: "turn on the counter lights"}


def test_it_follows_the_majority_and_noise_has_a_say(world: World, assistant: Assistant):
    """A text that mostly is noise is left alone, whoever else said it."""
    witness = Witness({})

    witness.see(_heard("turn on the corner lights", "lights_on", customers=10))
    witness.see(_heard("turn on the corner lights", "", customers=11))

    assert witness.table(world, assistant) == {}


def test_what_works_is_left_alone(world: World, assistant: Assistant):
    """Nothing to gain."""
    witness = Witness({})

    witness.see(_heard("counter lights on", "lights_on", customers=20))

    assert witness.table(world, assistant) == {}


def test_it_answers_by_text_and_room():
    """The same text in another room may mean another thing."""
    table = OracleTable({LIGHTS: "turn on the counter lights"})

    def answer(room: str) -> str:
        heard = Heard("t", "c", BASE, "Turn on the corner lights!", context=Context(room=room))
        return table(BeforeRequest(heard), BASE).utterance

    assert answer("kitchen") == "turn on the counter lights"
    assert answer("hallway") == "Turn on the corner lights!"
