"""OTLP as JSON: spans and log records taken out of their envelopes, attributes as plain values.

Knows the encoding; what attributes mean is in `otel`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ingest.adapters.adapter import Document, apart
from ingest.adapters.fields import found, listed, text
from resay.dialogue.codec import NESTING_MAX

ENVELOPES = (("resourceSpans", "scopeSpans", "spans"), ("resourceLogs", "scopeLogs", "logRecords"))
"""The names on the way to spans and to log records."""

INTEGER_MAX = 2**64
"""Times and whole numbers of OTLP have 64 bits."""

_PLAIN_VALUES = ("stringValue", "boolValue", "doubleValue")


@dataclass(frozen=True, slots=True)
class Link:
    """Where a span stands in its trace."""

    talk: str
    span: str
    parent: str
    """The span around it; empty where there is none."""


def link_of(record: object) -> Link | None:
    """Where a span stands; nothing for log records, which stand in no other's way."""
    trace, span = text(record, "traceId"), text(record, "spanId")
    is_span = bool(trace and span) and found(record, "startTimeUnixNano") is not None
    return Link(trace, span, text(record, "parentSpanId")) if is_span else None


def records(documents: Sequence[Document]) -> Sequence[Document]:
    """Spans and log records, one by one; what is no envelope is taken for one of these."""
    return [Document(record, each.where) for each in apart(documents) for record in _opened(each.content)]


def _opened(content: object) -> Iterator[object]:
    named = [envelope for envelope in ENVELOPES if listed(content, envelope[0])]
    for resources, scopes, records_name in named:
        for resource in listed(content, resources):
            for scope in listed(resource, scopes):
                yield from listed(scope, records_name)
    if not named:
        yield content


def attributes_of(record: object) -> Mapping[str, object]:
    """The attributes of a span or a log record, by name."""
    return {text(each, "key"): plain(found(each, "value")) for each in listed(record, "attributes") if text(each, "key")}


def plain(value: object, depth: int = 0) -> object:
    """A value of OTLP as JSON has it; nothing where it is none or nests too deep."""
    if not isinstance(value, dict) or depth > NESTING_MAX:
        return None
    for name in _PLAIN_VALUES:
        if name in value:
            return value[name]
    if "intValue" in value:
        return _whole_number(value["intValue"])
    if "arrayValue" in value:
        return [plain(each, depth + 1) for each in listed(value, "arrayValue", "values")]
    if "kvlistValue" in value:
        return {text(each, "key"): plain(found(each, "value"), depth + 1) for each in listed(value, "kvlistValue", "values")}
    return None


def nanoseconds(record: object, *names: str) -> int | None:
    """The first of some times that is given: OTLP writes 64-bit numbers as text."""
    times = (_whole_number(found(record, name)) for name in names)
    return next((time for time in times if time), None)


def opened_json(value: object) -> object:
    """A value that may have been written as JSON into a text; the text where it is none."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return value


def _whole_number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < INTEGER_MAX else None
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20 else None
