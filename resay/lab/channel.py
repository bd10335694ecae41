"""The recorded channel: a phrase said by a voice becomes what a real recogniser heard.

Holds the recordings of one side only, learning or scoring, so that no recording can serve both.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from random import Random
from typing import NamedTuple

from resay.lab.world import Recording, Sound, Speaker, World


class Side(StrEnum):
    """What a recording may be used for."""

    LEARNING = "learning"
    SCORING = "scoring"


class Said(NamedTuple):
    """What a customer wants to be heard."""

    phrase: int
    condition: str
    repair: str = ""


def side_of(world: World) -> dict[str, Side]:
    """The side of each recording, by fingerprint: the same in every run and on every machine.

    The recordings of one phrase by one speaker go to the two sides in turn, in the order of their condition and fingerprint,
    beginning with the side that a hash of phrase and speaker names. So both sides have draws wherever there are two,
    and where there is one the hash decides.
    """
    groups: dict[tuple[int, str, bool], list[Recording]] = defaultdict(list)
    for recording in world.recordings:
        groups[recording.phrase, recording.speaker, bool(recording.repair)].append(recording)
    sides = (Side.LEARNING, Side.SCORING)
    placed: dict[str, Side] = {}
    for key, recordings in groups.items():
        first = hashlib.blake2b(repr(key).encode(), digest_size=1).digest()[0]
        ordered = sorted(recordings, key=lambda each: (each.condition, each.fingerprint))
        placed |= {each.fingerprint: sides[(first + place) % 2] for place, each in enumerate(ordered)}
    return placed


def false_wakes_of(world: World, side: Side) -> list[Sound]:
    """The false wakes of one side: every other one, as they come."""
    return list(world.false_wakes[0 if side is Side.LEARNING else 1 :: 2])


class Channel:
    """Draws recordings of one side."""

    def __init__(self, world: World, side: Side, *, speakers: Collection[str]) -> None:
        """Index the recordings of these speakers."""
        sides = side_of(world)
        self._by_voice: dict[tuple[Said, str], list[Recording]] = defaultdict(list)
        self._pools: dict[tuple[Said, str], Sequence[Sequence[Recording]]] = {}
        self.fingerprints: set[str] = set()
        for recording in world.recordings:
            if sides[recording.fingerprint] is side and recording.speaker in speakers:
                self._add(recording, world.speakers[recording.speaker])

    def _add(self, recording: Recording, speaker: Speaker) -> None:
        said = Said(recording.phrase, recording.condition, recording.repair)
        for voice in (speaker.name, _family(speaker), _served(speaker)):
            self._by_voice[said, voice].append(recording)
        self.fingerprints.add(recording.fingerprint)

    def draw(self, said: Said, speaker: Speaker, *, rng: Random, but: Collection[str] = ()) -> Recording | None:
        """A recording of this phrase by this voice, none of those in `but`; None where no voice like it ever said it so.

        Where the speaker has none left, one of the same voice family stands in, then one that the recogniser serves as well:
        a speaker said each phrase one to four times, and a customer says it for weeks.
        """
        key = (said, speaker.name)
        pools = self._pools.get(key)
        if pools is None:
            pools = self._pools[key] = self._voices_like(said, speaker)
        for pool in pools:
            fresh = [each for each in pool if each.fingerprint not in but] if but else pool
            if fresh:
                return rng.choice(fresh)
        return None

    def _voices_like(self, said: Said, speaker: Speaker) -> Sequence[Sequence[Recording]]:
        """The recordings of the speaker, of their family, and of all who are served so; those that there are."""
        voices = (speaker.name, _family(speaker), _served(speaker))
        return [self._by_voice[said, voice] for voice in voices if (said, voice) in self._by_voice]


def main_speakers(speakers: Iterable[Speaker]) -> list[Speaker]:
    """The speakers whom the recogniser serves well."""
    return [speaker for speaker in speakers if speaker.main]


def _family(speaker: Speaker) -> str:
    # Members of a family are served differently, and a badly served voice must not stand in for a well served one.
    return f"family:{speaker.family}:{speaker.main}"


def _served(speaker: Speaker) -> str:
    return f"served:{speaker.main}"
