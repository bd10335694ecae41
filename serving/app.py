"""The app: where the live side is put together. Knows every part and no details of any."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from ingest.privacy import pseudonym
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import RewriteAnswer
from resay.store.artifact import Shelf
from resay.store.asked import AskedBooks
from resay.store.audit import AuditBooks
from resay.store.books import HISTORIES_MARK, Books
from resay.store.experiments import ExperimentBooks
from resay.store.keys import KeyBooks, Scope
from resay.store.lake import Lake
from resay.store.page_sessions import SessionBooks
from resay.store.review import ReviewBooks
from resay.store.slices import SliceBooks
from resay.store.teachings import STAMP_FILE, TeachingBooks
from resay.store.trials import TrialBooks
from resay.store.triggers import TriggerBooks
from resay.store.waiting import WaitingBooks
from rewrite_online.computed import computed
from rewrite_online.encoder import on_demand
from rewrite_online.personal_layer import PersonalLayer
from rewrite_online.rewriter import Rewriter
from rewrite_online.taught_layer import TaughtLayer
from rewrite_online.watch import Watch
from serving.access import Doorway
from serving.arrivals import tell_all
from serving.asking import Asking, Counting
from serving.audit_api import audit_routes
from serving.beside import INSIDE_MAX, Beside
from serving.core_line import CoreLine
from serving.customers_api import customer_routes
from serving.dashboard.boards import board_routes
from serving.dashboard.page import page_routes
from serving.dashboard.rolled import sum_up_where_due
from serving.decision_log import DecisionLog
from serving.door import needs, page_audit
from serving.experiments.arms import RunningArms
from serving.experiments.look import look_at
from serving.experiments.looks import Looks
from serving.experiments_api import experiment_changes, experiment_routes
from serving.failure_point_api import failure_point_routes
from serving.feedback_api import feedback_routes
from serving.guard import Guard
from serving.health import ALIVE, ALIVE_PATH, health_routes
from serving.keyring import Keyring
from serving.metrics import Metrics
from serving.offering import Offering
from serving.quick import Quick
from serving.rasa_api import rasa_routes
from serving.rate import RateLimit
from serving.refresher import Refresher
from serving.rewrite_api import PATH, quick_rewrites, rewrite_routes
from serving.rules_api import rules_routes
from serving.service import Service, ServiceSettings
from serving.sessions import PageSessions
from serving.spans_api import spans_routes
from serving.strict_json import faults_of
from serving.switched import Switched
from serving.teachings_api import teaching_routes
from serving.texts_kept import TextsKept
from serving.trials.referee import Referee
from serving.trials.rounds import Rounds
from serving.trials.trying import Trying, Unsaid
from serving.trials.unsaying import Unsaying
from serving.turns_api import turns_routes
from serving.turnstile import Turnstile
from serving.waiting_line import WaitingLine
from serving.warm_up import warm_generation, warm_up, warm_up_later

TOLD_EVERY_S = 2.0
"""Time between two looks whether talk that came in pieces is whole: one query over what waits."""

SUMMED_EVERY_S = 60.0
"""Time between two looks whether a large lake must be summed up anew for the pages: seconds of a core each time."""


def histories_in(books: Books) -> PersonalLayer:
    """The layer that answers from these books."""
    return PersonalLayer(lambda customer, since: books.history_of(customer, since=since), lambda: books.marks().get(HISTORIES_MARK, 0))


def taught_in(teachings: TeachingBooks) -> TaughtLayer:
    """The same of what customers told us."""
    return TaughtLayer(teachings.of, teachings.stamp, teachings.edition, teachers=teachings.customers)


def utc_now() -> datetime:
    """The time now, UTC."""
    return datetime.now(UTC)


def create_app(settings: ServiceSettings, *, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The app over one home.

    Raises: BooksUnavailable.
    """
    return app_of(open_service(settings, clock=clock))


def app_of(service: Service) -> FastAPI:
    """The app over these parts, whose threads run between start-up and shutdown; `app.state` holds them, and the quick way past it."""
    app = FastAPI(
        title="Resay",
        summary="Rewrites for a conversational assistant, learnt from its customers' rephrases.",
        version=version("resay"),
        docs_url=None,  # The usual documentation pages load scripts from outside.
        redoc_url=None,
        lifespan=lambda _: running(service),
    )
    app.state.service = service
    serve, review, admin = ([needs(service, scope)] for scope in (Scope.SERVE, Scope.REVIEW, Scope.ADMIN))
    app.include_router(rewrite_routes(service), dependencies=serve)
    app.include_router(turns_routes(service), dependencies=serve)
    app.include_router(spans_routes(service), dependencies=serve)
    app.include_router(rasa_routes(service), dependencies=serve)
    app.include_router(feedback_routes(service), dependencies=serve)
    app.include_router(failure_point_routes(service), dependencies=serve)
    app.include_router(teaching_routes(service), dependencies=serve)
    app.include_router(experiment_routes(service), dependencies=review)
    app.include_router(rules_routes(service), dependencies=review)
    app.include_router(experiment_changes(service), dependencies=admin)
    app.include_router(audit_routes(service), dependencies=admin)
    app.include_router(customer_routes(service), dependencies=admin)
    app.include_router(health_routes(service))
    app.include_router(page_routes(service), include_in_schema=False, dependencies=[page_audit(service)])
    app.include_router(board_routes(service), include_in_schema=False, dependencies=[page_audit(service)])
    # What is added last comes first.
    doorway, limit = Doorway(service.settings.names), RateLimit()
    app.add_middleware(Turnstile, keyring=service.keyring, limit=limit, on_refused=service.metrics.refused)
    app.add_middleware(Guard, doorway=doorway, on_refused=service.metrics.refused)
    keyed, alive = {PATH.encode(): quick_rewrites(service)}, {ALIVE_PATH.encode(): ALIVE}
    app.state.quick = Quick(doorway, service.keyring, limit, keyed=keyed, open=alive, on_fault=service.metrics.failed)
    app.add_exception_handler(RequestValidationError, _unprocessable)
    app.add_exception_handler(ResayError, _unavailable)
    return app


def open_service(settings: ServiceSettings, *, clock: Callable[[], datetime] = utc_now) -> Service:
    """The parts of a service over one home, none of them running yet.

    Raises: BooksUnavailable.
    """
    metrics = Metrics()
    books = Books(settings.books)
    experiments = ExperimentBooks(books)
    arms = RunningArms(experiments.all)
    personal = histories_in(books)
    teachings = TeachingBooks(books, stamp=settings.home / STAMP_FILE)
    asked, taught = AskedBooks(books), taught_in(teachings)
    encoder = TextsKept(settings.towers or on_demand(settings.encoder), asked.forgettings)
    watch = Watch(Shelf(settings.rewrites), books.vetoes, personal=personal, taught=taught, encoder=encoder, warmed=warm_generation)
    review = ReviewBooks(books)
    switched, trials = Switched(watch.live, review.switches), TrialBooks(books)
    triggers = TriggerBooks(books)
    trying = Trying(switched.live, trials.stages, share=settings.canary, read_unsaid=Unsaid(triggers))
    line: WaitingLine[RewriteAnswer] = WaitingLine()
    core, beside = CoreLine(), Beside(threads=settings.encoded_at_once, inside_max=INSIDE_MAX * settings.encoded_at_once)
    write = (
        Counting(books.log_decisions, asked, clock=clock, on_fault=metrics.failed)
        if settings.ask or settings.offer
        else books.log_decisions
    )
    metrics.show_memory(personal, lambda: line.inside + core.inside + beside.inside)
    return Service(
        settings=settings,
        clock=clock,
        pseudonym=partial(pseudonym, key=settings.hash_key) if settings.hash_key else str,
        books=books,
        waiting=WaitingBooks(books),
        teachings=teachings,
        experiments=experiments,
        arms=arms,
        looks=Looks(lambda record, now: look_at(record, experiments, Lake(settings.lake), now=now), experiments.all, clock=clock),
        review=review,
        switched=switched,
        trials=trials,
        trying=trying,
        referee=Referee(trials, partial(Lake, settings.lake), experiments.all),
        unsaying=Unsaying(triggers, trials, partial(Lake, settings.lake)),
        reports=Shelf(settings.reports),
        watch=watch,
        encoder=encoder,
        rewriter=Rewriter(trying.live, on_fault=metrics.failed, draw=arms.drawn, exploration=settings.exploration),
        computing=Rewriter(computed(trying.live), on_fault=metrics.failed, draw=arms.drawn, exploration=settings.exploration),
        asking=Asking(asked, partial(Lake, settings.lake), share=settings.ask, draw=arms.drawn, line=WaitingLine()),
        offering=Offering(books, teachings, partial(Lake, settings.lake), share=settings.offer, draw=arms.drawn),
        decisions=DecisionLog(write, on_lost=metrics.lost),
        metrics=metrics,
        line=line,
        core=core,
        beside=beside,
        warm=threading.Event(),
        sessions=PageSessions(SessionBooks(books), settings.api_key, clock=clock),
        keyring=Keyring(settings.api_key, KeyBooks(books).all, clock=clock),
        audit=AuditBooks(books),
    )


@asynccontextmanager
async def running(service: Service) -> AsyncIterator[None]:
    """A block in which the parts of a service run; they end with it."""
    metrics = service.metrics
    beside = (
        *(service.keyring.refresh, service.switched.refresh, service.trying.refresh, service.arms.refresh),
        *(service.offering.refresh, service.asking.refresh, service.encoder.refresh),
    )
    refresher = Refresher(service.watch, on_change=metrics.went_live, on_fault=metrics.failed, beside=beside)
    rounds = Rounds("referee", lambda: _judge(service), on_fault=metrics.failed)
    summing = Rounds("rollup", lambda: _sum_up(service), on_fault=metrics.failed, every_s=SUMMED_EVERY_S)
    asking = Rounds("asking", lambda: _look(service), on_fault=metrics.failed)
    looking = Rounds("looks", service.looks.refresh, on_fault=metrics.failed)
    telling = Rounds("arrivals", lambda: tell_all(service), on_fault=metrics.failed, every_s=TOLD_EVERY_S)
    refresher.start()
    telling.start()
    if service.asking.is_on or service.offering.is_on:
        asking.start()
    if service.settings.judges:
        rounds.start()
    summing.start()
    looking.start()
    service.decisions.start()
    warming: asyncio.Task[object] | None = None
    if service.watch.live().ready:
        await warm_up(service)
    else:
        # What is read behind an open door is warmed there, and the service is not ready until then.
        warming = asyncio.create_task(warm_up_later(service))
    try:
        yield
    finally:
        if warming:
            warming.cancel()
        refresher.close()
        await run_in_threadpool(telling.close)
        await run_in_threadpool(rounds.close)
        await run_in_threadpool(summing.close)
        await run_in_threadpool(looking.close)
        await run_in_threadpool(asking.close)
        await run_in_threadpool(service.decisions.close)
        service.line.close()
        service.asking.close()
        service.offering.close()
        service.beside.close()
        service.rewriter.close()
        service.computing.close()
        service.books.close()


def _judge(service: Service) -> None:
    service.referee.judge(service.clock())
    service.unsaying.judge(service.clock())


def _sum_up(service: Service) -> None:
    sum_up_where_due(Lake(service.settings.lake), SliceBooks(service.books).all(), now=service.clock())


def _look(service: Service) -> None:
    service.offering.look(service.clock())
    service.asking.look(service.clock())


async def _unprocessable(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError), "registered for this error only"
    return JSONResponse({"detail": faults_of(error)}, 422)


async def _unavailable(_request: Request, error: Exception) -> Response:
    """What a person outside must mend is said, and is no fault of the caller's."""
    return JSONResponse({"detail": str(error)}, 503)
