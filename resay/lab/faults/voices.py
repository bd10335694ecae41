"""A world's voices and noises by part: those of one part are heard in no other, and every goal and wording is there in all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from resay.lab.linked.home import SmallWorld
from resay.lab.linked.part import Part, dealt
from resay.lab.world import Sound, World


def families_of(world: World, part: Part) -> frozenset[str]:
    """The voice families of a part.

    Raises: SmallWorld, where it has none, or no noise.
    """
    parts = dealt(speaker.family for speaker in world.speakers.values())
    families = frozenset(family for family, its_part in parts.items() if its_part is part)
    if not families or not noises_of(world, part):
        wakes = len(world.false_wakes)
        message = f"a world must have voices and noises for part {part}; it has {len(parts)} voice families, {wakes} false wakes; too few?"
        raise SmallWorld(message)
    return families


def with_voices(world: World, families: Collection[str]) -> World:
    """The world with the voices of these families alone."""
    speakers = {name: speaker for name, speaker in world.speakers.items() if speaker.family in families}
    return replace(world, speakers=speakers, recordings=tuple(each for each in world.recordings if each.speaker in speakers))


def noises_of(world: World, part: Part) -> list[Sound]:
    """The false wakes of a part."""
    parts = dealt(str(number) for number in range(len(world.false_wakes)))
    return [sound for number, sound in enumerate(world.false_wakes) if parts[str(number)] is part]
