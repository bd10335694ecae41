"""The recorded channel: two sides that share nothing, and who stands in for whom."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from resay.lab.channel import Channel, Said, Side, side_of
from resay.lab.world import QUIET, World, read_world
from tests.lab.small_world import write_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return read_world(write_world(tmp_path))


def test_no_recording_is_on_both_sides(world: World):
    """What is learnt from is never scored on."""
    learning, scoring = (Channel(world, side, speakers=world.speakers).fingerprints for side in Side)

    assert not learning & scoring
    assert len(learning | scoring) == len(world.recordings)


def test_both_sides_have_draws_where_there_are_two(world: World):
    """A phrase that a speaker said more than once can be learnt and scored."""
    sides = side_of(world)

    for phrase in world.phrases:
        for speaker in world.speakers:
            drawn = {
                sides[each.fingerprint] for each in world.recordings if (each.phrase, each.speaker, each.repair) == (phrase, speaker, "")
            }
            assert drawn == {Side.LEARNING, Side.SCORING}


def test_nobody_says_it_exactly_so_again(world: World):
    """A recording that was played is not drawn again; one of the same family stands in."""
    channel = Channel(world, Side.LEARNING, speakers=world.speakers)
    rng = Random(1)
    used: list[str] = []
    while (drawn := channel.draw(Said(1, QUIET), world.speakers["us1"], rng=rng, but=used)) is not None:
        assert drawn.fingerprint not in used
        used.append(drawn.fingerprint)

    assert {world.speakers[each.speaker].family for each in world.recordings if each.fingerprint in used} == {"slt"}


def test_a_badly_served_voice_stands_in_for_no_well_served_one(world: World):
    """Cohorts stay apart, though recordings run out."""
    channel = Channel(world, Side.LEARNING, speakers=["gb1"])

    assert channel.draw(Said(1, QUIET), world.speakers["us1"], rng=Random(1)) is None


def test_what_was_never_said_cannot_be_drawn(world: World):
    """There is no recording of a repair of this phrase."""
    channel = Channel(world, Side.LEARNING, speakers=world.speakers)

    assert channel.draw(Said(4, QUIET, "no_i_said"), world.speakers["us1"], rng=Random(1)) is None
