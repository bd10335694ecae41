"""The ways of a world's people: their habits, the words by which they mean different things, and what context says of their wishes.

What stands here is chosen once for a world, by chance and not by name, so that no home is wired in; what one customer means is
in `customer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from resay.lab.experience import NO_EXPERIENCE, Experience, experience_of
from resay.lab.habits import AS_SHIPPED, Habits
from resay.lab.home import Home
from resay.lab.world import Goal, Phrase, World

SYNONYM = "S"
"""The tag of phrases with a word that the home does not know for the thing."""

ON, OFF = "on", "off"

SWITCHING = {"HassTurnOn": ON, "HassTurnOff": OFF}
"""Verbs after which things are on, or off."""

_STATELESS = frozenset({"scene", "script", "button"})
"""Kinds of things that are started, and never on."""


@dataclass(frozen=True, slots=True)
class Switches:
    """What is on or off in a room."""

    devices: tuple[str, ...] = ()
    """Those in the room that some goal there switches; the first is the lowest bit of a state."""
    wishes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By goal: the bits that it is about, and what they are when it is fulfilled."""
    _told: dict[int, Mapping[str, str]] = field(default_factory=dict, compare=False, repr=False)

    def told(self, state: int) -> Mapping[str, str]:
        """A state as the assistant logs it; equal states are one value."""
        if state not in self._told:
            self._told[state] = {device: ON if state >> place & 1 else OFF for place, device in enumerate(self.devices)}
        return self._told[state]


NOTHING_SWITCHED = Switches()


@dataclass(frozen=True, slots=True)
class Ways:
    """What customers have in common."""

    habits: Habits = AS_SHIPPED
    shared: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """By number of a phrase that means different things to different customers: the goals that it can stand for, the world's own first."""
    times: Mapping[str, int] = field(default_factory=dict)
    """By goal that has its time of day: the local hour at which that begins."""
    rooms: Mapping[str, Switches] = field(default_factory=dict)
    experience: Experience = NO_EXPERIENCE


WAYS_AS_SHIPPED = Ways()


def ways_of(world: World, habits: Habits, *, rng: Random) -> Ways:
    """The ways of a world's people; the same chance gives the same."""
    return Ways(
        habits=habits,
        shared=_shared(world, habits, rng),
        times={goal: rng.randrange(24) for goal in sorted(world.goals) if rng.random() < habits.timely},
        rooms={room: _switches(world, room) for room in sorted({goal.room for goal in world.goals.values()})} if habits.states else {},
        experience=experience_of(world) if habits.knows_wordings or habits.hopeless < 1.0 else NO_EXPERIENCE,
    )


def own_words(world: World, shared: Mapping[int, Sequence[str]], rng: Random) -> dict[str, tuple[Phrase, ...]]:
    """One customer's wordings of the goals for which they differ from the world's: of each shared phrase they mean one goal."""
    own: dict[str, tuple[Phrase, ...]] = {}
    for number, goals in shared.items():
        phrase, meant = world.phrases[number], rng.choice(goals)
        left = tuple(each for each in own.get(phrase.goal, world.phrases_of(phrase.goal)) if each.number != number)
        if meant != phrase.goal and left:
            own[phrase.goal] = left
            own[meant] = (*own.get(meant, world.phrases_of(meant)), replace(phrase, goal=meant, supported=False))
    return own


def _shared(world: World, habits: Habits, rng: Random) -> dict[int, tuple[str, ...]]:
    """So many of the synonyms, each with other goals of its room; of the same verb, if there are such."""
    synonyms = [phrase for phrase in world.phrases.values() if phrase.tag == SYNONYM]
    shared: dict[int, tuple[str, ...]] = {}
    for phrase in rng.sample(synonyms, len(synonyms)):
        others = [] if phrase.supported else _could_mean(world, world.goals[phrase.goal])
        if others and len(shared) < round(habits.shared_words * len(synonyms)):
            shared[phrase.number] = (phrase.goal, *rng.sample(others, min(habits.meanings - 1, len(others))))
    return shared


def _could_mean(world: World, goal: Goal) -> list[str]:
    others = [each for each in world.goals.values() if each.room == goal.room and each.action != goal.action]
    alike = [each for each in others if each.action.verb == goal.action.verb]
    return [each.name for each in alike or others]


def _switches(world: World, room: str) -> Switches:
    goals = [goal for goal in world.goals.values() if goal.room == room and goal.action.verb in SWITCHING]
    devices = sorted({target for goal in goals for target in goal.action.targets if _has_state(world.home, target, room)})
    bits = {goal.name: sum(1 << devices.index(each) for each in goal.action.targets if each in devices) for goal in goals}
    wishes = {goal.name: (bits[goal.name], bits[goal.name] * (SWITCHING[goal.action.verb] == ON)) for goal in goals if bits[goal.name]}
    return Switches(tuple(devices), wishes)


def _has_state(home: Home, target: str, room: str) -> bool:
    device = home.devices.get(target)
    return device is not None and device.room == room and device.domain not in _STATELESS
