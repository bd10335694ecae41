"""The routes of the page: the one-time link, the session, the page itself, and its box to try a rewrite."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated, Literal, cast, get_args
from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from resay.dialogue.codec import UTTERANCE_CHARS_MAX
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import BeforeRequest, Heard
from resay.dialogue.turn import Prompt
from resay.store.artifact import Shelf
from resay.store.keys import Scope as KeyScope
from rewrite_online.deadline import PATIENT_BUDGET_S
from rewrite_online.explanation import Explanation
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.rewriter import Live, Rewriter
from serving.dashboard.comparison import since_before
from serving.dashboard.evidence import masker
from serving.dashboard.experiment_page import experiment_page
from serving.dashboard.templates import FOLDER, templates
from serving.dashboard.view import Absent, View, view
from serving.experiments.look import Look
from serving.experiments_api import Form, exported, record_named
from serving.review.files import RulesForm
from serving.rules_api import Rules, rules_file
from serving.rules_wire import RULE_CHARS_MAX, TEXT_CHARS_MAX, Blocked, Edited, Imported, RuleRow, Scope, Turned, Why
from serving.service import Service
from serving.sessions import cookie_name, session_caller

KEY_CHARS_MAX = 500
"""Longest key that is looked at."""

PROMPT_CHARS_MAX = 200
"""Longest kind of prompt that the box takes."""

VIEW_LIFE = timedelta(seconds=15)
"""How old what the page shows may be; a new generation shows at once."""

BY = "page"
"""Who did it, where it was done on the page: whoever has its session."""

SEEN_S = 5.0
"""Longest wait for a change to be served, which takes half a second (`serving.refresher.REFRESH_S`) unless the machine is busy."""

_LOOK_S = 0.05

EVENTS_SHOWN_MAX = 200
"""Events of the history on the page, the newest first; `/v1/rules` has all."""

CHANGES_SHOWN_MAX = 200
"""Rewrites shown of each kind of change; `resay diff --json` has all."""

_ASSETS = {"page.css": "text/css", "page.js": "text/javascript"}
_ICON = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#0b7a6f" d="M13 9a10 10 0 1 1 0 20H3V19A10 10 0 0 1 13 9Z"/>'
    b'<circle cx="25" cy="7" r="5" fill="#c2410c"/></svg>'
)


def page_routes(service: Service) -> APIRouter:
    """The page of one service."""
    page = _Page(service)
    router = APIRouter()
    router.add_api_route("/", page.show, methods=["GET"])
    router.add_api_route("/experiments/{name}", page.experiment, methods=["GET"])
    router.add_api_route("/experiments/{name}/report", page.export, methods=["GET"])
    router.add_api_route("/rules/dismiss", page.dismiss, methods=["POST"])
    router.add_api_route("/rules/edit", page.edit, methods=["POST"])
    router.add_api_route("/rules/block", page.block, methods=["POST"])
    router.add_api_route("/rules/draft", page.draft, methods=["POST"])
    router.add_api_route("/rules/take", page.take, methods=["POST"])
    router.add_api_route("/generations/restore", page.go_back, methods=["POST"])
    router.add_api_route("/rules/export", page.export_rules, methods=["GET"])
    router.add_api_route("/rules/changes", page.changes, methods=["GET"])
    router.add_api_route("/rules/restore", page.restore, methods=["POST"])
    router.add_api_route("/rules/undo", page.undo, methods=["POST"])
    router.add_api_route("/switch", page.switch, methods=["POST"])
    router.add_api_route("/session", page.enter, methods=["POST"])
    router.add_api_route("/try", page.try_it, methods=["POST"])
    router.add_api_route("/assets/icon.svg", _icon, methods=["GET"])
    router.add_api_route("/assets/{name}", _asset, methods=["GET"])
    return router


async def _icon() -> Response:
    return Response(_ICON, media_type="image/svg+xml")


async def _asset(name: str) -> Response:
    if name not in _ASSETS:
        raise HTTPException(404, "Not Found")
    return Response((FOLDER / name).read_bytes(), media_type=_ASSETS[name])


class _Page:
    """Templates, the mask of this process, and a rewriter that holds nothing out: who tries wants to see what would be said."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._rules = Rules(service)
        self._mask = masker(secrets.token_bytes(32))
        self._rewriter = Rewriter(service.trying.live, hold_out=NO_HOLD_OUT, on_fault=service.metrics.failed)
        self._viewing = threading.Lock()
        self._last: tuple[Live, datetime, View] | None = None
        self._templates = templates()

    async def show(self, request: Request, token: str | None = None) -> Response:
        """The page, for who was let in; with a token, the way in."""
        if token is not None:
            return self._let_in(request, await run_in_threadpool(self._service.sessions.exchange, token), otherwise="used")
        if not self._knows(request):
            return self._door("closed")
        return await run_in_threadpool(self._page, None)

    async def enter(self, request: Request) -> Response:
        """The way in with the API key."""
        shown = await _form_field(request, "key", chars_max=KEY_CHARS_MAX)
        caller = self._service.keyring.caller(shown.strip())
        if caller is not None and not caller.may(KeyScope.REVIEW):
            return self._let_in(request, None, otherwise="other_key")
        secret = await run_in_threadpool(self._service.sessions.open, caller) if caller else None
        return self._let_in(request, secret, otherwise="wrong_key")

    async def try_it(self, request: Request) -> Response:
        """What would be said, and why: the whole page, or with `?fragment` only the answer."""
        if not self._knows(request):
            return self._door("closed")
        utterance = await _form_field(request, "utterance", chars_max=UTTERANCE_CHARS_MAX)
        prompt_kind = await _form_field(request, "prompt_kind", chars_max=PROMPT_CHARS_MAX)
        tried = self._explain(utterance, prompt_kind)
        if "fragment" in request.query_params:
            return HTMLResponse(self._templates.get_template("tried.html").render(tried=tried))
        return await run_in_threadpool(self._page, tried)

    async def experiment(self, request: Request, name: str) -> Response:
        """The page of one experiment."""
        if not self._knows(request):
            return self._door("closed")
        look = await run_in_threadpool(self._look, name)
        return HTMLResponse(experiment_page(look))

    async def export(self, request: Request, name: str, form: Annotated[Form, Query(alias="as")] = Form.HTML) -> Response:
        """The same as a file."""
        if not self._knows(request):
            return self._door("closed")
        return exported(await run_in_threadpool(self._look, name), form)

    async def edit(self, request: Request) -> Response:
        """Put another target in place of a rewrite's."""
        target = await _form_field(request, "target", chars_max=RULE_CHARS_MAX)
        allowed = await _form_field(request, "allow", chars_max=KEY_CHARS_MAX) == "yes"
        if not target.strip():
            return self._refused(["The target must have words."])

        def change(rewrite_id: str, why: Why) -> object:
            return self._rules.edit(rewrite_id, Edited(target=target, allow_risky=allowed, why=why.why, by=why.by))

        return await self._change(request, "rewrite_id", change)

    async def block(self, request: Request) -> Response:
        """Forbid words."""
        target = await _form_field(request, "target", chars_max=RULE_CHARS_MAX)

        def change(source: str, why: Why) -> object:
            return self._rules.block(Blocked(source=source, target=target, why=why.why, by=why.by))

        return await self._change(request, "source", change)

    async def export_rules(self, request: Request, form: Annotated[RulesForm, Query(alias="as")] = RulesForm.CSV) -> Response:
        """The table and the blocklist as a file."""
        if not self._knows(request):
            return self._door("closed")
        return rules_file(form, await run_in_threadpool(self._rules.file, form))

    async def changes(self, request: Request) -> Response:
        """What changed since the generation before, and by whom."""
        if not self._knows(request):
            return self._door("closed")
        return await run_in_threadpool(self._changes)

    def _changes(self) -> Response:
        try:
            found: object = since_before(Shelf(self._service.settings.rewrites)) or Absent("There is no generation before the live one.")
        except ResayError as error:
            found = Absent(str(error))
        events = self._service.review.events()[::-1][:EVENTS_SHOWN_MAX]
        try:
            generations = self._rules.generations()
        except ResayError:
            generations = []  # What is wrong with the live one stands above.
        page = self._templates.get_template("changes.html")
        return HTMLResponse(page.render(changes=found, events=events, generations=generations, shown_max=CHANGES_SHOWN_MAX))

    async def go_back(self, request: Request) -> Response:
        """Make an older generation live again."""

        def change(number: str, why: Why) -> object:
            if not number.isdecimal():
                raise HTTPException(422, "The generation must be a number.")
            return self._rules.go_back(int(number), why)

        return await self._change(request, "number", change, then="/rules/changes")

    async def draft(self, request: Request) -> Response:
        """What recorded traffic and the checker say of a draft; nothing is changed."""
        if not self._knows(request):
            return self._door("closed")
        try:
            draft = await _draft(request)
            (tried,) = await run_in_threadpool(self._try, draft)
        except HTTPException as refused:
            return self._refused(_reasons(refused))
        return HTMLResponse(self._templates.get_template("draft.html").render(draft=draft, tried=tried))

    def _try(self, draft: Imported) -> Sequence[object]:
        told = self._rules.take_in(draft.model_copy(update={"dry_run": True}))["rules"]
        assert isinstance(told, list), "what is tried is told rule by rule"
        return told

    async def take(self, request: Request) -> Response:
        """Put a draft into the live table, where it can be proven."""
        if not self._knows(request):
            return self._door("closed")
        draft = await _draft(request)

        def change(_source: str, why: Why) -> object:
            done = self._rules.take_in(draft.model_copy(update={"why": why.why, "by": why.by}))
            if done["generation"] is None:
                (tried,) = self._try(draft)
                assert isinstance(tried, dict), "a rule is told with its reasons"
                raise HTTPException(422, tried["refused"] or "The table could not be proven with it.")
            return done

        return await self._change(request, "source", change)

    def _refused(self, reasons: Sequence[str]) -> Response:
        return HTMLResponse(self._templates.get_template("refused.html").render(reasons=reasons), 422)

    async def dismiss(self, request: Request) -> Response:
        """Forbid a rewrite for good."""
        return await self._change(request, "rewrite_id", self._rules.dismiss)

    async def restore(self, request: Request) -> Response:
        """Try a rewrite anew that was rolled back."""
        return await self._change(request, "rewrite_id", self._rules.restore)

    async def undo(self, request: Request) -> Response:
        """Take a veto back."""
        return await self._change(request, "veto_id", self._rules.undo)

    async def switch(self, request: Request) -> Response:
        """Turn everything, or a layer, off, or on again."""
        named = await _form_field(request, "scope", chars_max=KEY_CHARS_MAX) or "all"
        if named not in get_args(Scope):
            return self._refused([f"What is switched must be one of {', '.join(get_args(Scope))}."])

        def turn(turned: str, why: Why) -> object:
            return self._rules.switch(Turned(scope=cast("Scope", named), off=turned == "off", why=why.why, by=why.by))

        return await self._change(request, "turn", turn)

    async def _change(self, request: Request, field: str, change: Callable[[str, Why], object], *, then: str = "/#rules-title") -> Response:
        """Do what a form asks for, and show the page anew; a form of another site has neither the session nor our Origin."""
        if not self._knows(request):
            return self._door("closed")
        named = await _form_field(request, field, chars_max=RULE_CHARS_MAX)
        why = Why(why=await _form_field(request, "why", chars_max=TEXT_CHARS_MAX), by=BY)
        try:
            await run_in_threadpool(change, named, why)
        except HTTPException as refused:
            return self._refused(_reasons(refused))
        await run_in_threadpool(self._until_live)
        self._last = None
        return RedirectResponse(then, 303)

    def _until_live(self) -> None:
        """Until what is live is served, so that the page that follows shows it; not for long where that cannot be."""
        due = time.monotonic() + SEEN_S
        with suppress(ResayError):
            newest = Shelf(self._service.settings.rewrites).current()
            while newest is not None and time.monotonic() < due:
                live = self._service.watch.live()
                if live.problem or live.generation == newest.number:
                    return
                time.sleep(_LOOK_S)

    def _look(self, name: str) -> Look:
        """An experiment as the overview shows it, so that a page's links tell the same as it does."""
        return self._service.looks.of(record_named(self._service, name))

    def _knows(self, request: Request) -> bool:
        return session_caller(self._service, request) is not None

    def _page(self, tried: Explanation | None) -> Response:
        made_at, shown = self._view()
        return HTMLResponse(self._templates.get_template("page.html").render(view=shown, tried=tried, now=made_at))

    def _view(self) -> tuple[datetime, View]:
        """The page's contents, at most `VIEW_LIFE` old: reading the lake takes every core for a moment, and answers come first."""
        now, live = self._service.clock(), self._service.watch.live()
        with self._viewing:
            if self._last is None or self._last[0] is not live or now - self._last[1] > VIEW_LIFE:
                self._last = (live, now, view(self._service, mask=self._mask))
            return self._last[1], self._last[2]

    def _explain(self, utterance: str, prompt_kind: str) -> Explanation:
        """Nothing is logged, because nothing is served."""
        now = self._service.clock()
        prompt = Prompt(kind=prompt_kind) if prompt_kind else None
        heard = Heard(turn_id="try", customer_id="try", at=now, utterance=utterance, prompt=prompt)
        return self._rewriter.explain(BeforeRequest(heard), now=now, budget_s=PATIENT_BUDGET_S)

    def _let_in(self, request: Request, secret: str | None, *, otherwise: str) -> Response:
        if secret is None:
            self._service.metrics.refused("page")
            return self._door(otherwise)
        # Without the token in the address: it must not stay in the history.
        response = RedirectResponse("/", 303)
        response.set_cookie(cookie_name(request), secret, httponly=True, samesite=_STRICT)
        return response

    def _door(self, why: str) -> Response:
        """A page that says why it is closed, and how to come in."""
        return HTMLResponse(self._templates.get_template("door.html").render(why=why), 403)


_STRICT: Literal["strict"] = "strict"


def _reasons(refused: HTTPException) -> Sequence[str]:
    """Why something was not done, one sentence each."""
    detail: object = refused.detail
    return [str(each) for each in detail] if isinstance(detail, list) else [str(detail)]


async def _draft(request: Request) -> Imported:
    """The rule that a form asks for.

    Raises: HTTPException.
    """
    words = {name: await _form_field(request, name, chars_max=RULE_CHARS_MAX) for name in ("source", "target")}
    place = {name: await _form_field(request, name, chars_max=TEXT_CHARS_MAX) for name in ("prompt_kind", "room", "device_type")}
    allowed = await _form_field(request, "allow", chars_max=KEY_CHARS_MAX) == "yes"
    return Imported(rules=[RuleRow.model_validate(words | place)], allow_risky=allowed, why="", by=BY)


async def _form_field(request: Request, name: str, *, chars_max: int) -> str:
    """A field of a form as browsers send it; the last one where it is given more than once, empty where it is missing.

    Raises: HTTPException.
    """
    try:
        fields = parse_qs((await request.body()).decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise HTTPException(422, f"form must be readable; {error}; was it sent by the page?") from error
    value = (fields.get(name) or [""])[-1]
    if len(value) > chars_max:
        raise HTTPException(422, f"{name} must not be longer than {chars_max:,} characters; got {len(value):,}")
    return value
