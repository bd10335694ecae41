"""What is in a world, and whether it will do: counts, and checks of what a simulation needs of it. Asks the assistant; changes nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from resay.lab.assistant import Assistant
from resay.lab.channel import Side, side_of
from resay.lab.world import QUIET, World, judge

SAMPLE_MAX = 200
"""Recordings that are understood anew: a second or two."""

AGREE_MIN = 0.98
"""Other versions of the assistant's sentences may understand a little otherwise; more, and the recordings are of another assistant."""

NAMED_MAX = 5
"""So many of what fails a check are named."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that a simulation needs."""

    name: str
    good: bool
    found: str
    """What is there, or what is not."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What is in a world."""

    counts: Mapping[str, int]
    phrases: Mapping[str, int]
    """By tag."""
    speakers: Mapping[str, int]
    """By cohort."""
    recordings: Mapping[str, int]
    """By condition; those in a repair form apart."""
    outcomes: Mapping[str, int]
    """Recordings by outcome."""
    checks: tuple[Check, ...]

    @property
    def good(self) -> bool:
        """Whether all checks are passed."""
        return all(check.good for check in self.checks)


def survey(world: World, assistant: Assistant) -> Survey:
    """Count and check a world."""
    home = world.home
    counts = {
        "rooms": len(home.rooms),
        "devices": len(home.devices),
        "titles": len(home.media),
        "goals": len(world.goals),
        "phrases": len(world.phrases),
        "speakers": len(world.speakers),
        "main_speakers": sum(each.main for each in world.speakers.values()),
        "voice_families": len({each.family for each in world.speakers.values()}),
        "recordings": len(world.recordings),
        "repair_forms": len(world.repairs),
        "false_wakes": len(world.false_wakes),
    }
    return Survey(
        counts=counts,
        phrases=_sorted(Counter(each.tag for each in world.phrases.values())),
        speakers=_sorted(Counter(each.cohort for each in world.speakers.values())),
        recordings=_sorted(Counter("repair" if each.repair else each.condition for each in world.recordings)),
        outcomes=_sorted(Counter(each.outcome for each in world.recordings)),
        checks=tuple(_checks(world, assistant)),
    )


def _checks(world: World, assistant: Assistant) -> Iterator[Check]:
    yield _both_sides(world)
    yield _speakers(world)
    main = [each for each in world.speakers.values() if each.main]
    families = {each.family for each in main}
    yield Check("a voice family can be left out", len(families) > 1, f"{len(families)} families of well-served speakers")
    unknown = {each.repair for each in world.recordings if each.repair} - set(world.repairs)
    yield Check("repair forms are told of", not unknown, _named("not told of", sorted(unknown)))
    yield _typed(world, assistant)
    yield _recorded(world, assistant)


def _both_sides(world: World) -> Check:
    """Learning and scoring draw from different recordings, and neither may lack a phrase."""
    sides = side_of(world)
    said = {
        side: {each.phrase for each in world.recordings if sides[each.fingerprint] is side and each.condition == QUIET} for side in Side
    }
    lacking = [str(number) for number in world.phrases if any(number not in said[side] for side in Side)]
    return Check("every phrase can be learnt and scored", not lacking, _named(f"phrases not said in `{QUIET}` on both sides", lacking))


def _speakers(world: World) -> Check:
    heard = {each.speaker for each in world.recordings}
    return Check("every speaker is recorded", world.speakers.keys() <= heard, _named("not recorded", sorted(world.speakers.keys() - heard)))


def _typed(world: World, assistant: Assistant) -> Check:
    """What the files say of typed phrases is what the assistant here does."""
    otherwise = []
    for phrase in world.phrases.values():
        goal = world.goals[phrase.goal]
        if (judge(assistant.understand(phrase.text, goal.room), goal.action) == "correct") is not phrase.supported:
            otherwise.append(str(phrase.number))
    enough = len(otherwise) <= (1 - AGREE_MIN) * len(world.phrases)
    return Check("typed phrases are understood as the world says", enough, _named("phrases understood otherwise", otherwise))


def _recorded(world: World, assistant: Assistant) -> Check:
    """Outcomes of recordings, of which some are taken by a hash, are those of the assistant here."""
    sample = sorted(world.recordings, key=lambda each: hashlib.blake2b(each.fingerprint.encode()).digest())[:SAMPLE_MAX]
    alike = 0
    for each in sample:
        goal = world.goals[world.phrases[each.phrase].goal]
        alike += judge(assistant.understand(each.sound.text, goal.room), goal.action) == each.outcome
    return Check("recorded outcomes are the assistant's", alike >= AGREE_MIN * len(sample), f"{alike} of {len(sample)} agree")


def _named(what: str, names: list[str]) -> str:
    if not names:
        return "all"
    more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    return f"{len(names)} {what}: {', '.join(names[:NAMED_MAX])}{more}"


def _sorted(counted: Mapping[str, int]) -> dict[str, int]:
    """The most frequent first."""
    return dict(sorted(counted.items(), key=lambda each: (-each[1], each[0])))
