"""The landing in a page of plain Python: what the lake must hold after any sequence of steps, kills and overtakings.

It is told which steps were taken, and says whether a step was allowed and what the lake must hold behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

WINDOW_DAYS = 7
"""The same turn again within so many days of event time is a repeat."""

AHEAD_DAYS = 1
"""An event further ahead of the clock cannot be right."""

HTTP = "http"
"""Where records come from that have no position of their own."""


@dataclass(frozen=True, slots=True)
class Event:
    """One record, as the model sees it."""

    turn_id: str
    """Empty: a record that nobody can read."""
    day: int
    """Event time, in days."""

    def is_good(self, today: int) -> bool:
        """Whether it can be read on a day; what is too far ahead may be right later."""
        return bool(self.turn_id) and self.day <= today + AHEAD_DAYS


@dataclass(slots=True)
class LandingModel:
    """What the lake must hold."""

    logs: Mapping[str, Sequence[Event]]
    """The records of each partition; others append to them."""
    today: int
    parts: list[Event] = field(default_factory=list)
    letters: dict[tuple[str, int], Event] = field(default_factory=dict)
    """Each dead letter, by where it stood: partition, position."""
    positions: dict[str, int] = field(default_factory=dict)
    refused_by_http: int = 0

    def keep_letters(self, partition: str, span: range, *, judged: int) -> None:
        """Keep the bad ones of a batch, as they were judged on a day; known ones are kept already."""
        for position in span:
            event = self.logs[partition][position]
            if not event.is_good(judged):
                self.letters.setdefault((partition, position), event)

    def commit(self, partition: str, span: range, *, judged: int) -> None:
        """Take the good ones of a batch and move the position, which must stand where the batch begins."""
        assert self.stands(partition) == span.start, "only who stands where the lake stands may commit"
        self.add([event for event in self.logs[partition][span.start : span.stop] if event.is_good(judged)])
        self.positions[partition] = span.stop

    def stands(self, partition: str) -> int:
        """The next record that is not yet landed."""
        return self.positions.get(partition, 0)

    def add(self, events: Sequence[Event]) -> None:
        """Take those that are not there yet."""
        for event in events:
            if not any(event.turn_id == there.turn_id and abs(event.day - there.day) <= WINDOW_DAYS for there in self.parts):
                self.parts.append(event)

    def send(self, events: Sequence[Event], *, dies: bool) -> None:
        """Take records that came by HTTP, the good ones first; it may die before it keeps the bad ones."""
        self.add([event for event in events if event.is_good(self.today)])
        for event in events:
            if not event.is_good(self.today) and not dies:
                self.letters[HTTP, self.refused_by_http] = event
                self.refused_by_http += 1

    def replay(self, *, dies: bool) -> None:
        """Try the dead letters again; those that are good now land, source by source, and leave unless it dies before."""
        sources = sorted({_source(place) for place in self.letters})
        tried = sources[:1] if dies else sources
        good = {place: event for place, event in sorted(self.letters.items()) if event.is_good(self.today) and _source(place) in tried}
        self.add(list(good.values()))
        if not dies:
            self.drop(good)

    def drop(self, places: Mapping[tuple[str, int], Event]) -> None:
        """Give up dead letters."""
        self.letters = {place: event for place, event in self.letters.items() if place not in places}


def _source(place: tuple[str, int]) -> str:
    return place[0].partition("#")[0]
