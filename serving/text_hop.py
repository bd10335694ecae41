"""The text hop: `POST /api/conversation/process` in the shape of Home Assistant, which says other words to it and answers what it answers.

Knows Home Assistant's question and answer, and keeps each talk as a turn; what to say others tell, and who may ask Home Assistant tells
itself, by the token that is handed on. What cannot be read, comes late or breaks is handed on as it came.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from ingest.adapters.adapter import Document, read, turn_parts
from ingest.adapters.home_assistant import HOME_ASSISTANT, NEXT_ANSWERS
from ingest.landing import land_records
from ingest.privacy import Pseudonymise, keep
from resay.dialogue.codec import encode
from resay.dialogue.rewrite import Action, RewriteAnswer
from resay.dialogue.turn import CustomerKind, Prompt, Reject, TurnPart
from resay.store.lake import Lake
from serving.app import running
from serving.forward import Forward, Forwarded, NotReached
from serving.hop import BUDGET_S, Speaker, said_for
from serving.service import Service
from serving.wyoming_hop import LATE_S

PATH = "/api/conversation/process"

BODY_BYTES_MAX = 262_144
"""Longest question: a hundred utterances of the longest kind; what is longer is refused, as Home Assistant would."""

TALKS_MAX = 10_000
"""Talks in which the assistant has just asked something back; a household has one or two."""

SOURCE = "home-assistant"
"""Name of the source under which the turns lie in the lake."""

_HEADERS_ON = ("authorization", "content-type", "accept-language")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on its way to Home Assistant."""

    body: bytes
    """As it is handed on."""
    fields: Mapping[str, object]
    answer: RewriteAnswer
    turn_id: str
    at: datetime
    prompt: Prompt | None


class TextHop:
    """Hands questions on and keeps turns; to be used from one event loop."""

    def __init__(self, service: Service, speaker: Speaker, forward: Forward, *, budget_s: float = BUDGET_S) -> None:
        self._budget_s = budget_s
        self._service = service
        self._speaker = speaker
        self._forward = forward
        self._asked_back: OrderedDict[str, Prompt] = OrderedDict()

    async def process(self, request: Request) -> Response:
        """Home Assistant's answer to a question."""
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                return _told(413, f"body must not be longer than {BODY_BYTES_MAX:,} bytes; is it a conversation?")
        headers = {name: request.headers[name] for name in _HEADERS_ON if name in request.headers}
        # Whoever shows no token will be refused, and is no customer.
        asked = await self._asked(body) if "authorization" in headers else None
        try:
            forwarded = await run_in_threadpool(self._forward.post, asked.body if asked else body, headers)
        except NotReached as error:
            self._service.metrics.failed("home_assistant", error)
            return _told(502, f"Home Assistant must answer at {self._forward.url}; it did not; {error}; is it running?")
        answered = self._service.clock()
        keeping = BackgroundTask(self._keep, asked, forwarded, answered) if asked and forwarded.status == 200 else None
        return Response(forwarded.body, forwarded.status, media_type=forwarded.media, background=keeping)

    async def _asked(self, body: bytes) -> Asked | None:
        """The question with other words in it where there are any; nothing where it is none that we can read."""
        try:
            fields = msgspec.json.decode(body, type=dict[str, object])
            text, language = fields.get("text"), fields.get("language")
            if not isinstance(text, str):
                return None
            turn_id, at = uuid.uuid4().hex, self._service.clock()
            prompt = self._asked_back.pop(str(fields.get("conversation_id")), None)
            speaker = replace(self._speaker, prompt=prompt, language=language if isinstance(language, str) else "")
            async with asyncio.timeout(self._budget_s + LATE_S):
                answer = await said_for(self._service, speaker, text, turn_id=turn_id, budget_s=self._budget_s)
        except Exception as error:  # Whatever breaks, the customer's words go on unchanged.
            self._service.metrics.failed("text_hop", error)
            return None
        if answer is None:
            return None
        if answer.action is Action.REWRITE:
            body = msgspec.json.encode({**fields, "text": answer.utterance})
        return Asked(body, fields, answer, turn_id, at, prompt)

    async def _keep(self, asked: Asked, forwarded: Forwarded, answered: datetime) -> None:
        """Land the turn; the answer has gone out already."""
        try:
            parts = _parts(asked, forwarded.body, self._speaker, answered=answered)
            talk = _talk(forwarded.body)
            if talk is not None:
                self._asked_back[talk] = Prompt(kind=NEXT_ANSWERS)
                while len(self._asked_back) > TALKS_MAX:
                    self._asked_back.popitem(last=False)
            await run_in_threadpool(self._land, [encode(part) for part in parts])
        except Exception as error:  # The customer has their answer; that its record is missing is counted.
            self._service.metrics.failed("turns", error)

    def _land(self, records: list[bytes]) -> None:
        key = self._service.settings.hash_key
        mask = Pseudonymise(key) if key else keep
        report = land_records(records, source=SOURCE, lake=Lake(self._service.settings.lake), now=self._service.clock(), mask=mask)
        self._service.metrics.landed(SOURCE, accepted=report.accepted, rejected=report.rejected)


def text_hop_app(service: Service, hop: TextHop) -> FastAPI:
    """The app of a hop, whose service runs as long as it does."""
    app = FastAPI(title="Resay before Home Assistant", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lambda _: running(service))
    app.add_api_route(PATH, hop.process, methods=["POST"], response_model=None)
    return app


def _parts(asked: Asked, body: bytes, speaker: Speaker, *, answered: datetime) -> list[TurnPart]:
    """The turn as the adapter of Home Assistant's pipeline runs makes it, with what only we know of it."""
    heard = {"intent_input": asked.answer.utterance, "language": speaker.language, "conversation_id": asked.fields.get("conversation_id")}
    run = {
        "pipeline_run_id": asked.turn_id,
        "events": [
            {"type": "intent-start", "timestamp": asked.at.isoformat(), "data": heard},
            {"type": "intent-end", "timestamp": answered.isoformat(), "data": {"intent_output": msgspec.json.decode(body)}},
        ],
    }
    events = read(HOME_ASSISTANT, Document(run, PATH), now=answered)
    assert not isinstance(events, Reject), "a run that we have made ourselves can be read"
    return [_ours(part, asked, speaker) for part in turn_parts(HOME_ASSISTANT, events)]


def _ours(part: TurnPart, asked: Asked, speaker: Speaker) -> TurnPart:
    turn = replace(part.turn, customer_id=speaker.customer_id, customer_kind=CustomerKind.ACCOUNT)
    if part.part != "said":
        return replace(part, turn=turn)
    known = {"rewrite": asked.answer.applied(), "prompt": asked.prompt}
    told: dict[str, Any] = {name: value for name, value in known.items() if value is not None}
    return TurnPart(replace(turn, **told), part.fields | told.keys(), part.part)


def _talk(body: bytes) -> str | None:
    """The talk in which Home Assistant has just asked back; nothing where it has not."""
    answer = msgspec.json.decode(body, type=dict[str, object])
    talk = answer.get("conversation_id")
    return talk if answer.get("continue_conversation") is True and isinstance(talk, str) else None


def _told(status: int, message: str) -> Response:
    # The field that Home Assistant's own errors have.
    return Response(msgspec.json.encode({"message": message}), status, media_type="application/json")
