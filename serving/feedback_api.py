"""`POST /v1/feedback`: a customer's answer to whether a turn did what was wanted, landed as a part of that turn."""

from __future__ import annotations

from typing import Literal

import msgspec
from fastapi import APIRouter, HTTPException
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from ingest.landing import LandingReport, land_records
from ingest.privacy import Pseudonymise, keep
from resay.dialogue.codec import SCHEMA
from resay.store.lake import Lake
from serving.service import Service
from serving.strict_json import StrictJsonRoute
from serving.wire import REFUSALS, Fault

SOURCE = "feedback"
"""Name of the source under which these records lie in the lake, and of the part that they are of their turn."""

ID_CHARS_MAX, TEXT_CHARS_MAX = 256, 2_000
"""As the wire has them (`resay.dialogue.codec`), which is asked again."""


class FeedbackGiven(BaseModel):
    """What a customer said outright about a turn."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid")

    turn_id: str = Field(min_length=1, max_length=ID_CHARS_MAX)
    """The turn that was asked about, or rated."""
    customer_id: str = Field(min_length=1, max_length=ID_CHARS_MAX)
    """Whose turn it was."""
    at: AwareDatetime
    """When the customer answered."""
    explicit: Literal["yes", "no"] | None = None
    """Whether the turn did what was wanted."""
    rating: float | None = None
    text: str = Field(default="", max_length=TEXT_CHARS_MAX)


class FeedbackLanded(BaseModel):
    """What became of it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    accepted: bool
    """Whether it was new; the first answer about a turn stands."""


def feedback_routes(service: Service) -> APIRouter:
    """The route of `/v1/feedback`."""
    router = APIRouter(route_class=StrictJsonRoute)

    @router.post(
        "/v1/feedback",
        operation_id="give_feedback",
        summary="Tell what a customer said outright about a turn.",
        responses={**REFUSALS, 503: {"model": Fault, "description": "The lake cannot be written; send again later."}},
    )
    async def give_feedback(given: FeedbackGiven) -> FeedbackLanded:
        if given.explicit is None and given.rating is None and not given.text:
            raise HTTPException(422, "feedback must hold a yes or no, a rating or a text; all are left out; was another field meant?")
        report = await run_in_threadpool(_land, service, given)
        if report.rejected:
            raise HTTPException(422, "; ".join(report.faults))
        service.metrics.landed(SOURCE, accepted=report.accepted, rejected=report.rejected)
        return FeedbackLanded(accepted=bool(report.accepted))

    return router


def _land(service: Service, given: FeedbackGiven) -> LandingReport:
    told = {"explicit": given.explicit, "rating": given.rating, "text": given.text or None}
    record = {
        "schema": SCHEMA,
        "turn_id": given.turn_id,
        "customer_id": given.customer_id,
        "at": given.at.isoformat(timespec="milliseconds"),
        "part": SOURCE,
        "feedback": {name: value for name, value in told.items() if value is not None},
    }
    key = service.settings.hash_key
    mask = Pseudonymise(key) if key else keep
    return land_records([msgspec.json.encode(record)], source=SOURCE, lake=Lake(service.settings.lake), now=service.clock(), mask=mask)
