"""A Kafka topic with all that goes with landing it: where its dead letters are sent, what operators are told, what is measured.

Reading and sending themselves are `ingest/kafka_*.py`, which are imported only when a topic is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.arriving_log import Arrivals, land_events
from ingest.kafka_place import KafkaPlace, with_topic
from ingest.kafka_reading import KafkaReading
from ingest.landing import LandingRules, LandingStep, land, stored_position
from ingest.row import Refused
from ingest.source import Batch, SourceUnavailable
from resay.commands.console import remarks
from resay.commands.landing_metrics import LandingMetrics
from resay.commands.place import kafka_needed, place_of
from resay.store.lake import Lake

if TYPE_CHECKING:
    from ingest.kafka_log import KafkaLog
    from ingest.kafka_reach import Reach
    from ingest.kafka_rejects import KafkaRejects

NONE = "none"

Observe = Callable[[LandingStep, Batch], None]
"""Told of every step of a landing, as `LandingRules` has it."""

CONFLICTS_MAX = 20
"""Lost positions in a row before a member of a group gives up: a rebalance costs one or two, more mean that two groups read one topic."""

RejectsTopicOption = Annotated[
    str,
    typer.Option("--rejects-topic", metavar="NAME|none", help="Topic for what cannot be read [default: the topic's name and -rejects]."),
]
MetricsPortOption = Annotated[int | None, typer.Option("--metrics-port", min=0, max=65_535, help="Show metrics at this port.")]


@dataclass(frozen=True, slots=True)
class TopicAsked:
    """What the command line says of a topic."""

    address: str
    kafka_settings: Path | None = None
    rejects_topic: str = ""
    """Where dead letters go beside table `rejects`: a name, `none`, or nothing for the customary name, if there is such a topic."""


@dataclass(frozen=True, slots=True)
class OpenTopic:
    """A topic that is being read."""

    source: KafkaLog
    reach: Reach
    rejects: KafkaRejects | None
    """Where its dead letters are sent; nothing where they go to table `rejects` only."""
    arrivals: Arrivals | None = None
    """Where its records wait, where they are another system's events."""

    def show(self, metrics: LandingMetrics) -> None:
        """Have its lag measured, and whether its brokers answer."""
        metrics.topic_is(self.source.lag, self.source.held_bytes, lambda: self.reach.up)

    def land(
        self,
        lake: Lake,
        rules: LandingRules,
        *,
        metrics: LandingMetrics,
        tick: Callable[[int], None] = lambda _read: None,
        stop: Callable[[], bool],
    ) -> None:
        """Land what there is, or keep it where it is to wait, as a member of a group; `rules.landed` is told what became of it.

        Asked to stop while brokers are away, it ends with a remark: what it had in hand is read again next time.
        """

        def rejected(refused: Sequence[Refused]) -> None:
            metrics.sent(self.rejects.send(refused) if self.rejects else 0)

        rules = replace(rules, conflicts_max=CONFLICTS_MAX, rejected=rejected, observe=_remarking_rests(rules.observe))
        try:
            if self.arrivals:
                land_events(self.source, self.arrivals, rules=rules, tick=tick, stop=stop)
            else:
                land(self.source, lake, rules=rules, tick=tick, stop=stop)
        except SourceUnavailable as error:
            if not stop():
                raise
            _remark(f"{error}; what is not landed is read again next time")


@contextmanager
def open_topic(
    asked: TopicAsked, *, reading: KafkaReading, lake: Lake, stop: Callable[[], bool], arrivals: Arrivals | None = None
) -> Iterator[OpenTopic]:
    """The topic as a source whose positions are those of the lake, or of what waits, and the topic of its dead letters.

    Raises: SourceUnavailable; BadParameter where the two are one.
    """
    place = place_of(asked.address, asked.kafka_settings)
    if asked.rejects_topic == place.topic:
        message = f"--rejects-topic must be another topic than the one that is read; got {place.topic!r} for both; is `none` meant?"
        raise typer.BadParameter(message)
    with kafka_needed():
        from ingest.kafka_log import KafkaLog
        from ingest.kafka_reach import Reach
    reach = Reach(_remark)
    positions = arrivals.position if arrivals else partial(stored_position, lake)
    with closing(KafkaLog(place, positions=positions, reading=reading, stop=stop, reach=reach)) as source:
        rejects = _open_rejects(asked, place, reading=reading, stop=stop, reach=reach)
        try:
            yield OpenTopic(source, reach, rejects, arrivals)
        finally:
            if rejects:
                rejects.close()


def _remarking_rests(observe: Observe) -> Observe:
    """Say once that a reader rests, until it goes on."""
    rests = False

    def observed(step: LandingStep, batch: Batch) -> None:
        nonlocal rests
        if step is LandingStep.RESTING and not rests:
            _remark(
                "reading rests, as no more pieces of talk can wait for their rest; each goes a quarter of an hour after it was told; "
                "is this a long history? As a file it is quicker (resay import)"
            )
        rests = step is LandingStep.RESTING
        observe(step, batch)

    return observed


def _open_rejects(
    asked: TopicAsked, place: KafkaPlace, *, reading: KafkaReading, stop: Callable[[], bool], reach: Reach
) -> KafkaRejects | None:
    from ingest.kafka_cluster import NoTopic
    from ingest.kafka_rejects import ENDING, KafkaRejects

    if asked.rejects_topic == NONE:
        return None
    name = asked.rejects_topic or place.topic + ENDING
    try:
        return KafkaRejects(with_topic(place, name), place.topic, reading=reading, stop=stop, reach=reach)
    except NoTopic:
        if asked.rejects_topic:
            raise  # A name that somebody wrote is to be right.
        _remark(f"there is no topic {name} that is ours to use; records that cannot be read go to table `rejects` only (--rejects-topic)")
        return None


def _remark(sentence: str) -> None:
    remarks.print(f"resay: {sentence}", markup=False, soft_wrap=True)
