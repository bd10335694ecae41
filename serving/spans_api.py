"""`POST /v1/traces` and `POST /v1/logs`: OpenTelemetry's own protocol, so that applications send their spans here as to any collector.

Knows the protocol's answers: what may be sent again, what must not. Turns are made of spans in `ingest.arriving`.
"""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from ingest.arriving import SPANS, Arrived, TooMany
from ingest.otlp_body import JSON, PROTOBUF, NoProtobuf, Signal, TooLong, answer_of, documents_of, unpacked
from resay.dialogue.errors import ResayError
from resay.store.waiting import Crowded
from serving.arrivals import take_in
from serving.guard import LOGS_PATH, TRACES_PATH
from serving.service import Service
from serving.wire import REFUSALS, Fault

AGAIN_S = 30
"""When to send again what could not be taken: a landing later."""

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": {"type": "object", "description": "An export request of OTLP as JSON; may be packed by gzip."}},
            PROTOBUF: {"schema": {"type": "string", "format": "binary", "description": "The same as protobuf."}},
        },
    }
}
_ANSWERS: dict[int | str, dict[str, object]] = {
    **REFUSALS,
    200: {
        "content": {
            JSON: {"schema": {"type": "object", "description": "`partialSuccess` says what was not taken, if anything."}},
            PROTOBUF: {"schema": {"type": "string", "format": "binary"}},
        },
        "description": "Taken in; what it tells is in the lake once its trace is whole.",
    },
    400: {"model": Fault, "description": "The body cannot be read; it must not be sent again."},
    415: {"model": Fault, "description": "It is neither JSON nor protobuf, or no protobuf is installed."},
    503: {"model": Fault, "description": "Too much waits, or the books cannot be written; header Retry-After says when to send again."},
}


def spans_routes(service: Service) -> APIRouter:
    """The routes of OTLP."""
    router = APIRouter()

    @router.post(
        TRACES_PATH,
        operation_id="take_traces",
        summary="Take spans by OTLP over HTTP: GenAI or OpenInference ones become turns.",
        responses=_ANSWERS,
        openapi_extra=_BODY,
        response_class=Response,
    )
    async def take_traces(request: Request) -> Response:
        return await _taken(service, request, Signal.TRACES)

    @router.post(
        LOGS_PATH,
        operation_id="take_logs",
        summary="Take log records by OTLP over HTTP: GenAI events become turns.",
        responses=_ANSWERS,
        openapi_extra=_BODY,
        response_class=Response,
    )
    async def take_logs(request: Request) -> Response:
        return await _taken(service, request, Signal.LOGS)

    return router


async def _taken(service: Service, request: Request, signal: Signal) -> Response:
    body = await request.body()
    media = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    encoding = request.headers.get("content-encoding", "").strip().casefold()
    try:
        arrived = await run_in_threadpool(partial(_take, service, body, media=media, encoding=encoding, signal=signal))
    except (TooLong, TooMany) as error:
        return _refused(413, str(error))
    except ValueError as error:
        return _refused(415 if media not in {JSON, PROTOBUF} else 400, str(error))
    except NoProtobuf as error:
        return _refused(415, str(error))
    except (Crowded, ResayError) as error:
        return _refused(503, str(error), again=True)
    fault = arrived.rejects[0].reason if arrived.rejects else ""
    return Response(answer_of(media, signal, rejected=len(arrived.rejects), fault=fault), media_type=media)


def _take(service: Service, body: bytes, *, media: str, encoding: str, signal: Signal) -> Arrived:
    return take_in(service, SPANS, documents_of(unpacked(body, encoding), media, signal), now=service.clock())


def _refused(status: int, detail: str, *, again: bool = False) -> Response:
    fault = Fault(detail=detail).model_dump_json()
    return Response(fault, status, media_type=JSON, headers={"retry-after": str(AGAIN_S)} if again else None)
