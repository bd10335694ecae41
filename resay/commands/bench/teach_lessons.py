"""Lessons of the lab's customers: what fails for them, taught in many wordings by what would have worked.

Knows the world and wordings; knows nothing of how they are understood.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from resay.commands.bench import teach_wordings, teach_wordings_second
from resay.dialogue.text import canonical
from resay.lab.world import Phrase, World

COINED = (
    "movie night", "bedtime", "lumos", "beam me up", "the usual", "party mode", "good vibes", "nap time", "showtime", "sunrise",
    "lights out", "cosy corner", "big bang", "pancakes", "tea time", "abracadabra", "game day", "home sweet home", "red alert", "chill out",
)  # fmt: skip
"""Words for a request that no assistant could know."""

NAMES = (
    "disco ball", "bertha", "sparkler", "den", "sun corner", "beast", "twinkle", "bat cave", "gizmo", "throne", "lighthouse", "dragon",
    "west wing", "mister bright", "oval office", "snug", "thunder", "bubbles",
)  # fmt: skip
"""Names for things that none in the home has."""

COINED_SHARE = 0.5
"""Lessons whose words are made up; in the others they are what failed."""


class Wordings(StrEnum):
    """Which wordings a lesson is of; the names of their rows."""

    SEEN = "seen"
    """The model was trained on them."""
    UNSEEN = "next-turn"
    """Nothing was trained or chosen on them."""
    SECOND = "next-turn/second"
    """Nor on these, which were written before the wordings of the model that ships, by the same hand."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a customer teaches, and what must come of it."""

    wording: str
    kind: str
    """request, name or correction."""
    of: Wordings
    text: str
    """What they say."""
    before: str
    """What they said just before."""
    words: str
    meaning: str
    asked: str
    """What they say next."""
    wanted: str
    """What must then be handed to the assistant, which does the right thing by it."""


def lessons_of(world: World, seen: Sequence[tuple[str, str]], *, each: int, rng: Random) -> Iterator[Lesson]:
    """So many lessons in each wording: (kind, wording) that were seen, and all that were not."""
    for of, wordings in ((Wordings.SEEN, seen), (Wordings.UNSEEN, unseen()), (Wordings.SECOND, second())):
        for kind, wording in wordings:
            for _ in range(each):
                words, meaning, asked, wanted = _named(world, rng) if kind == "name" else _requested(world, rng, coined=kind == "request")
                text = wording.replace("{words}", words).replace("{meaning}", meaning)
                before = words if kind == "correction" else ""
                yield Lesson(wording, kind, of, text, before, words, meaning, asked, wanted)


def unseen() -> list[tuple[str, str]]:
    """Kinds and wordings that nothing was trained or chosen on."""
    return _lines(teach_wordings.REQUESTS, teach_wordings.NAMES, teach_wordings.CORRECTIONS)


def second() -> list[tuple[str, str]]:
    """The second set of them."""
    return _lines(teach_wordings_second.REQUESTS, teach_wordings_second.NAMES, teach_wordings_second.CORRECTIONS)


def _lines(*texts: str) -> list[tuple[str, str]]:
    return [(kind, line) for kind, text in zip(("request", "name", "correction"), texts, strict=True) for line in text.strip().splitlines()]


def ordinary() -> list[str]:
    """Talk that sounds like a teaching and is none."""
    return teach_wordings.ORDINARY.strip().splitlines()


def _requested(world: World, rng: Random, *, coined: bool) -> tuple[str, str, str, str]:
    """Words that fail and a phrase that works for the same goal; or words that somebody made up."""
    while True:
        phrases = world.phrases_of(rng.choice(sorted(world.goals)))
        works = [each for each in phrases if each.supported]
        fails = [each for each in phrases if not each.supported]
        if works and fails:
            meaning = rng.choice(works).text
            words = rng.choice(COINED) if coined and rng.random() < COINED_SHARE else rng.choice(fails).text
            return words, meaning, words, meaning


def _named(world: World, rng: Random) -> tuple[str, str, str, str]:
    """A name for a thing that a phrase which works speaks of."""
    speaking = [(phrase, name) for phrase in world.phrases.values() if phrase.supported for name in _things(world, phrase)]
    phrase, thing = rng.choice(speaking)
    name = rng.choice(NAMES)
    said = f" {canonical(phrase.text)} "
    return name, thing, said.replace(f" {thing} ", f" {name} ").strip(), said.strip()


def _things(world: World, phrase: Phrase) -> list[str]:
    """The longest name of a device or a room in a phrase that stands behind "the"."""
    home = world.home
    names = [name for device in home.devices.values() for name in device.names] + [
        name for room in home.rooms.values() for name in room.names
    ]
    found = [canonical(name) for name in names if f" the {canonical(name)} " in f" {canonical(phrase.text)} "]
    return sorted(found, key=len)[-1:]
