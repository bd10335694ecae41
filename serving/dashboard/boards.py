"""The routes of the boards: failure points, cohorts, streams, the service card. Each shows sums that others made."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from ingest.dead_letters import replay_letters
from ingest.landing import LandingRules
from ingest.privacy import Pseudonymise, keep
from resay.dialogue.errors import ResayError
from resay.store.lake import Lake
from resay.store.slices import Slice, SliceBooks
from serving.dashboard.board_views import Board, card_of, cohorts_of, failures_of, samples_of, streams_of
from serving.dashboard.evidence import masker
from serving.dashboard.templates import templates
from serving.dashboard.view import Absent
from serving.service import Service
from serving.sessions import session_caller

BY = "page"
"""Who did it, where it was done on the page."""

FIELD_CHARS_MAX = 200
"""Longest field of a form."""


def board_routes(service: Service) -> APIRouter:
    """The boards of one service."""
    boards, router = _Boards(service), APIRouter()
    router.add_api_route("/failure-points", boards.failures, methods=["GET"])
    router.add_api_route("/failure-points/dialogues", boards.dialogues, methods=["GET"])
    router.add_api_route("/cohorts", boards.cohorts, methods=["GET"])
    router.add_api_route("/cohorts/save", boards.save, methods=["POST"])
    router.add_api_route("/streams", boards.streams, methods=["GET"])
    router.add_api_route("/streams/replay", boards.replay, methods=["POST"])
    router.add_api_route("/service", boards.card, methods=["GET"])
    return router


class _Boards:
    """What the routes do."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._templates = templates()
        self._mask = masker(secrets.token_bytes(32))

    async def failures(self, request: Request, by: str = "cohort") -> Response:
        """Where turns fail first."""
        return await self._shown(request, "failures.html", lambda: failures_of(self._service, by))

    async def dialogues(self, request: Request, point: str, *, by: str = "all", name: str = "") -> Response:
        """Some of the turns behind a figure, masked."""
        return await self._shown(request, "samples.html", lambda: samples_of(self._service, (point, by, name), mask=self._mask))

    async def cohorts(self, request: Request) -> Response:
        """Who fares worse than the whole."""
        return await self._shown(request, "cohorts.html", lambda: cohorts_of(self._service))

    async def streams(self, request: Request) -> Response:
        """How far behind everything is."""
        return await self._shown(request, "streams.html", lambda: streams_of(self._service))

    async def card(self, request: Request) -> Response:
        """What the service is, does and does not."""
        return await self._shown(request, "service.html", lambda: card_of(self._service))

    async def save(self, request: Request) -> Response:
        """Look at a slice of traffic from now on."""
        if self._closed(request):
            return self._door()
        fields = await _fields(request)
        named = {name: fields.get(name, "").strip() for name in ("slice", "cohort", "device_type", "room", "intent")}
        if not named["slice"] or not any(value for name, value in named.items() if name != "slice"):
            return self._refused("A slice must have a name, and say of whom it is.")
        saved = Slice(**named, saved_by=BY, saved_at=self._service.clock())
        if not await run_in_threadpool(SliceBooks(self._service.books).save, saved):
            return self._refused(f"There is a slice {named['slice']!r} already; slices stay as they are.")
        return RedirectResponse("/cohorts", 303)

    async def replay(self, request: Request) -> Response:
        """Read rejects again."""
        if self._closed(request):
            return self._door()
        await run_in_threadpool(self._replay)
        return RedirectResponse("/streams", 303)

    def _replay(self) -> None:
        settings = self._service.settings
        mask = Pseudonymise(settings.hash_key) if settings.hash_key else keep
        replay_letters(Lake(settings.lake), rules=LandingRules(clock=self._service.clock, mask=mask))

    async def _shown(self, request: Request, template: str, make: Callable[[], Board]) -> Response:
        if self._closed(request):
            return self._door()
        return await run_in_threadpool(self._render, template, make)

    def _render(self, template: str, make: Callable[[], Board]) -> Response:
        try:
            found: Board | Absent = make()
        except ResayError as error:
            found = Absent(str(error))
        return HTMLResponse(self._templates.get_template(template).render(board=found, now=self._service.clock()))

    def _closed(self, request: Request) -> bool:
        return session_caller(self._service, request) is None

    def _door(self) -> Response:
        return HTMLResponse(self._templates.get_template("door.html").render(why="closed"), 403)

    def _refused(self, why: str) -> Response:
        return HTMLResponse(self._templates.get_template("refused.html").render(reasons=[why]), 422)


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a form, the last of each name.

    Raises: HTTPException.
    """
    try:
        fields = parse_qs((await request.body()).decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise HTTPException(422, f"form must be readable; {error}; was it sent by the page?") from error
    last = {name: values[-1] for name, values in fields.items()}
    if any(len(value) > FIELD_CHARS_MAX for value in last.values()):
        raise HTTPException(422, f"fields must not be longer than {FIELD_CHARS_MAX:,} characters")
    return last
