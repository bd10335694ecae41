"""The product in a loop as it runs at a customer's: a topic on a real broker, `resay ingest` and `resay learn` each night, `resay serve`.

Everything passes through processes of its own and over the wire. Slower by far than in process, and its answers have a deadline, so
a busy machine may let a rewrite pass; figures come from the loop in process, and this shows that it is the same product.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from resay.commands.bench.brokers import BenchTopic, bench_topic
from resay.commands.bench.children import ChildFailed, check_alive, run_child, started_child
from resay.commands.bench.learnable import records_of
from resay.commands.bench.loop_system import ProductSystem
from resay.commands.detectors import DetectorAsked, detector_of
from resay.commands.program import COMMAND_LINE
from resay.commands.settings import read_settings
from resay.dialogue.rewrite import Action, BeforeRequest, Layer, Reason, Rewrite, RewriteAnswer, RewriteRequest
from resay.dialogue.turn import Turn
from resay.lab.adviser import Rewriting

DEADLINE_MS = 1_000
"""The longest that the service grants: lateness has a bench of its own."""

ANSWER_S = 10.0

TAKEN_UP_S = 60.0
"""Longest wait until the service has taken up what was published; it looks every second."""

LOOK_S = 0.1


@contextmanager
def wire_system(address: str, home: Path, *, k: int, links: DetectorAsked | None = None) -> Iterator[WireSystem]:
    """The product over a broker and HTTP, for the length of the block; the topic goes with it, the home stays.

    Raises: SourceUnavailable, ChildFailed.
    """
    # What is learnt each night is all that changes: rewrites that are rolled back by themselves would make it another loop.
    words = ["serve", "--port", "0", "--home", str(home), "--no-judge", "--json"]
    home.mkdir(parents=True, exist_ok=True)
    with bench_topic(address, groups=1) as topic, started_child(COMMAND_LINE, words, folder=home) as child:
        assert child.stdout is not None, "children are started with a pipe"
        told = json.loads(child.stdout.readline() or "{}")
        if "url" not in told:
            child.wait(ANSWER_S)
            check_alive(child, words, folder=home)
        with closing(_Service(told["url"], Path(told["api_key_file"]).read_text().strip())) as service:
            yield WireSystem(topic, service, home, k=k, links=links or DetectorAsked())


class WireSystem:
    """The system of a loop, over the wire."""

    def __init__(self, topic: BenchTopic, service: _Service, home: Path, *, k: int, links: DetectorAsked) -> None:
        self._topic, self._service, self._home, self._k, self._links = topic, service, home, k, links

    def land(self, turns: Sequence[Turn], now: datetime) -> None:
        """Write turns to the topic, as an assistant would; they are landed before the next night's learning."""
        from ingest.kafka_bare import write_records

        write_records(self._topic.place, records_of(turns, partitions=self._topic.partitions))

    def learn(self, now: datetime) -> None:
        """The nightly jobs; ends when the service answers from what they published."""
        self._ingest()
        # A child works in a folder of its own.
        model = ["--model", str(self._links.model.absolute())] if self._links.model else []
        learnt = self._run("learn", "--k", str(self._k), "--detector", self._links.name, *model)
        deadline = time.monotonic() + TAKEN_UP_S
        while self._service.generation(now) != learnt["generation"]:
            if time.monotonic() > deadline:
                message = (
                    f"service must take up generation {learnt['generation']} within {TAKEN_UP_S:g} s; it did not; is the machine too busy?"
                )
                raise ChildFailed(message)
            time.sleep(LOOK_S)

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
        self._run("ingest", "--source", self._topic.address, "--group", self._topic.group(0), "--rejects-topic", "none")

    def _run(self, *words: str) -> dict[str, Any]:
        place = self._home / words[0]
        place.mkdir(exist_ok=True)
        return run_child(COMMAND_LINE, [*words, "--home", str(self._home), "--json"], folder=place).told


@dataclass(frozen=True, slots=True)
class _Answered:
    """What of the service's reply a loop needs; the rest is passed over."""

    decision_id: str
    action: Action
    utterance: str
    original: str
    reason: Reason
    layer: Layer | None
    rewrite_id: str | None
    generation: int | None


class _Service:
    """A running service, asked over one connection."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname, "a service tells where it answers"
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=ANSWER_S)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._decode = msgspec.json.Decoder(_Answered).decode

    def rewrite(self, request: RewriteRequest, now: datetime) -> RewriteAnswer:
        """The service's answer to a request."""
        question: dict[str, object] = {"mode": "before"}
        if not isinstance(request, BeforeRequest):
            question = {"mode": "retry", "interpretations": request.interpretations, "status": request.status}
        answered = self._ask(question | {name: getattr(request.heard, name) for name in request.heard.__dataclass_fields__})
        return RewriteAnswer(**{name: getattr(answered, name) for name in _Answered.__dataclass_fields__})

    def generation(self, now: datetime) -> int | None:
        """Which generation answers."""
        return self._ask({"mode": "before", "turn_id": "loop", "customer_id": "loop", "at": now, "utterance": "hello"}).generation

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _ask(self, question: dict[str, object]) -> _Answered:
        body = msgspec.json.encode(question | {"deadline_ms": DEADLINE_MS}, enc_hook=dict)
        self._connection.request("POST", "/v1/rewrite", body, self._headers)
        answer = self._connection.getresponse()
        told = answer.read()
        if answer.status != http.client.OK:
            message = f"service must answer 200; it answers {answer.status}: {told[:200]!r}"
            raise ChildFailed(message)
        return self._decode(told)
