"""People who are planted in a world: they want one thing, say it in one of two wordings, and are heard as they speak.

What is heard is made up, so that a case has the evidence that it is about whatever the recogniser made of the world's phrases.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random

from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Risk
from resay.dialogue.risk import risk_of
from resay.dialogue.text import canonical
from resay.lab.assistant import Assistant
from resay.lab.cast import Cast, Casting, casts
from resay.lab.scenarios.venue import Venue
from resay.lab.world import QUIET, Goal, Phrase, Recording, Sound, Speaker, World

SESSIONS_DAILY = 1.5
"""Sessions of one of them on a day: twice the usual, so that two weeks are enough for a case."""

RECORDINGS = 24
"""Of each wording and speaker: half serve learning, and nobody tries so often that they run out."""

SPEECH_S = 1.5
"""Length of what is heard. Made up."""

SEEDS_APART = 7_000_003
"""Between the seeds of crowds, so that no two people have one name."""


class NoSuchCase(ResayError):
    """The world has nothing that this case could be about."""


@dataclass(frozen=True, slots=True)
class Case:
    """A wording that the assistant refuses, what it means, and what it could be mistaken for."""

    source: str
    """Refused."""
    goal: Goal
    target: str
    """By it the goal is reached."""
    wrong_goal: Goal
    """Another one in the same room."""
    wrong_target: str
    """By it the other one is reached."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """People who want one goal."""

    number: int
    """Tells crowds apart."""
    wants: Goal
    wordings: tuple[str, str]
    """What they mostly say for it, and what they try where that is refused."""
    size: int
    cohort: str = ""
    """Of which voices; empty: of all that are well served."""


def cases(world: World, assistant: Assistant, *, seed: int) -> Iterator[Case]:
    """Cases of low risk, in an order drawn by chance; each about another goal.

    Raises: NoSuchCase, once there are no more.
    """
    served = [(goal, target) for goal in world.goals.values() if (target := _wording(goal, world, assistant, served=True))]
    Random(f"{seed}/cases").shuffle(served)
    for goal, target in served:
        source = _wording(goal, world, assistant, served=False)
        others = [(other, text) for other, text in served if other.room == goal.room and other.action != goal.action]
        if source and others:
            yield Case(source, goal, target, *others[0])
    message = (
        "the world must have a room with two goals that are reached, one of which is also put in words that are refused; it has no more"
    )
    raise NoSuchCase(message)


def crowd(venue: Venue, who: Crowd, *, days: int) -> Cast:
    """These people, for so many days."""
    wants, voices = who.wants, _voices(venue.world, who.cohort)
    # The first stands as supported: they know no better, and the assistant's refusal is what tells them.
    phrases = {place: Phrase(place, wants.name, text, "T", supported=not place) for place, text in enumerate(who.wordings)}
    heard = tuple(_recordings(phrases, voices))
    world = replace(venue.world, goals={wants.name: wants}, phrases=phrases, speakers=voices, recordings=heard, repairs=(), false_wakes=())
    seed = venue.seed + SEEDS_APART * (who.number + 1)
    cast, _ = casts(world, venue.assistant, Casting(seed, who.size, days))
    people = [replace(each, sessions_daily=SESSIONS_DAILY) for each in cast.customers[: who.size]]
    return replace(cast, customers=people, members={each.customer_id: cast.members[each.customer_id] for each in people})


def everyone(venue: Venue, days: int) -> Cast:
    """The world's own customers."""
    return casts(venue.world, venue.assistant, Casting(venue.seed, venue.customers, days))[0]


def _voices(world: World, cohort: str) -> dict[str, Speaker]:
    return {name: each for name, each in world.speakers.items() if each.cohort == cohort or (not cohort and each.main)}


def _recordings(phrases: Mapping[int, Phrase], voices: Mapping[str, Speaker]) -> Iterator[Recording]:
    for phrase in phrases.values():
        for speaker in voices:
            for draw in range(RECORDINGS):
                name = f"crowd/{phrase.text}/{speaker}/{draw}"
                fingerprint = hashlib.blake2b(name.encode(), digest_size=6).hexdigest()
                sound = Sound(text=canonical(phrase.text), others=(), score=0.9, duration_s=SPEECH_S)
                yield Recording(fingerprint, phrase.number, speaker, QUIET, "", sound, "correct", "nlu")


def _wording(goal: Goal, world: World, assistant: Assistant, *, served: bool) -> str | None:
    """The first wording of a goal that reaches it, or one that is refused; none of high risk."""
    for phrase in world.phrases_of(goal.name):
        text = canonical(phrase.text)
        done = assistant.understand(text, goal.room).done
        if (done == goal.action if served else done is None) and risk_of("", text) is Risk.LOW:
            return text
    return None
