"""`resay verdicts`: what is held against turns, as a collector of OpenTelemetry takes it; read here by its official messages."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import typer
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from typer.testing import CliRunner

from failure_point.point import POINTS
from resay.commands import importing, label, verdicts
from resay.commands.verdicts import NotTaken, send
from resay.label.verdicts import verdicts as verdicts_of
from resay.store.lake import Lake
from resay.store.tables import FAILURE_POINTS
from resay.store.turns import read_turns
from serving.forward import Forward
from tests.builders import BASE

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"


@dataclass
class Collector:
    """Takes log records over HTTP, and remembers them."""

    statuses: list[int] = field(default_factory=list)
    """Answered first, one a request."""
    taken: list[LogRecord] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    url: str = ""
    says: bytes = b"{}"
    """The body of its answers."""

    def take(self, body: bytes) -> None:
        """As a collector reads JSON: ids are hexadecimal there, and nowhere else in JSON of protobuf."""
        request = json.loads(body)
        for resource in request["resourceLogs"]:
            for scope in resource["scopeLogs"]:
                for record in scope["logRecords"]:
                    for name in {"traceId", "spanId"} & record.keys():
                        record[name] = base64.b64encode(bytes.fromhex(record[name])).decode()
        read = json_format.ParseDict(request, ExportLogsServiceRequest())
        self.taken += [record for resource in read.resource_logs for scope in resource.scope_logs for record in scope.log_records]


@contextmanager
def collecting(*statuses: int) -> Iterator[Collector]:
    """One, at a port."""
    collector = Collector([*statuses])

    class Logs(BaseHTTPRequestHandler):
        """One request."""

        def do_POST(self) -> None:
            """Take it, or answer otherwise."""
            body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
            status = collector.statuses.pop(0) if collector.statuses else 200
            collector.keys.append(self.headers["X-Key"])
            if status == 200 and self.path == "/v1/logs":
                collector.take(body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(collector.says)))
            self.end_headers()
            self.wfile.write(collector.says)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Logs) as server:
        collector.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield collector
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two tries of one customer, told by spans and judged."""
    home = tmp_path_factory.mktemp("home")
    log = home / "spans.jsonl"
    tries = [("weather in oslow", True, 0), ("weather in oslo", False, 8)]
    spans = [_span(asked, failed=failed, at=at, ordinal=ordinal) for ordinal, (asked, failed, at) in enumerate(tries)]
    log.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}))
    answer(home, "import", "otel", str(log))
    answer(home, "detect", "--detector", "combined")
    answer(home, "label")
    lake = Lake(home / "lake")
    (first, _) = read_turns(lake)
    chances = {point.value: 0.9 if point.value == "asr" else 0.02 for point in POINTS}
    row = {"turn_id": first.turn_id, "customer_id": "c1", "event_time": BASE, "point": "asr", **chances, "model": "1"}
    lake.append(FAILURE_POINTS, pa.Table.from_pylist([row], FAILURE_POINTS.schema()))
    return home


def answer(home: Path, *words: str) -> dict[str, Any]:
    """What a command answers."""
    app = typer.Typer()
    for each in (importing, label, verdicts):
        each.register(app)
    result = CliRunner().invoke(app, [*words, "--home", str(home), "--json"])
    assert result.exit_code == 0, (result.output, result.exception)
    read: dict[str, Any] = json.loads(result.stdout)
    return read


def _span(asked: str, *, failed: bool, at: float, ordinal: int) -> dict[str, Any]:
    began = int((BASE + timedelta(seconds=at)).timestamp()) * 10**9
    values = {"gen_ai.operation.name": "chat", "user.id": "c1", "session.id": "s1", "gen_ai.response.id": f"r{ordinal}"}
    attributes = values | {"input.value": asked, "output.value": "Sorry?" if failed else "Rain."}
    return {
        "traceId": TRACE[:-1] + str(ordinal),
        "spanId": SPAN[:-1] + str(ordinal),
        "startTimeUnixNano": str(began),
        "endTimeUnixNano": str(began + 10**9),
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
        "status": {"code": 2} if failed else {},
    }


def told(record: LogRecord) -> dict[str, object]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value") or "") for each in record.attributes}


def test_a_collector_is_told_what_is_held_against_turns(judged: Path):
    """Each verdict is an event of the GenAI conventions, beside the span that it is about."""
    with collecting() as collector:
        reply = answer(judged, "verdicts", "--otlp", collector.url)

    events = [(record.trace_id.hex()[-1], told(record)) for record in collector.taken]
    assert reply["verdicts"] == len(events) and {record.event_name for record in collector.taken} == {"gen_ai.evaluation.result"}
    defects = {trace: (each["gen_ai.evaluation.score.label"], each["gen_ai.response.id"]) for trace, each in events if _is(each, "defect")}
    assert defects == {"0": ("failure", "r0"), "1": ("success", "r1")}
    assert {trace for trace, each in events if _is(each, "rephrase")} == {"0"}
    points = [(trace, each["gen_ai.evaluation.score.label"]) for trace, each in events if _is(each, "failure_point")]
    assert points == [("0", "asr")]
    assert all(0 <= float(str(each["gen_ai.evaluation.score.value"])) <= 1 for _, each in events)
    assert {each["gen_ai.conversation.id"] for _, each in events} == {"s1"}
    assert collector.taken[0].span_id.hex() == SPAN[:-1] + "0"
    assert collector.taken[0].time_unix_nano == int(BASE.timestamp()) * 10**9


def _is(attributes: dict[str, object], what: str) -> bool:
    return attributes["gen_ai.evaluation.name"] == f"resay.{what}"


def test_a_busy_collector_is_asked_again(judged: Path):
    """Nothing is sent twice that was taken; the key goes with each request."""
    held = verdicts_of(Lake(judged / "lake"), since=BASE, until=BASE + timedelta(days=1))
    with collecting(503, 429) as collector:
        sent = send(held, Forward(f"{collector.url}/v1/logs"), {"X-Key": "open sesame"}, pause_s=0)

    assert sent == len(collector.taken) > 0
    assert collector.keys == ["open sesame"] * 3


def test_a_key_comes_from_a_file(judged: Path, tmp_path: Path):
    """It must not stand on a command line, where everybody on the machine can read it."""
    (tmp_path / "headers").write_text("X-Key: open sesame\n\n")
    with collecting() as collector:
        answer(judged, "verdicts", "--otlp", f"{collector.url}/v1/logs", "--headers", str(tmp_path / "headers"))

    assert collector.keys == ["open sesame"]


def test_a_refusal_is_said(judged: Path):
    """It is not asked again, and the sentence names the collector."""
    with collecting(401) as collector, pytest.raises(NotTaken, match="it answers 401"):
        verdicts.verdicts_command(otlp=collector.url, home=judged, as_json=True)

    assert collector.taken == [] and len(collector.keys) == 1


def test_what_a_collector_leaves_out_is_said(judged: Path):
    """It may answer that all is well and have taken but a part: that is not sent."""
    held = verdicts_of(Lake(judged / "lake"), since=BASE, until=BASE + timedelta(days=1))
    with collecting() as collector, pytest.raises(NotTaken, match="left out 2 of them: too long"):
        collector.says = b'{"partialSuccess": {"rejectedLogRecords": "2", "errorMessage": "too long"}}'
        send(held, Forward(f"{collector.url}/v1/logs"), {}, pause_s=0)


def test_verdicts_are_written_as_a_collector_writes_them(judged: Path, tmp_path: Path):
    """A file of requests, a line each; those of a time before all turns are none."""
    out = tmp_path / "verdicts.jsonl"
    whole = answer(judged, "verdicts", "--out", str(out))
    again = out.read_bytes()
    answer(judged, "verdicts", "--out", str(out))
    none = answer(judged, "verdicts", "--out", str(tmp_path / "none.jsonl"), "--until", f"{BASE:%Y-%m-%d}")

    collector = Collector()
    collector.take(out.read_bytes())
    assert out.read_bytes() == again and len(collector.taken) == whole["verdicts"]
    assert (none["verdicts"], (tmp_path / "none.jsonl").read_bytes()) == (0, b"")
