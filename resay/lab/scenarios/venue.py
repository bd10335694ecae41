"""Where planted cases are played: a world, a system that learns in it, and the days in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from resay.dialogue.rewrite import Rewrite
from resay.dialogue.tick import Tick
from resay.dialogue.turn import Turn
from resay.lab.adviser import Mode, Rewriting, adviser
from resay.lab.assistant import Assistant
from resay.lab.cast import Cast
from resay.lab.conversation import Advise, Exchange
from resay.lab.making import START
from resay.lab.scenarios.verdict import Part
from resay.lab.traffic import Span, talk
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
    k: int
    """Customers that must stand behind a rewrite."""
    seed: int
    tick: Tick
    built: frozenset[Part] = frozenset()
    """Parts that the product has."""
    forget: Callable[[Learner, str], None] | None = None
    """Deletes a customer from a system; nothing while the product cannot."""
    replay: Callable[[Learner, Assistant], None] | None = None
    """Tells a system that another assistant takes over, which it may ask what it takes texts for; nothing where there is no hook."""


@dataclass(frozen=True, slots=True)
class Night:
    """A day that is over, and what is live after its night."""

    day: int
    exchanges: Sequence[Exchange]
    """Of this day."""
    targets: Mapping[str, str]
    """The live table: target by source, whatever had been asked."""


@dataclass(frozen=True, slots=True)
class Guests:
    """Some who talk from a day on."""

    cast: Cast
    since: int = 0
    assistants: Mapping[int, Assistant] = field(default_factory=dict)
    """Another assistant from a day on; before the first, the cast's own."""

    def day(self, day: int, advise: Advise, *, seed: int) -> list[Exchange]:
        """What they say on a day."""
        if day < self.since:
            return []
        changed = [each for since, each in sorted(self.assistants.items()) if since <= day]
        stage = replace(self.cast.stage, advise=advise, assistant=changed[-1] if changed else self.cast.stage.assistant)
        span = Span(START, day, day + 1)
        return next(talk(stage, self.cast.customers, span=span, seed=seed, false_wakes=self.cast.false_wakes))


def nights(system: Learner, venue: Venue, guests: Sequence[Guests], *, days: range) -> Iterator[Night]:
    """Day after day: talk, landing, learning. Days before the first are landed together, and learnt from in its night."""
    arms = {customer: arm for each in guests for customer, arm in each.cast.arms.items()}
    rewriting = system.rewriting()
    advise = adviser(lambda request, now: rewriting(request, now), arms=arms, mode=Mode.BEFORE)
    waiting: list[Turn] = []
    for day in range(days.stop):
        # Anew each day: between two nights somebody may have changed what is live.
        rewriting = system.rewriting()
        exchanges = [exchange for each in guests for exchange in each.day(day, advise, seed=venue.seed)]
        waiting += [each.turn for each in exchanges]
        venue.tick(day + 1, days.stop)
        if day >= days.start:
            night = START + timedelta(days=day) + NIGHT
            system.land(waiting, night)
            waiting = []
            system.learn(night)
            rewriting = system.rewriting()
            yield Night(day, exchanges, {each.source: each.target for each in system.rewrites()})
