"""Talk of simulated homes with the failure point of every turn: what the recordings say, and faults of the result that are planted.

A turn's point is the first stage whose repair makes it right: with its faults of the result repaired, then spoken as it was meant (which
the world's recordings say).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import cast

from failure_point.example import Example
from failure_point.measures import plain
from failure_point.point import FailurePoint
from resay.dialogue.session import sessionize
from resay.dialogue.turn import Versions, said
from resay.lab.assistant import Assistant
from resay.lab.channel import Channel, Side
from resay.lab.conversation import Exchange, Stage
from resay.lab.customer import Popularity, Try
from resay.lab.faults.planted import Stricken, strike, told
from resay.lab.faults.voices import families_of, noises_of, with_voices
from resay.lab.habits import LIVELY
from resay.lab.linked.part import Part
from resay.lab.logged import House
from resay.lab.making import RECOGNISER, START
from resay.lab.traffic import DAYS_IN_WEEK, Span, population, talk
from resay.lab.ways import ways_of
from resay.lab.world import World, judge

STRICKEN_EVERY = 3
"""Of so many homes one is sound; in the others something is down all the while."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many homes, who lives there, and for how long."""

    homes: int
    customers: int
    """Of each home: they share what it has, and its faults."""
    days: int
    seed: int


def home_examples(world: World, assistant: Assistant, part: Part, *, size: Size) -> Iterator[Example]:
    """The sessions of one part, home by home; nobody in them has a voice of another part."""
    mine = with_voices(world, families_of(world, part))
    verbs = frozenset(goal.action.verb for goal in world.goals.values() if not goal.action.targets)
    for number in range(size.homes):
        rng = Random(f"{size.seed}/{part}/{number}")
        sound = number % STRICKEN_EVERY == 0
        stricken = strike(assistant, world.home, frozenset() if sound else verbs, rng=rng)
        if sound:
            stricken = Stricken(assistant, frozenset(), frozenset(), frozenset())
        yield from _lived(mine, stricken, part, size=size, name=f"home/{part}/{number}")


def _lived(world: World, stricken: Stricken, part: Part, *, size: Size, name: str) -> Iterator[Example]:
    rng = Random(f"{size.seed}/{name}")
    ways = ways_of(world, world.habits or LIVELY, rng=rng)
    side = Side.SCORING if part is Part.TEST else Side.LEARNING
    stage = Stage(
        world=world,
        # It understands as an assistant does; the lab's own class is named by the stage, as nothing else was meant to stand there.
        assistant=cast("Assistant", stricken),
        channel=Channel(world, side, speakers=world.speakers),
        popularity=Popularity(world, rng, weeks=-(-size.days // DAYS_IN_WEEK), habits=ways.habits),
        house=House(world.home, Versions(asr=RECOGNISER)),
        ways=ways,
    )
    people = population(world, seed=rng.getrandbits(32), customers=size.customers, days=size.days, ways=ways)
    span = Span(START, 0, size.days)
    exchanges = [each for day in talk(stage, people, span=span, seed=size.seed, false_wakes=noises_of(world, part)) for each in day]
    families = {person.customer_id: person.speaker.family for person in people}
    yield from _examples(exchanges, stricken, part, families=families, name=name)


def _examples(
    exchanges: Sequence[Exchange], stricken: Stricken, part: Part, *, families: Mapping[str, str], name: str
) -> Iterator[Example]:
    rng = Random(name)
    ordered = sorted(exchanges, key=lambda each: (each.turn.customer_id, each.turn.at, each.turn.turn_id))
    points = {each.turn.turn_id: point for each in ordered if (point := point_of(each, stricken)) is not None}
    turns = [told(each.turn, stricken, part=part, rng=rng) for each in ordered]
    for session in sessionize(turns):
        known = {turn.turn_id: points[turn.turn_id] for turn in session.turns if turn.turn_id in points}
        # The same noise wakes many: judged by voice, it would be known by heart.
        noises = {
            turn.turn_id: f"noise/{plain(said(turn))}" for turn in session.turns if known.get(turn.turn_id) is FailurePoint.FALSE_WAKE
        }
        group, voice = f"{name}/{session.customer_id}", f"voice/{families[session.customer_id]}"
        yield Example(session, known, group, source=voice, traffic=name, sources=noises)


def point_of(exchange: Exchange, stricken: Stricken) -> FailurePoint | None:
    """Where a turn failed; nothing where the recordings and this assistant do not agree on it."""
    turn, truth = exchange
    if truth.attempt is Try.FALSE_WAKE:
        # Whatever it then did or said: nobody had spoken to it.
        return FailurePoint.FALSE_WAKE
    if truth.right:
        return FailurePoint.CORRECT
    room = turn.context.room if turn.context else ""
    if judge(stricken.sound.understand(turn.utterance, room), truth.wanted) == "correct":
        return FailurePoint.RESULT
    point = FailurePoint(truth.failure_point)
    return None if point is FailurePoint.CORRECT else point
