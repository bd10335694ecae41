"""The log that ships, made again: whatever becomes of the lab, its turns stay as they are, byte for byte."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest

from resay.dialogue.codec import encode, whole
from resay.dialogue.turn import Versions
from resay.lab.assistant import Assistant
from resay.lab.channel import Channel, Side, false_wakes_of
from resay.lab.conversation import Stage
from resay.lab.customer import Customer, Popularity
from resay.lab.logged import House
from resay.lab.making import RECOGNISER, START
from resay.lab.shipped import LEARNING, SHIPPED
from resay.lab.traffic import DAYS_IN_WEEK, Span, population, talk
from resay.lab.world import World, read_world

VOICE_HOME = Path(__file__).parents[3] / "shared" / "data" / "voice_home"

SEED, CUSTOMERS, LEARNING_DAYS, DAYS = 7, 1_100, 28, 42
"""How `resay lab log` made it."""

SAMPLE = 10
"""Customers: each has their own chance, so that some can be made without the others."""

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not VOICE_HOME.exists(), reason=f"{VOICE_HOME} is not there: the recordings do not ship with the project"),
]


def test_customers_of_the_log_that_ships_say_it_again_byte_for_byte():
    """All that ten of them say in four weeks, and nothing else."""
    world = read_world(VOICE_HOME)
    sample = population(world, seed=SEED, customers=CUSTOMERS, days=DAYS)[:SAMPLE]

    made = sorted(_records(world, sample))

    assert made == sorted(_shipped({each.customer_id for each in sample}))
    assert len(made) > 300


def _records(world: World, customers: list[Customer]) -> Iterator[bytes]:
    assistant = Assistant(world.home)
    stage = Stage(
        world=world,
        assistant=assistant,
        channel=Channel(world, Side.LEARNING, speakers=world.speakers),
        popularity=Popularity(world, Random(f"{SEED}/popularity"), weeks=DAYS // DAYS_IN_WEEK + 1),
        house=House(world.home, Versions(asr=RECOGNISER, nlu=assistant.version)),
    )
    wakes = false_wakes_of(world, Side.LEARNING)
    for day in talk(stage, customers, span=Span(START, 0, LEARNING_DAYS), seed=SEED, false_wakes=wakes):
        yield from (encode(whole(each.turn)) for each in day)


class _Said(msgspec.Struct):
    customer_id: str


def _shipped(customers: set[str]) -> Iterator[bytes]:
    for record in gzip.decompress((SHIPPED / LEARNING).read_bytes()).splitlines():
        if msgspec.json.decode(record, type=_Said).customer_id in customers:
            yield record
