"""A day's talk in the order of time, slice by slice: for systems that learn while people talk, and not at night alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from random import Random

from resay.lab.conversation import Exchange, Stage
from resay.lab.customer import Customer
from resay.lab.traffic import Day, Session, Span, sessions, speak
from resay.lab.world import Sound


@dataclass(frozen=True, slots=True)
class SlicedTalk:
    """The very talk of `traffic.talk`, by when sessions begin; slices without a session are left out.

    Holds the chance of each customer for a day: some 3 kB each.
    """

    length: timedelta

    def __call__(
        self, stage: Stage, customers: Sequence[Customer], *, span: Span, seed: int, false_wakes: Sequence[Sound]
    ) -> Iterator[list[Exchange]]:
        """The exchanges of each slice of each local day."""
        for day in span.days:
            local = Day(day, span.start + timedelta(days=day), seed)
            begun: list[tuple[datetime, int, Customer, Session, Random]] = []
            for place, customer in enumerate(customers):
                told = sessions(stage, customer, day=local, sounds=false_wakes)
                begun += [(each.opening.at, place, customer, each, rng) for each, rng in told]
            begun.sort(key=lambda each: each[:2])
            for _, slice_ in groupby(begun, key=lambda each: (each[0] - span.start) // self.length):
                yield [turn for _, _, who, session, rng in slice_ for turn in speak(stage, who, session=session, day=day, rng=rng)]
