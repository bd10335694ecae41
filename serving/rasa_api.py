"""`POST /v1/rasa/events`: Rasa's events over HTTP, flat or nested, one or many, as a broker posts them; or trackers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec
from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from ingest.adapters.adapter import Document
from ingest.arriving import RASA_EVENTS, TooMany
from resay.dialogue.codec import nests_too_deep
from resay.store.waiting import Crowded
from serving.arrivals import take_in
from serving.guard import RASA_PATH
from serving.service import Service
from serving.turns_api import records_of
from serving.wire import REFUSALS, Fault

FAULTS_SHOWN_MAX = 5
"""Rejects named in an answer; all of them are dead letters."""

_EVENT = {"type": "object", "description": "An event of Rasa, or a tracker with a list of them."}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"anyOf": [{"type": "array", "items": _EVENT}, _EVENT]}},
            "application/x-ndjson": {"schema": {"type": "string", "description": "One event a line."}},
        },
    }
}


class TakenEvents(BaseModel):
    """What became of the events."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    taken: int
    """Events that are kept now; what they tell is in the lake some seconds after the last of a turn. Sending again is safe."""
    rejected: int
    """Events that cannot be read; they are kept as dead letters (`resay rejects`)."""
    faults: list[str]
    """The first few of them, and why."""


def rasa_routes(service: Service) -> APIRouter:
    """The route of Rasa's events."""
    router = APIRouter()

    @router.post(
        RASA_PATH,
        operation_id="take_rasa_events",
        summary="Take Rasa's events, or trackers: JSON lines, a JSON array, or one.",
        responses={**REFUSALS, 503: {"model": Fault, "description": "Too much waits, or the books cannot be written; send again later."}},
        openapi_extra=_BODY,
    )
    async def take_rasa_events(request: Request) -> TakenEvents:
        try:
            documents = await run_in_threadpool(_documents, await request.body())
            told = await run_in_threadpool(partial(take_in, service, RASA_EVENTS, documents, now=service.clock()))
        except TooMany as error:
            raise HTTPException(413, str(error)) from error
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        except Crowded as error:
            raise HTTPException(503, str(error)) from error
        faults = [f"{each.where}: {each.reason}" for each in told.rejects[:FAULTS_SHOWN_MAX]]
        return TakenEvents(taken=told.records - len(told.rejects), rejected=len(told.rejects), faults=faults)

    return router


def _documents(body: bytes) -> Sequence[Document]:
    """What a body holds; what is no JSON stands there as text, for the adapter to refuse."""
    return [Document(_content(raw), f"{RASA_PATH}:{number}") for number, raw in enumerate(records_of(body), start=1)]


def _content(raw: bytes) -> object:
    try:
        return raw.decode("utf-8", "backslashreplace") if nests_too_deep(raw) else msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return raw.decode("utf-8", "backslashreplace")
