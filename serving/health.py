"""`/healthz`, `/readyz`, `/metrics`: whether the process lives, whether it can help, and what it counted."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ConfigDict

from serving.service import Service

WARMING_UP = "the service is warming up, and answers late for a moment; it must be done before customers are sent; can they wait?"


ALIVE_PATH = "/healthz"

ALIVE = b'{"status":"ok"}'
"""What whoever asks is answered."""


class Readiness(BaseModel):
    """Whether rewrites are served, and what is wrong."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    ready: bool
    generation: int | None
    """The generation that is served."""
    reason: str | None
    """Why nothing is served, or why not what was published last."""


def health_routes(service: Service) -> APIRouter:
    """The routes for those who operate the service."""
    router = APIRouter()

    @router.get(ALIVE_PATH, operation_id="healthz", summary="Whether the process answers.")
    async def healthz() -> dict[str, str]:
        return Response(ALIVE, media_type="application/json")  # type: ignore[return-value]

    @router.get(
        "/readyz",
        operation_id="readyz",
        summary="Whether rewrites are served.",
        responses={503: {"model": Readiness, "description": "Not yet; utterances pass through."}},
    )
    async def readyz() -> Readiness:
        live = service.watch.live()
        is_warm = service.warm.is_set()
        reason = live.problem if is_warm or live.generation is None else WARMING_UP
        readiness = Readiness(ready=live.generation is not None and is_warm, generation=live.generation, reason=reason)
        # Not ready still answers: every utterance passes through unchanged.
        return JSONResponse(readiness.model_dump(), 200 if readiness.ready else 503)  # type: ignore[return-value]

    @router.get("/metrics", operation_id="metrics", summary="Counters, in Prometheus' text format.", response_class=Response)
    async def metrics() -> Response:
        return Response(service.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    return router
