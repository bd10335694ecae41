"""The traffic of a world: which customers speak when, over days. Yields exchanges day by day; memory does not grow with the turns."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import NamedTuple

from resay.lab.conversation import Exchange, Opening, Stage, converse, false_wake
from resay.lab.customer import Customer, make_customer, weighed
from resay.lab.logged import utc_offset
from resay.lab.ways import WAYS_AS_SHIPPED, Ways
from resay.lab.world import Sound, World

DAYS_IN_WEEK = 7

SESSIONS_DAILY = 0.7
"""Sessions of a customer on a day, on average. Made up: with 450 customers and four weeks it makes some 35,000 turns."""

SESSIONS_DAILY_MAX = 12
"""More sessions than this nobody has on one day."""

SESSIONS_APART = timedelta(minutes=10)
"""Sessions of one customer begin at least so far apart, so that none runs into the next."""

FALSE_WAKES_DAILY = 0.03
"""False wakes of a customer on a day: about one turn in a hundred. Made up."""

NEW_DAILY = 0.004
"""Share of new customers a day, after the first. Made up."""

HOUR_WEIGHTS = (1, 0, 0, 0, 0, 1, 4, 8, 8, 5, 4, 4, 5, 5, 4, 4, 5, 8, 10, 10, 9, 8, 6, 3)
"""How much is said in each local hour: mornings and evenings. Made up."""


_HOURS_REACHED = tuple(accumulate(HOUR_WEIGHTS))


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of days of a simulation."""

    start: datetime
    """Day 0 of the simulation, midnight."""
    first: int
    end: int
    """One past the last day."""

    @property
    def days(self) -> range:
        """Its days."""
        return range(self.first, self.end)


def population(world: World, *, seed: int, customers: int, days: int, ways: Ways = WAYS_AS_SHIPPED) -> list[Customer]:
    """The customers of a simulation: those of the first day, and new ones day by day."""
    joining = [0] * customers + [day for day in range(1, days) for _ in range(_rounded(customers * NEW_DAILY, Random(f"{seed}/new/{day}")))]
    return [replace(_customer(world, seed, number=number, ways=ways), joined_day=day) for number, day in enumerate(joining)]


def talk(stage: Stage, customers: Sequence[Customer], *, span: Span, seed: int, false_wakes: Sequence[Sound]) -> Iterator[list[Exchange]]:
    """The exchanges of each local day, customer by customer.

    Each customer's day has its own chance, so that one customer more changes no other's.
    """
    for number in span.days:
        day = Day(number, span.start + timedelta(days=number), seed)
        exchanges: list[Exchange] = []
        for customer in customers:
            for session, rng in sessions(stage, customer, day=day, sounds=false_wakes):
                exchanges += speak(stage, customer, session=session, day=number, rng=rng)
        yield exchanges


class Day(NamedTuple):
    """A local day, and its chance."""

    number: int
    midnight: datetime
    seed: int


@dataclass(frozen=True, slots=True)
class Session:
    """When a session begins, and the noise that begins it where it is a false wake."""

    opening: Opening
    sound: Sound | None


def speak(stage: Stage, customer: Customer, *, session: Session, day: int, rng: Random) -> list[Exchange]:
    """The exchanges of one session."""
    if session.sound is None:
        return converse(stage, customer, opening=session.opening, week=day // DAYS_IN_WEEK, rng=rng)
    return [false_wake(stage, customer, sound=session.sound, opening=session.opening, rng=rng)]


def sessions(stage: Stage, customer: Customer, *, day: Day, sounds: Sequence[Sound]) -> Iterator[tuple[Session, Random]]:
    """The sessions of one customer on one local day, in order of time, and the chance of what is said in them.

    All that is drawn for when they begin is drawn before the first is given.
    """
    if customer.joined_day > day.number:
        return
    drawn = _hashed(customer, day) if stage.quick_days else _drawn(customer, day)
    if drawn is None:
        return
    count, wakes, rng = drawn
    begins: list[tuple[timedelta, Sound | None]] = [(_moment(rng), None) for _ in range(count)]
    if sounds and (rng.random() < FALSE_WAKES_DAILY if wakes is None else wakes):
        begins.append((_moment(rng), rng.choice(sounds)))
    # What is answered in one session must not change what is wanted in the next: loops are lived through with and without a system.
    apart = stage.quick_days and len(begins) > 1
    chances = [Random(rng.getrandbits(64)) for _ in begins] if apart else [rng] * len(begins)
    free = timedelta(0)
    for number, (moment, sound) in enumerate(sorted(begins, key=lambda each: each[0])):
        if moment >= free:
            free = moment + SESSIONS_APART
            at = day.midnight + moment - utc_offset(customer.locale)
            yield Session(Opening(f"{customer.customer_id}-{day.number}.{number}", at), sound), chances[number]


class _Drawn(NamedTuple):
    """What a day brings."""

    sessions: int
    wakes: bool | None
    """Whether there is a false wake; None where that is yet to be drawn."""
    rng: Random


def _drawn(customer: Customer, day: Day) -> _Drawn:
    rng = Random(f"{day.seed}/{customer.customer_id}/{day.number}")
    return _Drawn(_poisson(customer.sessions_daily, rng), None, rng)


def _hashed(customer: Customer, day: Day) -> _Drawn | None:
    """The same by a hash, so that chance is only made, which takes 14 µs, where something is said: on every other day."""
    digest = hashlib.blake2b(f"{day.seed}/{customer.customer_id}/{day.number}".encode(), digest_size=24).digest()
    one, other = int.from_bytes(digest[:8]) / _HASHES, int.from_bytes(digest[8:16]) / _HASHES
    count, wakes = _poisson_of(one, customer.sessions_daily), other < FALSE_WAKES_DAILY
    return _Drawn(count, wakes, Random(int.from_bytes(digest[16:]))) if count or wakes else None


_HASHES = float(2**64)


def _customer(world: World, seed: int, *, number: int, ways: Ways) -> Customer:
    rng = Random(f"{seed}/customer/{number}")
    return make_customer(world, f"{rng.getrandbits(32):08x}", rng=rng, sessions_daily=SESSIONS_DAILY, ways=ways)


def _moment(rng: Random) -> timedelta:
    """A local time of day."""
    hour = weighed(_HOURS_REACHED, rng)
    return timedelta(milliseconds=hour * 3_600_000 + rng.randrange(3_600_000))


def _poisson(mean: float, rng: Random) -> int:
    """How many of independent rare things happen: counted by their exponential gaps."""
    count, reached = 0, rng.expovariate(1.0)
    while reached < mean and count < SESSIONS_DAILY_MAX:
        count += 1
        reached += rng.expovariate(1.0)
    return count


def _poisson_of(uniform: float, mean: float) -> int:
    """The same from one draw."""
    count, share = 0, math.exp(-mean)
    reached = share
    while uniform >= reached and count < SESSIONS_DAILY_MAX:
        count += 1
        share *= mean / count
        reached += share
    return count


def _rounded(value: float, rng: Random) -> int:
    """A whole number whose mean is the value."""
    return int(value) + (rng.random() < value % 1)
