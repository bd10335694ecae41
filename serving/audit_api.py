"""`GET /v1/audit`: who read dialogues, rules or reports, and who changed what."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from serving.service import Service
from serving.wire import REFUSALS

ROWS_USUAL, ROWS_MAX = 100, 1_000
"""Rows an answer: what a person reads, and what a program takes at once."""


class DeedTold(BaseModel):
    """Something that somebody read or changed."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    at: AwareDatetime
    """When, UTC."""
    who: str
    """The key's name, or who sat at the command line."""
    key_id: str
    """The key; empty for the one of the home, its links, and the command line."""
    what: str
    """Method and path, or a command."""
    which: str
    """A rewrite, an experiment, a key; never a customer."""
    outcome: str
    """allowed or refused."""


class Audit(BaseModel):
    """The audit, newest first."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    deeds: list[DeedTold]
    """Newest first; ask again with `before` the last one's time for older ones."""


def audit_routes(service: Service) -> APIRouter:
    """The route of `/v1/audit`."""
    router = APIRouter()

    @router.get("/v1/audit", operation_id="read_audit", summary="Who read or changed what, newest first.", responses=REFUSALS)
    async def read_audit(
        limit: Annotated[int, Query(ge=1, le=ROWS_MAX, description="Rows at most.")] = ROWS_USUAL,
        before: Annotated[AwareDatetime | None, Query(description="Only older ones.")] = None,
    ) -> Audit:
        deeds: list[Any] = await run_in_threadpool(service.audit.newest, limit, before=before)
        return Audit(deeds=[DeedTold(**asdict(each)) for each in deeds])

    return router
