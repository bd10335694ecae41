"""The landing in a page of plain Python: what the lake must hold after any sequence of operations and kills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from ingest.landing import LandingStep

WINDOW = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Event:
    """One record, as the model sees it."""

    turn_id: str
    """Empty: a record that nobody can read."""
    day: int
    """Event time, in days."""


@dataclass(slots=True)
class LandingModel:
    """What the lake must hold."""

    parts: list[Event] = field(default_factory=list)
    letters: list[tuple[str, int]] = field(default_factory=list)
    """Where each dead letter stood: partition, position."""
    positions: dict[str, int] = field(default_factory=dict)

    def land(self, logs: dict[str, list[Event]], *, size: int, kill: tuple[LandingStep, int] | None) -> None:
        """Land all partitions in batches; die behind the n-th time that a step was taken."""
        steps: list[LandingStep] = []
        for partition, events in logs.items():
            while (start := self.positions.get(partition, 0)) < len(events):
                batch = events[start : start + size]
                for step in (LandingStep.TAKEN, LandingStep.LETTERS_KEPT, LandingStep.COMMITTED):
                    if step is LandingStep.LETTERS_KEPT:
                        self._keep_letters(partition, enumerate(batch, start))
                    if step is LandingStep.COMMITTED:
                        self.add(batch)
                        self.positions[partition] = start + len(batch)
                    steps.append(step)
                    if kill and step is kill[0] and steps.count(step) == kill[1]:
                        return

    def add(self, events: Sequence[Event]) -> None:
        """Take the good ones that are not there yet."""
        for event in events:
            if event.turn_id and not any(
                event.turn_id == there.turn_id and abs(event.day - there.day) <= WINDOW.days for there in self.parts
            ):
                self.parts.append(event)

    def _keep_letters(self, partition: str, numbered: Iterable[tuple[int, Event]]) -> None:
        for position, event in numbered:
            if not event.turn_id and (partition, position) not in self.letters:
                self.letters.append((partition, position))
