"""`/v1/rules`: the live rewrites and how each fares, vetoes that stick and may be taken back, and the off switch."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from resay.dialogue.rewrite import Rewrite
from resay.dialogue.text import canonical
from resay.store.artifact import Shelf
from resay.store.books import Veto
from resay.store.events import Event
from resay.store.review import Switch
from serving.review.files import RulesForm, rules_rows, written
from serving.review.going_back import Kept, kept_generations
from serving.review.reviewed import Reviewed
from serving.rules_wire import Blocked, Edited, Imported, Turned, Why
from serving.service import Service
from serving.strict_json import StrictJsonRoute
from serving.trials.fared import UNTRIED, fared_json, read_fared, state_of
from serving.trials.layers import layers_json, read_layers
from serving.trials.referee import restore
from serving.wire import REFUSALS, Fault

GENERATIONS_SHOWN_MAX = 20
"""Generations that are listed: three weeks of nights, or a day of a stream that learns often; `resay rollback N` takes any."""

_UNKNOWN: dict[int | str, dict[str, object]] = {404: {"model": Fault, "description": "There is none of this id."}}


def rules_routes(service: Service) -> APIRouter:
    """The routes of `/v1/rules`."""
    router = APIRouter(route_class=StrictJsonRoute)
    rules = Rules(service)
    _file_routes(router, rules)

    @router.get(
        "/v1/rules", operation_id="list_rules", summary="Live rewrites, vetoes, switches, and what was changed.", responses=REFUSALS
    )
    async def list_rules() -> JSONResponse:
        return JSONResponse(await run_in_threadpool(rules.all))

    @router.post(
        "/v1/rules/{rewrite_id}/dismiss",
        operation_id="dismiss_rule",
        summary="Forbid a live rewrite for good, in every replica within seconds; it is not learnt again.",
        responses={**REFUSALS, **_UNKNOWN},
    )
    async def dismiss(rewrite_id: str, why: Why) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(rules.dismiss, rewrite_id, why))

    @router.post(
        "/v1/rules/{rewrite_id}/restore",
        operation_id="restore_rule",
        summary="Give a rewrite that was rolled back by itself another chance.",
        responses={**REFUSALS, **_UNKNOWN},
    )
    async def put_back(rewrite_id: str, why: Why) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(rules.restore, rewrite_id, why))

    @router.post(
        "/v1/vetoes/{veto_id}/undo",
        operation_id="undo_veto",
        summary="Take a veto back.",
        responses={**REFUSALS, **_UNKNOWN},
    )
    async def undo(veto_id: str, why: Why) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(rules.undo, veto_id, why))

    @router.post(
        "/v1/switch",
        operation_id="switch",
        summary="Turn rewriting off or on: all of it, or a layer; in every replica within seconds.",
        responses=REFUSALS,
    )
    async def switch(turned: Turned) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(rules.switch, turned))

    return router


class Rules:
    """What may be done about rewrites, over HTTP and on the page; each change is an event of the history."""

    def __init__(self, service: Service) -> None:
        """Of one service."""
        self._service = service
        self._reviewed = Reviewed(service)

    def all(self) -> dict[str, object]:
        """Everything, for who reviews."""
        live, review = self._service.watch.live(), self._service.review
        fared = read_fared(self._service.trials)
        layers = read_layers(self._service.books, fared, table=frozenset(each.rewrite_id for each in live.rewrites))
        return {
            "generation": live.generation,
            **layers_json(layers),
            "rules": [
                {**asdict(each), "state": state_of(each, live.vetoes, fared), "live": fared_json(fared.get(each.rewrite_id, UNTRIED))}
                for each in live.rewrites
            ],
            "vetoes": [_told(asdict(each)) for each in self._service.books.vetoes()],
            "off": [_told(asdict(each)) for each in review.switches()],
            "events": [_told(asdict(each)) for each in review.events()],
        }

    def edit(self, rewrite_id: str, edited: Edited) -> dict[str, object]:
        """Put another target in place of a rewrite's.

        Raises: HTTPException, where none of this id is live, and with the reasons of the checker where it refuses.
        """
        return self._reviewed.edit(self._rewrite(rewrite_id), edited)

    def unedit(self, rewrite_id: str, why: Why) -> dict[str, object]:
        """Let learning propose again what it finds.

        Raises: HTTPException, where there is no edit of this id.
        """
        return self._reviewed.unedit(rewrite_id, why)

    def take_in(self, imported: Imported) -> dict[str, object]:
        """Take rules in, those that can be proven; or only try them."""
        return self._reviewed.take_in(imported)

    def go_back(self, number: int, why: Why) -> dict[str, object]:
        """Make an older generation live again.

        Raises: HTTPException, where there is none of this number, or nothing of it can be proven any more.
        """
        return self._reviewed.go_back(number, why)

    def generations(self) -> list[Kept]:
        """The newest generations, the newest first.

        Raises: BrokenArtifact, ShelfUnavailable.
        """
        return kept_generations(Shelf(self._service.settings.rewrites), limit=GENERATIONS_SHOWN_MAX)

    def file(self, form: RulesForm) -> str:
        """The table and the blocklist as a file."""
        live = self._service.watch.live()
        return written(rules_rows(live.rewrites, read_fared(self._service.trials), self._service.books.vetoes()), form)

    def block(self, blocked: Blocked) -> dict[str, object]:
        """Forbid what nobody need have learnt yet.

        Raises: HTTPException, where neither source nor target is named.
        """
        if not canonical(blocked.source) and not canonical(blocked.target):
            raise HTTPException(422, "a block must name a source or a target; both are empty; is everything to be off? `POST /v1/switch`")
        veto = Veto(canonical(blocked.source), canonical(blocked.target), blocked.by, blocked.why, self._service.clock(), uuid.uuid4().hex)
        return {"veto_id": veto.veto_id, "new": self._service.review.dismiss(veto)}

    def dismiss(self, rewrite_id: str, why: Why) -> dict[str, object]:
        """Forbid a live rewrite, wherever it holds and whichever layer says it.

        Raises: HTTPException, where none of this id is live.
        """
        rewrite = self._rewrite(rewrite_id)
        new = self._service.review.dismiss(
            Veto(rewrite.source, rewrite.target, why.by, why.why, self._service.clock(), veto_id=uuid.uuid4().hex)
        )
        return {"dismissed": rewrite_id, "new": new}

    def restore(self, rewrite_id: str, why: Why) -> dict[str, object]:
        """Try a rewrite anew that was rolled back by itself.

        Raises: HTTPException, where it was not.
        """
        now = self._service.clock()
        if not restore(self._service.trials, rewrite_id, now=now, event=Event(now, rewrite_id, "restored", why.by, why.why)):
            raise HTTPException(404, "rewrite must be one that was rolled back; there is none of this id; was it restored already?")
        return {"restored": rewrite_id}

    def undo(self, veto_id: str, why: Why) -> dict[str, object]:
        """Take a veto back.

        Raises: HTTPException, where there is none of this id.
        """
        if not self._service.review.undo(veto_id, at=self._service.clock(), by=why.by, why=why.why):
            raise HTTPException(404, "veto must be one that stands; there is none of this id; was it taken back already?")
        return {"undone": veto_id}

    def switch(self, turned: Turned) -> dict[str, object]:
        """Turn everything, or a layer, off or on."""
        now, review = self._service.clock(), self._service.review
        if turned.off:
            changed = review.switch_off(Switch(turned.scope, now, turned.by, turned.why))
        else:
            changed = review.switch_on(turned.scope, at=now, by=turned.by, why=turned.why)
        return {"scope": turned.scope, "off": turned.off, "changed": changed}

    def _rewrite(self, rewrite_id: str) -> Rewrite:
        for each in self._service.watch.live().rewrites:
            if each.rewrite_id == rewrite_id:
                return each
        raise HTTPException(404, "rewrite must be one of the live generation; there is none of this id; was another one published?")


def _told(row: dict[str, object]) -> dict[str, object]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def rules_file(form: RulesForm, content: str) -> Response:
    """A file of rules to be kept."""
    named = {"content-disposition": f'attachment; filename="rules.{form}"'}
    return Response(content, media_type="text/csv" if form is RulesForm.CSV else "application/json", headers=named)


def _file_routes(router: APIRouter, rules: Rules) -> None:
    """Edits, files and the blocklist."""

    @router.post(
        "/v1/rules/{rewrite_id}/edit",
        operation_id="edit_rule",
        summary="Put another target in place of a rewrite's, through the checker; it is kept by the learnings to come.",
        responses={**REFUSALS, **_UNKNOWN},
    )
    async def edit(rewrite_id: str, edited: Edited) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(rules.edit, rewrite_id, edited))

    @router.post("/v1/edits/{rewrite_id}/undo", operation_id="undo_edit", summary="Take an edit back.", responses={**REFUSALS, **_UNKNOWN})
    async def unedit(rewrite_id: str, why: Why) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(rules.unedit, rewrite_id, why))

    @router.get("/v1/generations", operation_id="list_generations", summary="The newest tables, live or not.", responses=REFUSALS)
    async def generations() -> JSONResponse:
        kept = await run_in_threadpool(rules.generations)
        return JSONResponse({"generations": [_told(asdict(each)) for each in kept]})

    @router.post(
        "/v1/generations/{number}/restore",
        operation_id="restore_generation",
        summary="Make an older table live again, as far as it can still be proven.",
        responses={**REFUSALS, **_UNKNOWN},
    )
    async def go_back(number: int, why: Why) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(rules.go_back, number, why))

    @router.post(
        "/v1/vetoes", operation_id="block", summary="Forbid words for good, whether or not they are learnt yet.", responses=REFUSALS
    )
    async def block(blocked: Blocked) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(rules.block, blocked))

    @router.get(
        "/v1/rules/export",
        operation_id="export_rules",
        summary="The live table and the blocklist as a file.",
        responses={**REFUSALS, 200: {"content": {"text/csv": {}, "application/json": {}}, "description": "The file."}},
        response_class=Response,
    )
    async def export(form: Annotated[RulesForm, Query(alias="as")] = RulesForm.JSON) -> Response:
        return rules_file(form, await run_in_threadpool(rules.file, form))

    @router.post(
        "/v1/rules/import",
        operation_id="import_rules",
        summary="Take rules in, those that can be proven, or only try them on recorded traffic.",
        responses=REFUSALS,
    )
    async def take_in(imported: Imported) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(rules.take_in, imported))
