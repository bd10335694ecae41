"""Verdicts as events `gen_ai.evaluation.result` of OpenTelemetry's GenAI conventions: log records of OTLP as JSON.

Knows the names of attributes and the encoding; nothing here is sent. Equal verdicts give equal records, so that whoever is sent them twice
can tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from resay.label.verdicts import Verdict

EVENT = "gen_ai.evaluation.result"

SCOPE = "resay"

_INFO = 9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRACE_ID, _SPAN_ID = re.compile("[0-9a-f]{32}"), re.compile("[0-9a-f]{16}")


def request_of(verdicts: Iterable[Verdict], *, version: str) -> bytes:
    """Some verdicts as one export request, as a collector takes it at `/v1/logs` and writes it into files."""
    resource = {"attributes": [_attribute("service.name", SCOPE), _attribute("service.version", version)]}
    scope = {"scope": {"name": SCOPE, "version": version}, "logRecords": [_record(each) for each in verdicts]}
    return msgspec.json.encode({"resourceLogs": [{"resource": resource, "scopeLogs": [scope]}]})


def _record(verdict: Verdict) -> dict[str, object]:
    moment = verdict.at - _EPOCH
    told: dict[str, str | float] = {
        "gen_ai.evaluation.name": verdict.name,
        "gen_ai.evaluation.score.value": verdict.score,
        "gen_ai.evaluation.score.label": verdict.label,
        "gen_ai.evaluation.explanation": verdict.explanation,
        "gen_ai.response.id": verdict.response_id,
        "gen_ai.conversation.id": verdict.session_id,
        "resay.turn_id": verdict.turn_id,
    }
    record: dict[str, object] = {
        "timeUnixNano": str((moment.days * 86_400_000_000 + moment.seconds * 1_000_000 + moment.microseconds) * 1_000),
        "severityNumber": _INFO,
        "severityText": "INFO",
        "eventName": EVENT,
        "attributes": [_attribute(name, value) for name, value in told.items() if value != ""],
    }
    if _TRACE_ID.fullmatch(verdict.trace_id):
        record["traceId"] = verdict.trace_id
        if _SPAN_ID.fullmatch(verdict.span_id):
            record["spanId"] = verdict.span_id
    return record


def _attribute(name: str, value: str | float) -> dict[str, object]:
    return {"key": name, "value": {"doubleValue" if isinstance(value, float) else "stringValue": value}}
