"""Requests that mean something else by where and when they are said, planted in a home; and others that do not, beside them.

Which words are planted, what they mean and on what that depends is drawn anew for every seed, so that nobody can tune to any of it.
Knows goals and the assistant; knows nothing of rewrites.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from resay.dialogue.cue import CueKind
from resay.dialogue.personal import personal_in
from resay.dialogue.rewrite import Risk
from resay.dialogue.risk import risk_of
from resay.lab.action import Action
from resay.lab.assistant import Assistant
from resay.lab.world import Goal, World

VAGUE = (
    "do the usual", "make it nice in here", "sort it out", "get it going", "do your thing", "the other one please", "set it up for me",
    "make it so", "same as always", "that thing again", "give me more of it", "turn that around", "fix this for me", "get things moving",
    "you know what to do", "make it stop already", "time for a change", "get us ready", "let us have it", "bring it on then",
    "one more of those", "help me out here", "do it my way", "put that right", "go on then", "wrap it up now", "start us off",
    "back to normal please", "make this place work", "ready when you are",
)  # fmt: skip
"""Words that no assistant could take for anything, and any home has a meaning for."""

DEVICE_TYPES = ("speaker", "display", "tv", "phone")
ACTIVITIES = ("cooking", "working", "relaxing", "cleaning")
HOURS = 24
DAY_HOURS = 9
"""Hours of a day in which a request that depends on the time means the one thing."""

APPLIANCES = ("switch.oven", "switch.dishwasher", "media_player.tv", "light.floor_lamp", "climate.heating", "cover.blinds")
"""Devices whose states the assistant tells, whatever the home has of them."""

ACTIVITY_ROOM_SHARE = 0.6
"""Share of situations in which what one does goes with where one is. Made up."""

EXCEPTIONS = 0.02
"""Share of requests that mean the other thing all the same. Made up."""

LOUD_OF_KIND, SILENT_OF_KIND = 3, 1
"""Words planted for each kind of circumstance: those that are refused, and those that are understood as one of the two meanings."""

CONTROLS = 5
"""Words planted that mean the same everywhere, of either sort."""

NOTHING_WANTED = "HassNevermind"
"""Whoever wants nothing any more says no words that might mean something else."""

UNLIKE_STOPS = frozenset({"the", "a", "in", "on", "off", "to", "is", "what", "of", "my", "and", "for"})


@dataclass(frozen=True, slots=True)
class Situation:
    """Where and when somebody speaks."""

    room: str
    device_type: str
    activity: str
    hour: int
    """At the customer."""
    states: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Planted:
    """One request."""

    text: str
    by: CueKind | None
    """On what its meaning depends; nothing for one that means the same everywhere."""
    within: frozenset[str]
    """Where it means the first goal: rooms, types, activities or hours; of a device, its id."""
    goals: tuple[str, ...]
    """What it means there, and elsewhere."""
    is_silent: bool
    """Whether the assistant takes it for the first of them, wherever it is said."""

    def goal(self, situation: Situation) -> str:
        """What it means in a situation, as a rule."""
        if self.by is None or self._is_within(situation):
            return self.goals[0]
        return self.goals[1]

    def _is_within(self, situation: Situation) -> bool:
        if self.by is CueKind.STATES:
            return any(situation.states.get(each) == "on" for each in self.within)
        told = {
            CueKind.ROOM: situation.room,
            CueKind.TYPE: situation.device_type,
            CueKind.ACTIVITY: situation.activity,
            CueKind.TIME: str(situation.hour),
        }
        return self.by is not None and told[self.by] in self.within


@dataclass(frozen=True, slots=True)
class AmbiguousHome:
    """A home with its planted requests."""

    world: World
    assistant: Assistant
    rooms: tuple[str, ...]
    planted: tuple[Planted, ...]
    wordings: Mapping[str, str]
    """Of each goal one that is understood in every room."""

    def action(self, goal: str) -> Action:
        """What the assistant must do for a goal."""
        return self.world.goals[goal].action


def plant(world: World, assistant: Assistant, rng: Random) -> AmbiguousHome:
    """A home with requests drawn for it."""
    rooms = tuple(sorted(world.home.rooms))
    wordings = dict(_portable(world, assistant, rooms=rooms))
    goals = sorted(wordings)
    vague = [each for each in VAGUE if not any(assistant.understand(each, room).done for room in rooms)]
    rng.shuffle(vague)
    rng.shuffle(goals)
    texts, firsts = iter(vague), iter(goals)
    planted: list[Planted] = []
    for kind in CueKind:
        for number in range(LOUD_OF_KIND + SILENT_OF_KIND):
            first = next(firsts)
            silent = number >= LOUD_OF_KIND
            other = _like(first, wordings) if silent else rng.choice([each for each in goals if each != first])
            text = wordings[first] if silent else next(texts)
            planted.append(Planted(text, kind, _within(kind, rooms, rng), (first, other), silent))
    for number in range(CONTROLS):
        first = next(firsts)
        silent = number % 2 == 1
        planted.append(Planted(wordings[first] if silent else next(texts), None, frozenset(), (first,), silent))
    # What is planted as the words of one goal is said for no other: whoever fails by it says something else.
    taken = {each.text: each for each in planted if each.is_silent and each.by is not None}
    usable = {goal: text for goal, text in _portable(world, assistant, rooms=rooms, but=taken)}
    return AmbiguousHome(world, assistant, rooms, tuple(each for each in planted if set(each.goals) <= usable.keys()), usable)


def draw_situation(home: AmbiguousHome, rng: Random) -> Situation:
    """Somewhere, at some time; what one does goes with the room in part, and nothing else with anything."""
    room = rng.choice(home.rooms)
    usual = ACTIVITIES[home.rooms.index(room) % len(ACTIVITIES)]
    activity = usual if rng.random() < ACTIVITY_ROOM_SHARE else rng.choice(ACTIVITIES)
    states = {each: rng.choice(("on", "off")) for each in APPLIANCES}
    return Situation(room, rng.choice(DEVICE_TYPES), activity, rng.randrange(HOURS), states)


def wanted_by(planted: Planted, situation: Situation, rng: Random) -> str:
    """What somebody means by it there; a few mean the other thing."""
    usual = planted.goal(situation)
    others = [each for each in planted.goals if each != usual]
    return rng.choice(others) if others and rng.random() < EXCEPTIONS else usual


def _portable(
    world: World, assistant: Assistant, *, rooms: Sequence[str], but: Mapping[str, Planted] | None = None
) -> Iterator[tuple[str, str]]:
    """Goals, each with its first wording that is understood wherever it is said; none that is risky, or names somebody.

    Of those nothing would be said for others, whatever is known of where they speak.
    """
    for goal in (each for each in world.goals.values() if each.action.verb != NOTHING_WANTED):
        texts = (
            each.text for each in world.phrases_of(goal.name) if each.supported and each.text not in (but or {}) and _is_harmless(each.text)
        )
        found = next((text for text in texts if _is_understood(text, goal, assistant=assistant, rooms=rooms)), None)
        if found is not None:
            yield goal.name, found


def _is_understood(text: str, goal: Goal, *, assistant: Assistant, rooms: Sequence[str]) -> bool:
    return all(assistant.understand(text, room).done == goal.action for room in rooms)


def _is_harmless(text: str) -> bool:
    return risk_of("", text) is not Risk.HIGH and personal_in(text) is None


def _within(kind: CueKind, rooms: Sequence[str], rng: Random) -> frozenset[str]:
    if kind is CueKind.ROOM:
        return frozenset(rng.sample(list(rooms), len(rooms) // 2))
    if kind is CueKind.TYPE:
        return frozenset(rng.sample(DEVICE_TYPES, len(DEVICE_TYPES) // 2))
    if kind is CueKind.ACTIVITY:
        return frozenset(rng.sample(ACTIVITIES, len(ACTIVITIES) // 2))
    if kind is CueKind.STATES:
        return frozenset({rng.choice(APPLIANCES)})
    begin = rng.randrange(HOURS)
    return frozenset(str((begin + hour) % HOURS) for hour in range(DAY_HOURS))


def _like(goal: str, wordings: Mapping[str, str]) -> str:
    """The goal whose wording has most words in common."""
    said = _telling(wordings[goal])

    def likeness(other: str) -> tuple[float, str]:
        words = _telling(wordings[other])
        return len(said & words) / len(said | words), other

    return max((each for each in wordings if each != goal), key=likeness)


def _telling(text: str) -> frozenset[str]:
    return frozenset(text.split()) - UNLIKE_STOPS
