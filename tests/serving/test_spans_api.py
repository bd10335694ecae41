"""OTLP over HTTP: the exporter of OpenTelemetry's own SDK sends spans, in pieces and again, and each turn is in the lake once."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, set_span_in_context

from ingest.arriving import SPANS, tell
from resay.dialogue.turn import Turn
from resay.store.lake import Lake
from resay.store.turns import read_turns
from resay.store.waiting import WaitingBooks
from serving.server import RunningService
from serving.service import Service
from tests.serving.conftest import KEY, Serve, client_of, standing_still

ASKED, SAID = "what is the weather in Oslo", "Rain all day."

TOO_MANY = ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=[Span()] * 10_001)])])


def spans_of(*, asked: str = ASKED, said: str = SAID, failed: bool = False) -> Sequence[ReadableSpan]:
    """A trace of the real SDK: an agent answers a customer, calls a tool, and a model two times; the agent's own span ends last."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("agent")
    agent = tracer.start_span("invoke_agent", attributes=_words("invoke_agent", asked, said) | {"user.id": "anna"})
    inside = set_span_in_context(agent)
    for name, question in (("chat", "which tool?"), ("chat", "now answer")):
        tracer.start_span(name, context=inside, attributes=_words(name, question, "…")).end()
    tracer.start_span("GET weather", context=inside).end()
    if failed:
        agent.set_status(StatusCode.ERROR)
    agent.end()
    return kept.get_finished_spans()


def _words(operation: str, asked: str, said: str) -> dict[str, str]:
    messages = {"input": ("user", asked), "output": ("assistant", said)}
    told = {
        f"gen_ai.{side}.messages": json.dumps([{"role": role, "parts": [{"type": "text", "content": words}]}])
        for side, (role, words) in messages.items()
    }
    return {"gen_ai.operation.name": operation, "gen_ai.conversation.id": "talk-1", **told}


@pytest.fixture
def service(home: Path, serve: Serve) -> RunningService:
    """A service over a home."""
    return serve(standing_still(home))


@pytest.fixture
def exporter(service: RunningService) -> Iterator[OTLPSpanExporter]:
    """The SDK's own exporter, as an application sets it up: protobuf, packed."""
    headers = {"Authorization": f"Bearer {KEY}"}
    exporter = OTLPSpanExporter(endpoint=f"{service.url}/v1/traces", headers=headers, compression=Compression.Gzip, timeout=300)
    yield exporter
    exporter.shutdown()


def turns_after(running: RunningService, **later: float) -> list[Turn]:
    """The turns of the lake once so much time has passed."""
    parts: Service = running.app.state.service
    lake = Lake(parts.settings.lake)
    tell(SPANS, parts.waiting, lake, now=parts.clock() + timedelta(**later))
    return list(read_turns(lake))


def test_a_trace_of_the_real_exporter_is_one_turn(service: RunningService, exporter: OTLPSpanExporter):
    """What the customer asked the agent; what the agent asked its model is none. Who spoke, and in which talk, is known."""
    sent = exporter.export(spans_of())

    (turn,) = turns_after(service, seconds=10)

    assert sent is SpanExportResult.SUCCESS
    assert (turn.utterance, turn.response and turn.response.text) == (ASKED, SAID)
    assert (turn.customer_id, turn.session_id) == ("anna", "talk-1")


@pytest.mark.parametrize("backwards", [False, True])
def test_spans_one_by_one_and_again_are_one_turn(service: RunningService, exporter: OTLPSpanExporter, backwards: bool):
    """Each in a request of its own, in either order, all of them twice, told between any two of them: the turn is there once."""
    spans = spans_of()
    seen: list[int] = []

    for each in [*(reversed(spans) if backwards else spans)] * 2:
        assert exporter.export([each]) is SpanExportResult.SUCCESS
        seen.append(len(turns_after(service, seconds=10)))

    # Inner calls wait for the span around them, which comes last where nothing is turned round.
    assert seen == ([1] * 8 if backwards else [0, 0, 0, 1, 1, 1, 1, 1])


def test_what_never_gets_whole_is_told_after_the_longest_wait(service: RunningService, exporter: OTLPSpanExporter):
    """The agent's own span was lost: the calls inside it are all that there is."""
    exporter.export(spans_of()[:2])

    assert turns_after(service, minutes=4) == []
    assert {turn.utterance for turn in turns_after(service, minutes=6)} == {"which tool?", "now answer"}


def test_a_landing_that_was_killed_before_it_was_noted_lands_nothing_twice(
    service: RunningService, exporter: OTLPSpanExporter, monkeypatch: pytest.MonkeyPatch
):
    """The turns are in the lake and the pieces still say that they are not: they are told again, and dropped."""

    class Killed(WaitingBooks):
        """Dies where it should note what was told."""

        def note_told(self, *_: Any) -> None:
            raise KeyboardInterrupt

    exporter.export(spans_of())
    parts: Service = service.app.state.service
    lake, later = Lake(parts.settings.lake), parts.clock() + timedelta(seconds=10)
    with pytest.raises(KeyboardInterrupt):
        tell(SPANS, Killed(parts.books), lake, now=later)

    again = tell(SPANS, parts.waiting, lake, now=later)

    assert (again.accepted, again.duplicates) == (0, 2)
    assert len(list(read_turns(lake))) == 1


def test_what_was_told_is_let_go_after_a_while(service: RunningService, exporter: OTLPSpanExporter):
    """Nothing of anybody's words stays in the books."""
    exporter.export(spans_of())
    turns_after(service, seconds=10)
    waiting = service.app.state.service.waiting

    assert waiting.count()[0] == 4
    turns_after(service, minutes=16)
    assert waiting.count() == (0, 0)


def test_a_span_that_failed_is_a_turn_that_failed(service: RunningService, exporter: OTLPSpanExporter):
    """The status of the span is that of the turn."""
    exporter.export(spans_of(failed=True))

    (turn,) = turns_after(service, seconds=10)

    assert turn.response is not None and turn.response.status == "failed"


def test_json_is_answered_in_json(service: RunningService):
    """A span that cannot be read is named in `partialSuccess`, must not be sent again, and is kept with the reason."""
    good = span("a1", asked="hello there")
    bad = span("b2", asked="no time") | {"startTimeUnixNano": "0", "endTimeUnixNano": "0"}
    with client_of(service) as client:
        reply = post(client, good, bad, headers={"Content-Encoding": "gzip"})
        wholly_good = post(client, good)

    assert (reply.status_code, wholly_good.status_code, wholly_good.json()) == (200, 200, {})
    assert reply.json()["partialSuccess"]["rejectedSpans"] == "1"
    assert "startTimeUnixNano must be given" in reply.json()["partialSuccess"]["errorMessage"]
    assert [turn.utterance for turn in turns_after(service, seconds=10)] == ["hello there"]
    with Lake(service.app.state.service.settings.lake).connect() as connection:
        assert connection.execute("select count(*), min(source) from rejects").fetchall() == [(1, "otlp")]


def test_protobuf_is_answered_in_protobuf(service: RunningService, exporter: OTLPSpanExporter):
    """By the official messages, empty where all is well."""
    with client_of(service) as client:
        reply = client.post("/v1/traces", content=b"", headers={"Content-Type": "application/x-protobuf"})

    assert reply.headers["content-type"] == "application/x-protobuf"
    assert ExportTraceServiceResponse.FromString(reply.content) == ExportTraceServiceResponse()


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{half", {"Content-Type": "application/json"}, 400),
        (b"[]", {"Content-Type": "application/json"}, 400),
        (b"\xff\xff\xff", {"Content-Type": "application/x-protobuf"}, 400),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {"Content-Type": "application/json", "Content-Encoding": "br"}, 400),
        (b"not gzip", {"Content-Type": "application/json", "Content-Encoding": "gzip"}, 400),
        (gzip.compress(b"{}", mtime=0) * 2, {"Content-Type": "application/json", "Content-Encoding": "gzip"}, 400),
        (b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + b"{}," * 10_000 + b"{}]}]}]}", {"Content-Type": "application/json"}, 413),
        (TOO_MANY.SerializeToString(), {"Content-Type": "application/x-protobuf"}, 413),
        (gzip.compress(b"{" + b" " * 40_000_000 + b"}"), {"Content-Type": "application/json", "Content-Encoding": "gzip"}, 413),
    ],
)
def test_what_cannot_be_read_is_not_asked_for_again(shared: RunningService, content: bytes, headers: dict[str, str], status: int):
    """Exporters send 503 and 429 again, and nothing else."""
    with client_of(shared) as client:
        assert client.post("/v1/traces", content=content, headers=headers).status_code == status


def test_without_a_key_nothing_is_taken(shared: RunningService):
    """The key is that of the API: `OTEL_EXPORTER_OTLP_HEADERS` carries it."""
    with client_of(shared, key=None) as client:
        assert post(client, span("a1")).status_code == 401


def test_where_too_much_waits_senders_come_again(service: RunningService):
    """The answer says when; nothing of the request is kept."""
    parts: Service = service.app.state.service
    parts.waiting._pieces_max = 2
    with client_of(service) as client:
        replies = [post(client, *(span(f"{each}") for each in names)) for names in ("ab", "c")]

    assert [(each.status_code, each.headers.get("retry-after")) for each in replies] == [(200, None), (503, "30")]
    assert parts.waiting.count()[0] == 2


def test_customers_are_named_by_hashes_before_anything_is_kept(home: Path, serve: Serve):
    """With a hash key no name is in the books either."""
    running = serve(standing_still(home, hash_key="k"))
    with client_of(running) as client:
        post(client, span("a1", customer="anna"))
    parts: Service = running.app.state.service
    (piece,) = parts.waiting.pieces("otlp", ["1" * 31 + "a"])

    (turn,) = turns_after(running, seconds=10)

    assert "anna" not in piece.content
    assert turn.customer_id == piece.customer_id and turn.customer_id.startswith("h1:")


def span(name: str, *, asked: str = "hello", customer: str = "c1") -> dict[str, Any]:
    """A span of its own trace, as an exporter of JSON writes it."""
    now = int(datetime.now().timestamp() * 1e9)  # noqa: DTZ005 - a count of seconds has no zone
    values = {"gen_ai.operation.name": "chat", "user.id": customer, "input.value": asked, "output.value": "well"}
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]
    ids = {"traceId": name[0].rjust(32, "1"), "spanId": name[0].rjust(16, "2")}
    return ids | {"name": "chat", "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + 1), "attributes": attributes}


def post(client: httpx.Client, *spans: dict[str, Any], headers: dict[str, str] | None = None) -> httpx.Response:
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}).encode()
    packed = gzip.compress(body) if headers else body
    return client.post("/v1/traces", content=packed, headers={"Content-Type": "application/json", **(headers or {})})
