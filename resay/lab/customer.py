"""Simulated customers: who they are, how they talk, and what they do when the assistant fails them.

Knows the world's goals and wordings; knows nothing of recogniser, NLU or logs. All chance comes in as `rng`.
How they talk is in `habits`; the rates here say who they are, and those marked *made up* have no source.
"""

from __future__ import annotations

from array import array
from bisect import bisect
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate
from random import Random
from typing import NamedTuple, TypeVar

from resay.lab.habits import AS_SHIPPED, Habits
from resay.lab.ways import SYNONYM, WAYS_AS_SHIPPED, Ways, own_words
from resay.lab.world import Phrase, Speaker, World

_Drawn = TypeVar("_Drawn", int, float)

STRESS_SHARE = 0.1
"""Share of customers with a badly served voice (EVALUATION, section 2)."""

ROOMS = ((2, 0.25), (3, 0.35), (5, 0.25), (9, 0.15))
"""In how many rooms a customer has a device, with shares. Made up."""

TASTE_SPREAD = 1.0
"""Standard deviation of a customer's own liking of a goal, on the log scale. Made up."""

SESSIONS_SPREAD = 0.6
"""Standard deviation of the customers' traffic, on the log scale. Made up."""

LIKINGS_KEPT_MAX = 20_000
"""Of customers and rooms: up to two and a half kilobytes each."""

WORKS_MIN = 0.01
"""Goals that never work are still wanted a little: the weight that they are ranked by."""


NOTHING_TRIED: Mapping[int, float] = {}
"""What people know who learn nothing from trying."""


class Try(StrEnum):
    """How a request comes to be made."""

    FIRST = "first"
    SAME_WORDS = "same_words"
    REPAIR = "repair"
    OTHER_WORDS = "other_words"
    AGAIN = "again"
    """The same request again although it had worked: the volume up, and up."""
    FALSE_WAKE = "false_wake"
    """Nobody spoke to the device."""


@dataclass(frozen=True, slots=True)
class Favourite:
    """The wordings that a customer falls back on for one goal."""

    supported: int
    """The favourite among wordings that the assistant supports; phrase number."""
    unsupported: int
    """The favourite among the others; the same as `supported` where there are none."""


@dataclass(frozen=True, slots=True)
class Customer:
    """One simulated customer."""

    customer_id: str
    speaker: Speaker
    rooms: tuple[str, ...]
    """Where they have a device."""
    tastes: Mapping[str, float]
    """How much more than others they want each goal, a factor."""
    favourites: Mapping[str, Favourite]
    """By goal."""
    patience: int
    """Tries at most."""
    sessions_daily: float
    device_type: str
    locale: str
    joined_day: int = 0
    """First day on which they speak."""
    persistence: float = 1.0
    """How much more likely than others they are to say again what failed, a factor."""
    own_words: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)
    """The wordings of goals, where their words mean something else than other people's."""

    def wordings(self, goal: str, world: World) -> tuple[Phrase, ...]:
        """How they could put a goal."""
        return self.own_words.get(goal) or world.phrases_of(goal)


class Wording(NamedTuple):
    """What a customer decides to say."""

    phrase: int
    attempt: Try


def make_customer(world: World, customer_id: str, *, rng: Random, sessions_daily: float, ways: Ways = WAYS_AS_SHIPPED) -> Customer:
    """A customer drawn by chance; the same `rng` gives the same customer."""
    stress = rng.random() < STRESS_SHARE
    voices = list(world.speakers.values())
    speaker = rng.choice([each for each in voices if each.main is not stress] or voices)
    rooms = _rooms(world, rng)
    goals = [goal for goal in world.goals.values() if goal.room in rooms]
    own = own_words(world, ways.shared, rng)
    return Customer(
        customer_id=customer_id,
        speaker=speaker,
        rooms=rooms,
        tastes={goal.name: rng.lognormvariate(0, TASTE_SPREAD) for goal in goals},
        favourites={goal.name: _favourite(own.get(goal.name) or world.phrases_of(goal.name), ways.habits, rng) for goal in goals},
        patience=_drawn(ways.habits.patience, rng),
        sessions_daily=sessions_daily * rng.lognormvariate(-(SESSIONS_SPREAD**2) / 2, SESSIONS_SPREAD),
        device_type=rng.choices(("speaker", "display", "phone"), (6, 3, 1))[0],
        locale=speaker.locale,
        persistence=_drawn(ways.habits.persistence, rng) if len(ways.habits.persistence) > 1 else 1.0,
        own_words=own,
    )


def first_wording(customer: Customer, phrases: Sequence[Phrase], rng: Random, *, habits: Habits = AS_SHIPPED) -> Wording:
    """How a customer puts a request at first: mostly as they always do."""
    wanted = rng.random() < habits.supported_first
    alike = [phrase.number for phrase in phrases if phrase.supported is wanted]
    if not alike or rng.random() < habits.favourite:
        favourite = customer.favourites[phrases[0].goal]
        return Wording(favourite.supported if wanted else favourite.unsupported, Try.FIRST)
    return Wording(rng.choice(alike), Try.FIRST)


def next_wording(
    phrases: Sequence[Phrase], said: Sequence[int], rng: Random, *, habits: Habits = AS_SHIPPED, works: Mapping[int, float] = NOTHING_TRIED
) -> Wording:
    """How a customer puts a request again after it failed.

    `said` are the wordings so far, the last one last; `works` is how often each works for those who sound so, as far as they know.
    """
    if rng.random() < habits.same_words:
        return Wording(said[-1], Try.REPAIR if rng.random() < habits.repair_form else Try.SAME_WORDS)
    if works and rng.random() < habits.knows_wordings:
        known = [(phrase.number, works.get(phrase.number, 0.0)) for phrase in phrases if phrase.supported and phrase.number != said[-1]]
        reached = list(accumulate(rate for _, rate in known))
        if reached and reached[-1]:
            return Wording(known[weighed(reached, rng)][0], Try.OTHER_WORDS)
    fresh = [phrase for phrase in phrases if phrase.number not in said] or [phrase for phrase in phrases if phrase.number != said[-1]]
    wanted = rng.random() < habits.template_wording
    alike = [phrase for phrase in fresh if phrase.supported is wanted] or fresh
    if not alike:
        return Wording(said[-1], Try.SAME_WORDS)
    return Wording(rng.choice(alike).number, Try.OTHER_WORDS)


def turns_until_rephrase(rng: Random, *, habits: Habits = AS_SHIPPED, persistence: float = 1.0) -> int | None:
    """After how many turns a failed request is said again: 1, 2 or 3; None where it is not."""
    draw = rng.random() / persistence
    for turns, share in enumerate(habits.rephrased_within, start=1):
        if draw < share:
            return turns
    return None


class Popularity:
    """How much each goal is wanted: a heavy head and a long tail that shifts week by week."""

    def __init__(self, world: World, rng: Random, *, weeks: int, habits: Habits = AS_SHIPPED) -> None:
        """Rank the goals by chance, and let them drift.

        Which goals are popular is chance, so that no home is wired in; but what hardly ever works comes late in the order,
        as people do not go on asking for it: the next rank goes to a goal with the chance with which it works when it is well put.
        """
        works = _works(world)
        # A weighted shuffle: exponential clocks whose rates are the weights (Efraimidis and Spirakis 2006).
        names = sorted(world.goals, key=lambda name: rng.expovariate(1.0) / max(works[name], WORKS_MIN))
        # Zipf's law with exponent 1.
        weights = {name: 1 / rank for rank, name in enumerate(names, start=1)}
        self._rooms = {goal.name: goal.room for goal in world.goals.values()}
        self._kept: dict[tuple[str, str | None], _Liking] = {}
        self._weekly: list[dict[str, float]] = []
        for _ in range(weeks):
            self._weekly.append(weights)
            weights = {name: weight * rng.lognormvariate(0, habits.goals_spread_weekly) for name, weight in weights.items()}

    def goal(self, customer: Customer, *, week: int, room: str | None, rng: Random) -> str:
        """A goal that this customer wants in this week, in this room if one is given."""
        key = (customer.customer_id, room)
        liking = self._kept.get(key)
        # By identity, as other populations may have the same ids; of one week at a time, so that weeks do not pile up.
        if liking is None or liking.customer is not customer or liking.week != week:
            if len(self._kept) >= LIKINGS_KEPT_MAX:
                self._kept.clear()
            liking = self._kept[key] = self._liking(customer, week=week, room=room)
        return liking.goals[weighed(liking.reached, rng)]

    def _liking(self, customer: Customer, *, week: int, room: str | None) -> _Liking:
        shared = self._weekly[week]
        names = [name for name in customer.tastes if room is None or self._rooms[name] == room]
        # An array of numbers takes a quarter of the room of a list of them.
        return _Liking(customer, week, names, array("d", accumulate(shared[name] * customer.tastes[name] for name in names)))


def weighed(reached: Sequence[float], rng: Random) -> int:
    """A place drawn by weights, given as their running sums: what `Random.choices` draws, at a third of its time."""
    return bisect(reached, rng.random() * reached[-1], 0, len(reached) - 1)


@dataclass(frozen=True, slots=True)
class _Liking:
    """What a customer wants in a week."""

    customer: Customer
    week: int
    goals: Sequence[str]
    reached: Sequence[float]
    """The sum of all weights up to each goal."""


def _works(world: World) -> dict[str, float]:
    """How often each goal is reached by well-served voices in supported wordings: the share of correct recordings."""
    tally = {name: [0, 0] for name in world.goals}
    for recording in world.recordings:
        phrase = world.phrases[recording.phrase]
        if phrase.supported and world.speakers[recording.speaker].main and not recording.repair:
            tally[phrase.goal][recording.outcome == "correct"] += 1
    return {name: right / max(wrong + right, 1) for name, (wrong, right) in tally.items()}


def _rooms(world: World, rng: Random) -> tuple[str, ...]:
    """Rooms with a device: those in which more can be wanted have one more often."""
    goals = Counter(goal.room for goal in world.goals.values())
    wanted = min(_drawn(ROOMS, rng), len(goals))
    chosen: list[str] = []
    while len(chosen) < wanted:
        left = sorted(goals.keys() - chosen)
        chosen += rng.choices(left, [goals[room] for room in left])
    return tuple(chosen)


def _favourite(phrases: Sequence[Phrase], habits: Habits, rng: Random) -> Favourite:
    supported: list[int] = []
    unsupported: list[int] = []
    for phrase in phrases:
        (supported if phrase.supported else unsupported).append(phrase.number)
    names = [phrase.number for phrase in phrases if phrase.tag == SYNONYM and not phrase.supported] if habits.own_names else []
    if names and rng.random() < habits.own_names:
        unsupported = names
    return Favourite(supported=rng.choice(supported or unsupported), unsupported=rng.choice(unsupported or supported))


def _drawn(shares: Sequence[tuple[_Drawn, float]], rng: Random) -> _Drawn:
    return rng.choices([value for value, _ in shares], [share for _, share in shares])[0]
