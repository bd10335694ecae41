"""A Kafka topic of another system's events: what `--format` says, and the two that work side by side, one that reads and one that tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import typer

from ingest.arriving import RASA_EVENTS
from ingest.arriving_log import Arrivals, arrivals_of
from ingest.kafka_reading import ENDS_S, KafkaReading
from ingest.kept_until import KeptUntil
from ingest.landing import LandingReport, LandingRules
from resay.commands.adapted import TURNS
from resay.commands.chain import Chain, Found, Step
from resay.commands.home_books import opened
from resay.commands.landing_metrics import LandingMetrics
from resay.commands.place import place_of
from resay.commands.settings import Settings
from resay.commands.topic import OpenTopic
from resay.store.lake import Lake

FORMATS = {RASA_EVENTS.name: RASA_EVENTS}
"""Other systems whose topics can be read, by the name of their format."""

FormatOption = Annotated[
    str, typer.Option("--format", metavar=f"{TURNS}|{'|'.join(FORMATS)}", help="What a topic holds: turns of ours, or Rasa's events.")
]


def check_usage(name: str, source: str) -> None:
    """Speak up where a format is none, or not of a topic.

    Raises: BadParameter.
    """
    if name not in {TURNS, *FORMATS}:
        message = f"--format must be {' or '.join((TURNS, *FORMATS))}; got {name!r}; is it spelled otherwise?"
        raise typer.BadParameter(message)
    if name != TURNS and not source.startswith("kafka://"):
        message = f"--format {name} must go with --source kafka://…; got {source or 'files'}; is `resay import {name}` what you mean?"
        raise typer.BadParameter(message)


@contextmanager
def arrivals_for(name: str, address: str, settings: Settings) -> Iterator[Arrivals | None]:
    """Where the events of a topic wait, for the length of the block; nothing where it holds turns.

    Raises: BooksUnavailable, SourceUnavailable.
    """
    if name == TURNS:
        yield None
        return
    topic = place_of(address, None).topic
    with opened(settings) as books:
        yield replace(arrivals_of(FORMATS[name], topic, books=books, lake=Lake(settings.lake)), hash_key=settings.hash_key)


def reading_of(name: str, reading: KafkaReading) -> KafkaReading:
    """How a topic of this format is read."""
    return reading if name == TURNS else replace(reading, probe_s=ENDS_S)


class Telling:
    """Tells what the readers of a topic keep, and nothing before all that the topic held is kept: the rest of a talk may stand anywhere."""

    def __init__(self, topic: OpenTopic, arrivals: Arrivals, rules: LandingRules, *, metrics: LandingMetrics) -> None:
        """For a topic that is being read."""
        self.topic, self.arrivals = topic, arrivals
        self._rules, self._metrics = rules, metrics
        self._kept = KeptUntil()
        self.told = LandingReport()
        """What was told so far."""

    def __call__(self) -> Found:
        """Land the turns of talks that are due.

        Raises: BooksUnavailable, LakeUnavailable, LostPosition.
        """
        source = self.topic.source
        ends = source.ends()
        if ends is None:
            return Found.WORK_LATER
        # Positions behind ends, and ends behind the time: whatever comes meanwhile, the answer is not too late a moment.
        at = self._rules.clock() - ends.age
        until = self._kept.look(ends.positions, self.arrivals.positions(source.name, ends.positions), at=at)
        report = self.arrivals.tell(self._rules, as_of=until) if until else LandingReport()
        self.told += report
        self._metrics.told(report)
        if report.read:
            return Found.WORK
        return Found.WORK_LATER if self._kept.is_behind or self.arrivals.has_untold() else Found.NOTHING


def follow_events(telling: Telling, rules: LandingRules, *, metrics: LandingMetrics, stop: Callable[[], bool]) -> None:
    """Keep and tell what comes, side by side, until stopped.

    Raises: what either of them raised first.
    """
    chain = Chain(stop=stop)

    def keep() -> Found:
        telling.topic.land(telling.arrivals.lake, rules, metrics=metrics, stop=chain.stopping)
        return Found.NOTHING

    chain.run([Step("ingest", keep, waits=True), Step("tell", telling)])
