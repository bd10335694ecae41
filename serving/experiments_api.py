"""`/v1/experiments`: start, list, look at, stop and report experiments on live traffic."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from resay.store.experiments import ExperimentRecord
from resay.store.lake import Lake
from serving.dashboard.experiment_page import experiment_page
from serving.experiments.look import Look, look_at
from serving.experiments.question import PAST_DAYS, USUAL_GUARDRAILS, BadQuestion, Question, added_cohort, record_of
from serving.experiments.telling import look_csv, look_json, record_json
from serving.service import Service
from serving.strict_json import StrictJsonRoute
from serving.wire import REFUSALS, Fault

BY = "http"
"""Who did it, where nobody says."""


class Form(StrEnum):
    """How a report is exported."""

    JSON = "json"
    CSV = "csv"
    HTML = "html"


class Asked(BaseModel):
    """An experiment to be started."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, extra="forbid")

    experiment: str
    """Its name; used once."""
    why: str = ""
    """What is expected, and why it is asked."""
    by: str = BY
    """Who asks."""
    metric: str = "defect_rate"
    """The metric that decides; only one that was shown to measure what is true."""
    treatment: float = 0.5
    """Share of treatment among its customers; the others are control, and nothing is rewritten for them."""
    share: float = 1.0
    """Share of all customers that take part."""
    salt: str = ""
    """Salt by which arms are drawn; empty: its name."""
    past_days: int = PAST_DAYS
    """Days before the start whose talk is taken out of the difference."""
    guardrails: dict[str, float] = Field(default_factory=lambda: dict(USUAL_GUARDRAILS))
    """Metrics that must not get worse, and the relative worsening that would still be borne."""
    cohorts: tuple[str, ...] = ()
    """Cohorts that are looked at from the start."""


class Ended(BaseModel):
    """Why an experiment is stopped."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, extra="forbid")

    why: str = Field("", max_length=500)
    """In a sentence."""
    by: str = Field(BY, max_length=500)
    """Who stops it."""


class AddedCohort(BaseModel):
    """A cohort that is looked at from now on."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, extra="forbid")

    cohort: str
    """As turns name it."""
    by: str = Field(BY, max_length=500)
    """Who wants to see it."""


_UNKNOWN: dict[int | str, dict[str, object]] = {404: {"model": Fault, "description": "No experiment has this name."}}
_OBJECT: dict[int | str, dict[str, object]] = {200: {"description": "As `resay experiment status --json` prints it."}}


def experiment_routes(service: Service) -> APIRouter:
    """The routes of `/v1/experiments` that show."""
    router = APIRouter(route_class=StrictJsonRoute)
    calls = _Calls(service)

    @router.get("/v1/experiments", operation_id="list_experiments", summary="All experiments, oldest first.", responses=REFUSALS)
    async def list_experiments() -> JSONResponse:
        return JSONResponse({"experiments": await run_in_threadpool(calls.all)})

    @router.get(
        "/v1/experiments/{name}",
        operation_id="look_at_experiment",
        summary="What is known of an experiment now.",
        responses={**REFUSALS, **_UNKNOWN, **_OBJECT},
    )
    async def look_at_experiment(name: str) -> JSONResponse:
        return JSONResponse(look_json(await run_in_threadpool(calls.look, name)))

    @router.get(
        "/v1/experiments/{name}/report",
        operation_id="report_experiment",
        summary="The same as a file.",
        responses={**REFUSALS, **_UNKNOWN},
        response_class=Response,
    )
    async def report_experiment(name: str, form: Annotated[Form, Query(alias="as")] = Form.JSON) -> Response:
        return exported(await run_in_threadpool(calls.look, name), form)

    @router.post(
        "/v1/experiments/{name}/cohorts",
        operation_id="add_cohort",
        summary="Look at one more cohort from now on, for good.",
        responses={**REFUSALS, **_UNKNOWN},
    )
    async def add_cohort(name: str, added: AddedCohort) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(calls.add_cohort, name, added))

    return router


def experiment_changes(service: Service) -> APIRouter:
    """The routes of `/v1/experiments` that change what customers get."""
    router = APIRouter(route_class=StrictJsonRoute)
    calls = _Calls(service)

    @router.post(
        "/v1/experiments",
        operation_id="start_experiment",
        summary="Start an experiment; every replica takes it up within seconds.",
        status_code=201,
        responses=REFUSALS,
    )
    async def start_experiment(asked: Asked) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(calls.start, asked), 201)

    @router.post(
        "/v1/experiments/{name}/stop",
        operation_id="stop_experiment",
        summary="End an experiment; from then on everybody is served as ever.",
        responses={**REFUSALS, **_UNKNOWN},
    )
    async def stop_experiment(name: str, ended: Ended) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(calls.stop, name, ended))

    return router


def exported(look: Look, form: Form) -> Response:
    """A look as a file of its own."""
    contents: dict[Form, tuple[str, Callable[[], Response]]] = {
        Form.JSON: ("json", lambda: JSONResponse(look_json(look))),
        Form.CSV: ("csv", lambda: Response(look_csv(look), media_type="text/csv")),
        Form.HTML: ("html", lambda: Response(experiment_page(look, exported=True), media_type="text/html")),
    }
    ending, make = contents[form]
    response = make()
    # The name holds nothing but letters, digits, dots and dashes.
    response.headers["content-disposition"] = f'attachment; filename="{look.record.experiment}.{ending}"'
    return response


def record_named(service: Service, name: str) -> ExperimentRecord:
    """The experiment of this name.

    Raises: HTTPException, where there is none.
    """
    for each in service.experiments.all():
        if each.experiment == name:
            return each
    raise HTTPException(404, "experiment must be one that was started; this one was not; is its name spelt right?")


def look_now(service: Service, record: ExperimentRecord) -> Look:
    """What is known of it now."""
    return look_at(record, service.experiments, Lake(service.settings.lake), now=service.clock())


class _Calls:
    """What the routes do, on a thread of their own: books and lake are waited for."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def all(self) -> list[dict[str, object]]:
        return [record_json(each) for each in self._service.experiments.all()]

    def start(self, asked: Asked) -> dict[str, object]:
        question, now = Question(**asked.model_dump()), self._service.clock()
        try:
            return record_json(self._service.experiments.start(lambda others: record_of(question, others, now=now)))
        except BadQuestion as error:
            raise HTTPException(422, str(error)) from error

    def look(self, name: str) -> Look:
        return look_now(self._service, record_named(self._service, name))

    def stop(self, name: str, ended: Ended) -> dict[str, object]:
        record_named(self._service, name)
        self._service.experiments.stop(name, at=self._service.clock(), by=ended.by, why=ended.why)
        return record_json(record_named(self._service, name))

    def add_cohort(self, name: str, added: AddedCohort) -> dict[str, object]:
        record, now = record_named(self._service, name), self._service.clock()
        try:
            return record_json(added_cohort(self._service.experiments, record, added.cohort, at=now, by=added.by))
        except BadQuestion as error:
            raise HTTPException(422, str(error)) from error
