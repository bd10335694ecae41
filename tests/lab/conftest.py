"""A small world with a stage and a customer, which several tests of the lab share."""

from __future__ import annotations

from random import Random

import pytest

from resay.dialogue.turn import Versions
from resay.lab.assistant import Assistant
from resay.lab.channel import Channel, Side
from resay.lab.conversation import Stage
from resay.lab.customer import Customer, Popularity, make_customer
from resay.lab.logged import House
from resay.lab.world import World, read_world
from tests.lab.small_world import write_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A small world."""
    return read_world(write_world(tmp_path_factory.mktemp("world")))


@pytest.fixture(scope="module")
def stage(world: World) -> Stage:
    """All that conversations in it share, with recordings of the learning side."""
    channel = Channel(world, Side.LEARNING, speakers=world.speakers)
    return Stage(world, Assistant(world.home), channel, Popularity(world, Random(1), weeks=1), House(world.home, Versions()))


@pytest.fixture(scope="module")
def customer(world: World) -> Customer:
    """Somebody who lives in it."""
    return make_customer(world, "c1", rng=Random(4), sessions_daily=1.0)
