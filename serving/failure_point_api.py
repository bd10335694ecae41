"""`POST /v1/failure-point`: where turns failed, by the model that ships. Nothing is stored, and no other customer's talk is looked at."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from failure_point.classify import classify
from failure_point.model import FailurePointModel
from failure_point.model_folder import read_model
from failure_point.point import FailurePoint, Verdict
from failure_point.traffic import Traffic
from resay.dialogue.assembly import assemble
from resay.dialogue.codec import decode
from resay.dialogue.session import sessionize
from resay.dialogue.turn import Reject, Turn, TurnPart
from serving.service import Service
from serving.turns_api import RECORDS_BODY, records_of
from serving.wire import REFUSALS, Fault

TURNS_MAX = 1_000
"""Turns a request: the longest body holds no more of the usual kind, and they take a second."""

EXPLAINED_MAX = 100
"""Turns a request whose evidence is told: that takes ten milliseconds a turn."""

FAULTS_MAX = 20
"""Records that cannot be read, named of one request."""

NOTHING_REMEMBERED = Traffic()


class EvidenceTold(BaseModel):
    """One thing that spoke for a verdict, or against it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    what: str
    """What was looked at, by its name."""
    means: str
    """The same in words, by which a person can look it up in the log."""
    value: float | str
    """What it was in this turn."""
    weight: float
    """How much the point's log odds would fall without it; below 0 it spoke against."""


class VerdictTold(BaseModel):
    """Where one turn failed."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    turn_id: str
    failure_point: str
    """false_wake, asr, nlu, er, result or correct; unknown where none is likely enough."""
    probabilities: dict[FailurePoint, float]
    """Of each; they sum to one."""
    evidence: list[EvidenceTold] | None = None
    """Where it was asked for."""


class FailurePoints(BaseModel):
    """Where turns failed."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    model: str
    """Version of the model."""
    verdicts: list[VerdictTold]
    """One a turn, by customer and time."""
    faults: list[str]
    """Records that could not be read, the first few, and why."""


class LazyModel:
    """The model of a folder, read when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._model: FailurePointModel | None = None
        self._lock = threading.Lock()

    def __call__(self) -> FailurePointModel:
        """The model.

        Raises: WrongModelFolder.
        """
        with self._lock:
            if self._model is None:
                self._model = read_model(self._folder)
            return self._model


def failure_point_routes(service: Service) -> APIRouter:
    """The route of `/v1/failure-point`."""
    router = APIRouter()
    model = LazyModel(service.settings.failure_point)

    @router.post(
        "/v1/failure-point",
        operation_id="failure_point",
        summary="Where turns failed first: records of whole sessions, as JSON lines, an array, or one record.",
        responses={**REFUSALS, 503: {"model": Fault, "description": "The model cannot be read."}},
        openapi_extra=RECORDS_BODY,
        response_model_exclude_none=True,
    )
    async def failure_point(
        request: Request, explain: bool = Query(default=False, description="Tell the evidence too; of a hundred turns at most.")
    ) -> FailurePoints:
        body = await request.body()
        return await run_in_threadpool(_judged, service, body, model=model, explain=explain)

    return router


def _judged(service: Service, body: bytes, *, model: LazyModel, explain: bool) -> FailurePoints:
    try:
        records = records_of(body)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
    limit = EXPLAINED_MAX if explain else TURNS_MAX
    if len(records) > limit:
        message = f"body must not hold more than {limit:,} records; got {len(records):,}; can they be sent in parts, session by session?"
        raise HTTPException(422, message)
    now = service.clock()
    read = [decode(record, where=f"record {number}", now=now) for number, record in enumerate(records, start=1)]
    faults = [f"{each.where}: {each.reason}" for each in read if isinstance(each, Reject)]
    turns = _turns(each for each in read if isinstance(each, TurnPart))
    asked = model()
    verdicts = classify(asked, sessionize(turns), NOTHING_REMEMBERED, explain=explain)
    return FailurePoints(model=asked.version, verdicts=[_told(each, explain=explain) for each in verdicts], faults=faults[:FAULTS_MAX])


def _turns(parts: Iterable[TurnPart]) -> list[Turn]:
    """Turns of parts, by customer and time."""
    ordered = sorted(parts, key=lambda part: part.turn.turn_id)
    merged = (assemble(list(each)) for _, each in groupby(ordered, key=lambda part: part.turn.turn_id))
    return sorted((turn for turn in merged if turn), key=lambda turn: (turn.customer_id, turn.at, turn.turn_id))


def _told(verdict: Verdict, *, explain: bool) -> VerdictTold:
    told: dict[str, Any] = {"turn_id": verdict.turn_id, "failure_point": verdict.named}
    told["probabilities"] = {point: round(chance, 4) for point, chance in verdict.probabilities.items()}
    if explain:
        told["evidence"] = [
            EvidenceTold(what=each.what, means=each.means, value=each.value, weight=each.weight) for each in verdict.evidence
        ]
    return VerdictTold(**told)
