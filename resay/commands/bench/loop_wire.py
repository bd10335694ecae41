"""The product in a loop as it runs at a customer's: a topic on a real broker, `resay ingest` and `resay learn` each night, `resay serve`.

Everything passes through processes of its own and over the wire. Slower by far than in process, and its answers have a deadline, so
a busy machine may let a rewrite pass; figures come from the loop in process, and this shows that it is the same product.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from resay.commands.bench.brokers import BenchTopic, bench_topic
from resay.commands.bench.learnable import records_of
from resay.commands.bench.loop_service import AskedService, learn_one_night, run_words, started_service
from resay.commands.bench.loop_system import ProductSystem
from resay.commands.detectors import DetectorAsked, detector_of
from resay.commands.program import COMMAND_LINE
from resay.commands.settings import read_settings
from resay.dialogue.rewrite import Rewrite
from resay.dialogue.turn import Turn
from resay.lab.adviser import Rewriting


@contextmanager
def wire_system(address: str, home: Path, *, k: int, links: DetectorAsked | None = None) -> Iterator[WireSystem]:
    """The product over a broker and HTTP, for the length of the block; the topic goes with it, the home stays.

    Raises: SourceUnavailable, ChildFailed.
    """
    # What is learnt each night is all that changes: rewrites that are rolled back by themselves would make it another loop.
    words = ["serve", "--port", "0", "--home", str(home), "--no-judge", "--json"]
    with bench_topic(address, groups=1) as topic, started_service(COMMAND_LINE, words, home=home) as service:
        yield WireSystem(topic, service, home, k=k, links=links or DetectorAsked())


class WireSystem:
    """The system of a loop, over the wire."""

    def __init__(self, topic: BenchTopic, service: AskedService, home: Path, *, k: int, links: DetectorAsked) -> None:
        self._topic, self._service, self._home, self._k, self._links = topic, service, home, k, links

    def land(self, turns: Sequence[Turn], now: datetime) -> None:
        """Write turns to the topic, as an assistant would; they are landed before the next night's learning."""
        from ingest.kafka_bare import write_records

        write_records(self._topic.place, records_of(turns, partitions=self._topic.partitions))

    def learn(self, now: datetime) -> None:
        """The nightly jobs; ends when the service answers from what they published."""
        self._ingest()
        learn_one_night(self._service, self._home, now, k=self._k, links=self._links)

    def rewriting(self) -> Rewriting:
        """The running service."""
        return self._service.rewrite

    def defects(self) -> Iterable[tuple[str, str, float]]:
        """What the labels say of every turn."""
        self._ingest()
        with closing(self._product()) as product:
            return list(product.defects())

    def rewrites(self) -> tuple[Rewrite, ...]:
        """The live table."""
        with closing(self._product()) as product:
            return product.rewrites()

    def _product(self) -> ProductSystem:
        return ProductSystem(read_settings({}, home=self._home), k=self._k, detector=detector_of(self._links))

    def _ingest(self) -> None:
        run_words(self._home, "ingest", "--source", self._topic.address, "--group", self._topic.group(0), "--rejects-topic", "none")
