"""The bodies of OTLP over HTTP, JSON or protobuf, plain or gzip, as the JSON that adapters read. The one door to the official messages.

Knows encodings; what spans mean is in `adapters.otel`.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from ingest.adapters.adapter import Document
from ingest.adapters.fields import listed
from ingest.adapters.otlp import ENVELOPES
from ingest.arriving import TooMany, refuse_beyond
from resay.dialogue.codec import NESTING_MAX, nests_too_deep
from resay.dialogue.errors import ResayError

if TYPE_CHECKING:
    from google.protobuf.message import Message

UNPACKED_BYTES_MAX = 16_777_216
"""Longest body once unpacked: exporters send 512 spans at once, of 32 KB each then; read, it takes some 100 MB."""

PROTOBUF, JSON = "application/x-protobuf", "application/json"

_GZIP = 16 + zlib.MAX_WBITS
_IDS = ("traceId", "spanId", "parentSpanId")


class Signal(StrEnum):
    """What a body holds."""

    TRACES = "traces"
    LOGS = "logs"


_ENVELOPE_OF = {Signal.TRACES: ENVELOPES[0][0], Signal.LOGS: ENVELOPES[1][0]}


class NoProtobuf(ResayError):
    """The official messages are not installed."""


class TooLong(ValueError):
    """A body that unpacks to more than is read."""


def unpacked(body: bytes, encoding: str) -> bytes:
    """A body as it was before it was packed.

    Raises: TooLong; ValueError, in words for the sender.
    """
    if encoding in {"", "identity"}:
        return body
    if encoding != "gzip":
        message = f"header Content-Encoding must be gzip or none; got {encoding!r}; can the exporter be told?"
        raise ValueError(message)
    unpacking = zlib.decompressobj(_GZIP)
    try:
        content = unpacking.decompress(body, UNPACKED_BYTES_MAX + 1)
    except zlib.error as error:
        message = f"body must be gzip, as its header says; {error}; was it cut off?"
        raise ValueError(message) from error
    if len(content) > UNPACKED_BYTES_MAX:
        message = f"body must not hold more than {UNPACKED_BYTES_MAX:,} bytes unpacked; it does; can batches be smaller?"
        raise TooLong(message)
    if not unpacking.eof:
        message = "body must be whole; its gzip ends too early; was it cut off?"
        raise ValueError(message)
    if unpacking.unused_data:
        message = f"body must be one gzip and nothing behind it; {len(unpacking.unused_data):,} bytes follow; can it be packed as a whole?"
        raise ValueError(message)
    return content


def documents_of(body: bytes, media: str, signal: Signal) -> Sequence[Document]:
    """A body as the JSON of OTLP, whatever it was written in; nothing where it holds none of what it is for.

    Raises: NoProtobuf; TooMany; ValueError, in words for the sender.
    """
    content = _of_protobuf(body, signal) if media == PROTOBUF else _of_json(body, media)
    envelope = _ENVELOPE_OF[signal]
    return [Document({envelope: content[envelope]}, f"/v1/{signal}")] if listed(content, envelope) else []


def _of_json(body: bytes, media: str) -> dict[str, Any]:
    if media != JSON:
        message = f"header Content-Type must be {PROTOBUF} or {JSON}; got {media!r}; is it an exporter of OTLP over HTTP?"
        raise ValueError(message)
    if nests_too_deep(body):
        message = f"body must not nest deeper than {NESTING_MAX} objects and lists; it does; was it written by an exporter?"
        raise ValueError(message)
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"body must be JSON, as its header says; {error}; was it cut off?"
        raise ValueError(message) from error
    if not isinstance(content, dict):
        message = f"body must be one JSON object; got {type(content).__name__}; is it an exporter of OTLP over HTTP?"
        raise ValueError(message)
    return content


def answer_of(media: str, signal: Signal, *, rejected: int, fault: str) -> bytes:
    """What an exporter is answered: all is well, or how many records were not taken, and why.

    Raises: NoProtobuf.
    """
    records = "rejectedSpans" if signal is Signal.TRACES else "rejectedLogRecords"
    partial: dict[str, Any] = {"partialSuccess": {records: str(rejected), "errorMessage": fault}} if rejected else {}
    if media != PROTOBUF:
        return msgspec.json.encode(partial)
    from google.protobuf import json_format

    _, answer = _messages(signal)
    filled: bytes = json_format.ParseDict(partial, answer).SerializeToString()
    return filled


def _of_protobuf(body: bytes, signal: Signal) -> dict[str, Any]:
    request, _ = _messages(signal)
    from google.protobuf import json_format
    from google.protobuf.message import DecodeError

    try:
        request.ParseFromString(body)
        refuse_beyond(_count(request, signal))
        content: dict[str, Any] = json_format.MessageToDict(request)
    except TooMany:
        raise
    except (DecodeError, ValueError, RecursionError) as error:
        message = f"body must be protobuf of OTLP {signal}, as its header and path say; {error}; was it cut off?"
        raise ValueError(message) from error
    for record in _records(content):
        for name in _IDS:
            if name in record:
                # Everywhere else JSON of protobuf writes bytes so; ids of OTLP are hexadecimal.
                record[name] = base64.b64decode(record[name]).hex()
    return content


def _count(request: Any, signal: Signal) -> int:
    """How many records there are, before each of them takes the room of an object."""
    if signal is Signal.TRACES:
        return sum(len(scope.spans) for resource in request.resource_spans for scope in resource.scope_spans)
    return sum(len(scope.log_records) for resource in request.resource_logs for scope in resource.scope_logs)


def _records(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resources, scopes, records in ENVELOPES:
        for resource in listed(content, resources):
            for scope in listed(resource, scopes):
                yield from (record for record in listed(scope, records) if isinstance(record, dict))


def _messages(signal: Signal) -> tuple[Message, Message]:
    """Question and answer.

    Raises: NoProtobuf.
    """
    try:
        from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces
    except ImportError as error:
        message = f"package opentelemetry-proto must be installed for {PROTOBUF}; it is not; pip install 'resay[otlp]', or send {JSON}?"
        raise NoProtobuf(message) from error
    if signal is Signal.TRACES:
        return traces.ExportTraceServiceRequest(), traces.ExportTraceServiceResponse()
    return logs.ExportLogsServiceRequest(), logs.ExportLogsServiceResponse()
