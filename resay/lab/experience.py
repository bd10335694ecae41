"""What people know from trying: which wordings work for a voice like theirs, and which goals hardly ever do.

A summary of the world's recordings, and so of the truth: customers act on it, and no log states it. Their lives are longer than the weeks
that are learnt from, so recordings of both sides count; how people choose their second tries in the learning weeks is shaped by both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from resay.lab.world import Speaker, World

Voice = tuple[str, bool]
"""Family of a speaker, and whether the recogniser serves them well."""

HOPELESS_MAX = 0.2
"""Goals that even the best wording reaches less often than this hardly ever work. Made up: `voice_home` has none from 0.27 to 0.43."""


@dataclass(frozen=True, slots=True)
class Experience:
    """How often each wording worked, by voice."""

    works: Mapping[Voice, Mapping[int, float]] = field(default_factory=dict)
    """By number of the phrase; what was never heard of a voice is not there."""
    hopeless: Mapping[Voice, frozenset[str]] = field(default_factory=dict)
    """Goals that hardly ever work."""

    def of(self, speaker: Speaker) -> Mapping[int, float]:
        """How often wordings work for those who sound so."""
        return self.works.get(voice_of(speaker), _NOTHING)

    def despairs(self, speaker: Speaker, goal: str) -> bool:
        """Whether a goal hardly ever works for those who sound so."""
        return goal in self.hopeless.get(voice_of(speaker), _NEVER)


NO_EXPERIENCE = Experience()
"""Of people who learn nothing from trying."""

_NOTHING: Mapping[int, float] = {}
_NEVER: frozenset[str] = frozenset()


def voice_of(speaker: Speaker) -> Voice:
    """Who sounds alike, and is heard alike."""
    return speaker.family, speaker.main


def experience_of(world: World) -> Experience:
    """What the people of a world know from trying."""
    tally: dict[Voice, dict[int, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for recording in world.recordings:
        if not recording.repair:
            tally[voice_of(world.speakers[recording.speaker])][recording.phrase][recording.outcome == "correct"] += 1
    works = {voice: {phrase: right / (wrong + right) for phrase, (wrong, right) in heard.items()} for voice, heard in tally.items()}
    return Experience(works, {voice: _hopeless(world, rates) for voice, rates in works.items()})


def _hopeless(world: World, rates: Mapping[int, float]) -> frozenset[str]:
    best = {goal: max((rates.get(phrase.number, 0.0) for phrase in world.phrases_of(goal)), default=0.0) for goal in world.goals}
    return frozenset(goal for goal, rate in best.items() if rate < HOPELESS_MAX)
