"""`POST /v1/turns`: records over HTTP, landed like those of any other source."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from ingest.landing import LandingReport, land_records
from ingest.privacy import Pseudonymise, keep
from resay.store.lake import Lake
from serving.guard import RECORDS_PATH
from serving.service import Service
from serving.wire import REFUSALS, Fault

SOURCE = "http"
"""Name of the source under which these records lie in the lake."""

RECORDS_MAX = 10_000
"""Records a request: what one commit of the lake takes (`ingest.landing.RECORDS_A_BATCH`)."""

_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_value = msgspec.json.Decoder(msgspec.Raw).decode
_RECORD = {"type": "object", "description": "A record of `resay.turn/1`; its schema is docs/resay.turn-1.schema.json."}
RECORDS_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"anyOf": [{"type": "array", "items": _RECORD}, _RECORD]}},
            "application/x-ndjson": {"schema": {"type": "string", "description": "One record a line."}},
        },
    }
}
"""Of a request whose body is turns, in any of three forms."""


class Landed(BaseModel):
    """What became of the records."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    accepted: int
    """Records that are in the lake now."""
    duplicates: int
    """Records that were there already; sending again after a broken connection is safe."""
    forgotten: int
    """Records of customers that were forgotten since: not taken in."""
    rejected: int
    """Records that cannot be read; they are kept as dead letters (`resay rejects`)."""
    faults: list[str]
    """The first few of them, and why."""


def turns_routes(service: Service) -> APIRouter:
    """The route of `/v1/turns`."""
    router = APIRouter()

    @router.post(
        RECORDS_PATH,
        operation_id="land_turns",
        summary="Log turns: JSON lines, a JSON array, or one record.",
        responses={**REFUSALS, 503: {"model": Fault, "description": "The lake cannot be written; send again later."}},
        openapi_extra=RECORDS_BODY,
    )
    async def land_turns(request: Request) -> Landed:
        body = await request.body()
        report = await run_in_threadpool(_land, service, body)
        service.metrics.landed(SOURCE, accepted=report.accepted, rejected=report.rejected)
        return Landed(
            accepted=report.accepted,
            duplicates=report.duplicates,
            forgotten=report.forgotten,
            rejected=report.rejected,
            faults=list(report.faults),
        )

    return router


def records_of(body: bytes) -> list[bytes]:
    """The records of a body, each as it came: a JSON array's members, one JSON value, or lines.

    Raises: ValueError, in words for the sender.
    """
    try:
        records = _array(body) if body.lstrip().startswith(b"[") else _value_or_lines(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"body must be JSON lines or one JSON array; it begins like an array, and {error}; was it cut short?"
        raise ValueError(message) from error
    if not records:
        message = "body must hold at least one record; it is empty; was the file read to the end?"
        raise ValueError(message)
    if len(records) > RECORDS_MAX:
        message = f"body must not hold more than {RECORDS_MAX:,} records; got {len(records):,}; can they be sent in parts?"
        raise ValueError(message)
    return records


def _land(service: Service, body: bytes) -> LandingReport:
    try:
        records = records_of(body)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
    key = service.settings.hash_key
    mask = Pseudonymise(key) if key else keep
    return land_records(records, source=SOURCE, lake=Lake(service.settings.lake), now=service.clock(), mask=mask)


def _array(body: bytes) -> list[bytes]:
    return [bytes(record) for record in _decode_array(body)]


def _value_or_lines(body: bytes) -> list[bytes]:
    try:
        # One record may be written over many lines.
        return [bytes(_decode_value(body))]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return [line for line in body.split(b"\n") if line.strip()]
