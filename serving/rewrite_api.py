"""`POST /v1/rewrite`: the question to the rewriter and its answer, each answer logged."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import msgspec
from fastapi import APIRouter, HTTPException, Response

from resay.dialogue.rewrite import RewriteAnswer, RewriteRequest
from resay.dialogue.teaching import Taught
from rewrite_online.ahead import Ahead
from rewrite_online.computed import is_short
from serving.decision_log import decision_of
from serving.quick import Answered, Way
from serving.service import Service
from serving.strict_json import StrictJsonRoute
from serving.wire import REFUSALS, RewriteQuestion, RewriteReply, reply_bytes, request_of

PATH = "/v1/rewrite"


def rewrite_routes(service: Service) -> APIRouter:
    """The route of `/v1/rewrite`."""
    router = APIRouter(route_class=StrictJsonRoute)

    @router.post(
        PATH,
        operation_id="rewrite",
        summary="What to say for the customer, or pass through.",
        responses={**REFUSALS, 200: {"model": RewriteReply, "description": "What to do."}},
        response_class=Response,
    )
    async def rewrite(question: RewriteQuestion) -> Response:
        try:
            asked = _Asked(question, _request(service, question), time.perf_counter())
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        return Response(await _reply(service, asked), media_type="application/json")

    return router


@dataclass(frozen=True, slots=True)
class _Asked:
    """A right question."""

    question: RewriteQuestion
    request: RewriteRequest
    began: float
    """When it had been read, by the clock that never goes back."""

    @property
    def due(self) -> float:
        """When the answer is due, by the same clock."""
        return self.began + self.question.deadline_ms / 1000

    @property
    def left_s(self) -> float:
        """How long that is from now."""
        return self.due - time.perf_counter()


def quick_rewrites(service: Service) -> Way[_Asked]:
    """The quick way to the same answers."""

    def answer(asked: _Asked) -> Answered:
        if service.asking.is_on or service.offering.is_on:
            return _reply(service, asked)
        found = _from_memory(service, asked.request, budget_s=asked.left_s)
        return _reply_later(service, asked) if found is None else _logged(service, asked, found)

    return Way(partial(_read, service), answer)


def _read(service: Service, body: bytes) -> _Asked | None:
    """A question that is right in every way."""
    began = time.perf_counter()
    try:
        question = RewriteQuestion.model_validate(msgspec.json.decode(body))
        return _Asked(question, _request(service, question), began)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return None


def _request(service: Service, question: RewriteQuestion) -> RewriteRequest:
    return request_of(question, now=service.clock(), pseudonym=service.pseudonym)


async def _reply(service: Service, asked: _Asked) -> bytes:
    answer = await answered(service, asked.request, budget_s=asked.left_s)
    answer, offered = await _asked_back(service, asked, answer)
    return _logged(service, asked, answer, offered=offered)


async def _reply_later(service: Service, asked: _Asked) -> bytes:
    """The reply where memory alone does not give it, and nobody is asked back."""
    return _logged(service, asked, await _looked_for(service, asked.request, budget_s=asked.left_s))


def _logged(service: Service, asked: _Asked, answer: RewriteAnswer, *, offered: Taught | None = None) -> bytes:
    """The reply to an answer, which is written down and counted."""
    # The reply first: what cannot be told is asked once more, and must not be written down twice.
    reply = reply_bytes(asked.question, answer, offered=offered)
    service.decisions.put(decision_of(asked.request, answer))
    service.metrics.answered(answer)
    return reply


async def answered_unseen(service: Service, body: bytes) -> bytes | None:
    """The answer to a right question, from body to body, as if it had never been asked: nobody is asked back either."""
    asked = _read(service, body)
    if asked is None:
        return None
    answer = await answered(service, asked.request, budget_s=asked.left_s)
    decision_of(asked.request, answer)
    return reply_bytes(asked.question, answer)


async def _asked_back(service: Service, asked: _Asked, answer: RewriteAnswer) -> tuple[RewriteAnswer, Taught | None]:
    """The answer with what is offered after it, or that the customer is to be asked; as it was where the books cannot tell."""
    now, request = service.clock(), asked.request
    try:
        offered = await service.offering.offered(request, answer, now=now, left_s=asked.left_s)
        if offered is not None:
            return answer, offered
        return await service.asking.asked(request, answer, now=now, left_s=asked.left_s), None
    except Exception as error:  # Whatever breaks, the customer's words go on unchanged (DESIGN 13.6).
        service.metrics.failed("asking", error)
        return answer, None


async def answered(service: Service, request: RewriteRequest, *, budget_s: float) -> RewriteAnswer:
    """The answer within the budget, in whatever line it has to wait; neither logged nor counted yet."""
    found = _from_memory(service, request, budget_s=budget_s)
    return await _looked_for(service, request, budget_s=budget_s) if found is None else found


def _from_memory(service: Service, request: RewriteRequest, *, budget_s: float) -> RewriteAnswer | None:
    return service.rewriter.at_once(request, now=service.clock(), budget_s=budget_s)


async def _looked_for(service: Service, request: RewriteRequest, *, budget_s: float) -> RewriteAnswer:
    """The same where memory alone does not give it."""
    now, began, answer = service.clock(), time.perf_counter(), None
    ahead = _ahead(service, request)
    if ahead is not None:
        budget_s = await _got_ahead(service, ahead, budget_s=budget_s)
    elif is_short(request) and service.core.at_once():
        answer = service.computing.at_once(request, now=now, budget_s=budget_s)
    if answer is None and budget_s > 0:
        answer = await _beyond_memory(service, request, now=now, budget_s=budget_s)
    if answer is not None:
        return answer
    service.metrics.given_up()
    return service.rewriter.give_up(request, now=now, latency_ms=(time.perf_counter() - began) * 1000)


def _ahead(service: Service, request: RewriteRequest) -> Ahead | None:
    try:
        return service.trying.live().ahead(request) if is_short(request) else None
    except Exception:  # Whoever answers meets the same, and tells it.
        return None


async def _got_ahead(service: Service, ahead: Ahead, *, budget_s: float) -> float:
    """The time left when an encoder on another core, and meanwhile the search by letters here, are done; nought where that is too late.

    What breaks there breaks again where it is needed, and is told there.
    """
    due = time.perf_counter() + budget_s
    elsewhere = service.beside.begin(ahead.elsewhere)
    if elsewhere is None or await service.core.turn(budget_s=budget_s) <= 0:
        return 0.0
    with suppress(Exception):
        ahead.here()
    if not elsewhere.done():
        await asyncio.wait((elsewhere,), timeout=max(0.0, due - time.perf_counter()))
    return due - time.perf_counter() if elsewhere.done() else 0.0


async def _beyond_memory(service: Service, request: RewriteRequest, *, now: datetime, budget_s: float) -> RewriteAnswer | None:
    """The answer where a core, or a store, must be waited for; nothing where that takes too long."""
    computing = service.computing
    if is_short(request):
        # Without another thread: a hop there and back costs as much as a search.
        budget_s = await service.core.turn(budget_s=budget_s)
        answer = computing.at_once(request, now=now, budget_s=budget_s) if budget_s > 0 else None
        if answer is not None or budget_s <= 0:
            return answer
    return await service.line.answer(lambda left_s: computing.rewrite(request, now=now, budget_s=left_s), budget_s=budget_s)
