"""Where planted cases are played: a world, a system that learns in it, and the days in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from resay.dialogue.rewrite import Rewrite
from resay.dialogue.tick import Tick
from resay.dialogue.turn import Turn
from resay.lab.adviser import Mode, Rewriting, adviser
from resay.lab.assistant import Assistant
from resay.lab.conversation import Advise, Exchange
from resay.lab.making import START
from resay.lab.scenarios.verdict import Part
from resay.lab.tally import Arm
from resay.lab.world import World

NIGHT = timedelta(days=1, hours=6)
"""From the midnight before a day to the night after it, as in the loop."""


class Learner(Protocol):
    """A system as planted cases see it: what the loop asks of one, and a look at its table."""

    def land(self, turns: Sequence[Turn], now: datetime) -> None:
        """Take in what was logged up to now."""

    def learn(self, now: datetime) -> None:
        """Learn from all that was taken in."""

    def rewriting(self) -> Rewriting:
        """What answers now."""

    def rewrites(self) -> Sequence[Rewrite]:
        """The live table."""

    def defects(self) -> Iterable[tuple[str, str, float]]:
        """Of every turn taken in: its id, its customer, and the chance that it failed them."""


@dataclass(frozen=True, slots=True)
class Venue:
    """What a planted case is given."""

    world: World
    assistant: Assistant
    open_system: Callable[[], AbstractContextManager[Learner]]
    """A system that has learnt nothing yet."""
    customers: int
    seed: int
    tick: Tick
    built: frozenset[Part] = frozenset()
    """Parts that the product has."""


@dataclass(frozen=True, slots=True)
class Night:
    """A day that is over, and what is live after its night."""

    day: int
    exchanges: Sequence[Exchange]
    rewrites: Mapping[tuple[str, str], Rewrite]
    """By source and prompt kind."""


Day = Callable[[int, Advise], list[Exchange]]
"""A day's talk, under advice."""


def nights(system: Learner, day_of: Day, *, arms: Mapping[str, Arm], days: range, tick: Tick) -> Iterator[Night]:
    """Day after day: talk, landing, learning. Days before the first are talked through at once, and learnt from in its night."""
    advise = adviser(lambda request, now: system.rewriting()(request, now), arms=arms, mode=Mode.BEFORE)
    for day in range(days.stop):
        exchanges = day_of(day, advise)
        system.land([each.turn for each in exchanges], START + timedelta(days=day) + NIGHT)
        tick(day + 1, days.stop)
        if day >= days.start:
            system.learn(START + timedelta(days=day) + NIGHT)
            yield Night(day, exchanges, {(each.source, each.prompt_kind): each for each in system.rewrites()})
