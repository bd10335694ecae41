"""`POST /v1/rewrite`: the question to the rewriter and its answer, each answer logged."""

from __future__ import annotations

import time
from datetime import datetime

from fastapi import APIRouter, HTTPException, Response

from resay.dialogue.rewrite import RewriteAnswer, RewriteRequest
from rewrite_online.computed import is_short
from serving.decision_log import decision_of
from serving.service import Service
from serving.strict_json import StrictJsonRoute
from serving.wire import REFUSALS, RewriteQuestion, RewriteReply, reply_bytes, request_of


def rewrite_routes(service: Service) -> APIRouter:
    """The route of `/v1/rewrite`."""
    router = APIRouter(route_class=StrictJsonRoute)

    @router.post(
        "/v1/rewrite",
        operation_id="rewrite",
        summary="What to say for the customer, or pass through.",
        responses={**REFUSALS, 200: {"model": RewriteReply, "description": "What to do."}},
        response_class=Response,
    )
    async def rewrite(question: RewriteQuestion) -> Response:
        now, began = service.clock(), time.perf_counter()
        try:
            request = request_of(question, now=now, pseudonym=service.pseudonym)
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        due = began + question.deadline_ms / 1000
        answer = await answered(service, request, budget_s=due - time.perf_counter())
        answer = await _asked(service, request, answer, due=due)
        service.decisions.put(decision_of(request, answer))
        service.metrics.answered(answer)
        return Response(reply_bytes(question, answer), media_type="application/json")

    return router


async def _asked(service: Service, request: RewriteRequest, answer: RewriteAnswer, *, due: float) -> RewriteAnswer:
    """The answer, or that the customer is to be asked afterwards; as it was where the books cannot tell."""
    try:
        return await service.asking.asked(request, answer, now=service.clock(), left_s=due - time.perf_counter())
    except Exception as error:  # Whatever breaks, the customer's words go on unchanged (DESIGN 13.6).
        service.metrics.failed("asking", error)
        return answer


async def answered(service: Service, request: RewriteRequest, *, budget_s: float) -> RewriteAnswer:
    """The answer within the budget, in whatever line it has to wait; neither logged nor counted yet."""
    now, began, rewriter = service.clock(), time.perf_counter(), service.rewriter
    may_compute = is_short(request) and service.core.at_once()
    answer = (service.computing if may_compute else rewriter).at_once(request, now=now, budget_s=budget_s)
    if answer is None:
        answer = await _beyond_memory(service, request, now=now, budget_s=budget_s)
    if answer is not None:
        return answer
    service.metrics.given_up()
    return rewriter.give_up(request, now=now, latency_ms=(time.perf_counter() - began) * 1000)


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
