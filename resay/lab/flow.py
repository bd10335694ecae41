"""A world's traffic without end: turns in order of event time, so many a second. For load and soak tests of what reads them.

Knows when sessions begin and who speaks; knows nothing of clocks or of where the turns go. The truth stays behind.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from heapq import heappop, heappush
from itertools import count
from random import Random

from resay.dialogue.turn import Turn, Versions
from resay.lab.assistant import Assistant
from resay.lab.channel import Channel, Side, false_wakes_of
from resay.lab.conversation import Opening, Stage, converse, false_wake
from resay.lab.customer import Customer, Popularity, make_customer
from resay.lab.habits import AS_SHIPPED
from resay.lab.home import BrokenWorld
from resay.lab.logged import House
from resay.lab.making import RECOGNISER
from resay.lab.traffic import DAYS_IN_WEEK, FALSE_WAKES_DAILY, SESSIONS_APART, SESSIONS_DAILY
from resay.lab.ways import ways_of
from resay.lab.world import World

TURNS_DAILY = 2.8
"""Turns of a customer on a day: what `resay lab log` comes to in `voice_home`."""

FALSE_WAKE_SHARE = FALSE_WAKES_DAILY / (SESSIONS_DAILY + FALSE_WAKES_DAILY)
"""Share of sessions that are false wakes: as in a log."""

WEEKS_KEPT = 52
"""Weeks for which goals drift; then they begin again where they began."""

CUSTOMERS_KEPT_MAX = 4_000
"""Customers held in memory, about 15 kB each. Where there are more none is, as nobody speaks again before all others have: they are made
anew from their number, in a fifth of a millisecond."""

SILENT_SESSIONS_MAX = 10_000
"""So many sessions in a row without a word, and nobody in this world says anything."""


@dataclass(frozen=True, slots=True)
class Flow:
    """How a world's traffic flows."""

    seed: int
    start: datetime
    """Event time of the first turn; the names of sessions begin with it, so that two flows share no turn."""
    per_s: float
    """Turns a second of event time, once the first sessions are under way."""
    customers: int
    """Customers at least."""

    @property
    def population(self) -> int:
        """Customers who speak: as many as it takes for nobody to be in two sessions at a time."""
        return max(self.customers, math.ceil(self.per_s * SESSIONS_APART.total_seconds()))


def flow_stage(world: World, assistant: Assistant, *, seed: int) -> Stage:
    """What all sessions of a flow share: apart from the turns, as it takes a second and nobody speaks meanwhile."""
    habits = world.habits or AS_SHIPPED
    return Stage(
        world=world,
        assistant=assistant,
        channel=Channel(world, Side.LEARNING, speakers=world.speakers),
        popularity=Popularity(world, Random(f"{seed}/popularity"), weeks=WEEKS_KEPT, habits=habits),
        house=House(world.home, Versions(asr=RECOGNISER, nlu=assistant.version)),
        ways=ways_of(world, habits, rng=Random(f"{seed}/ways")),
    )


def flow_turns(stage: Stage, flow: Flow) -> Iterator[Turn]:
    """The turns of a world in order of event time, without end; the same flow gives the same turns.

    A session begins when all turns of the sessions before it are due at this rate, so that the rate holds however long sessions are.

    Raises: BrokenWorld.
    """
    waiting: list[tuple[datetime, str, Turn]] = []
    for opening, turns in _sessions(stage, flow):
        while waiting and waiting[0][0] < opening:
            yield heappop(waiting)[2]
        for turn in turns:
            heappush(waiting, (turn.at, turn.turn_id, turn))


def _sessions(stage: Stage, flow: Flow) -> Iterator[tuple[datetime, list[Turn]]]:
    """When each session begins, and its turns."""
    wakes = false_wakes_of(stage.world, Side.LEARNING)
    kept = flow.population if flow.population <= CUSTOMERS_KEPT_MAX else 0
    customer_of = lru_cache(kept)(lambda number: _customer(stage, flow.seed, number))
    begun, silent = 0, 0
    for number in count():
        at = flow.start + timedelta(seconds=begun / flow.per_s)
        customer = customer_of(number % flow.population)
        rng = Random(f"{flow.seed}/flow/{number}")
        opening = Opening(f"{customer.customer_id}-{int(flow.start.timestamp() * 1000)}.{number}", at)
        if wakes and rng.random() < FALSE_WAKE_SHARE:
            turns = [false_wake(stage, customer, sound=rng.choice(wakes), opening=opening, rng=rng).turn]
        else:
            turns = [each.turn for each in converse(stage, customer, opening=opening, week=_week(at - flow.start), rng=rng)]
        begun += len(turns)
        silent = 0 if turns else silent + 1
        if silent > SILENT_SESSIONS_MAX:
            message = f"somebody must speak in a world; got {silent:,} sessions without a word; are its recordings all of other speakers?"
            raise BrokenWorld(message)
        yield at, turns


def _customer(stage: Stage, seed: int, number: int) -> Customer:
    rng = Random(f"{seed}/customer/{number}")
    return make_customer(stage.world, f"{rng.getrandbits(32):08x}", rng=rng, sessions_daily=SESSIONS_DAILY, ways=stage.ways)


def _week(since: timedelta) -> int:
    return since.days // DAYS_IN_WEEK % WEEKS_KEPT
