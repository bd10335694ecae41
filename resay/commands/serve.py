"""Commands of the live side: `serve`, `try`, and `openapi`, which prints what the service answers to."""

from __future__ import annotations

import ipaddress
import json
import secrets
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.markup import escape

from resay.commands.console import HomeOption, JsonOption, console, print_json, remarks
from resay.commands.device import ENCODED_AT_ONCE, towers_on_device
from resay.commands.encoders import shipped_encoder
from resay.commands.logs import LogForm, log_to
from resay.commands.settings import Settings, read_settings
from resay.commands.try_telling import (
    considered_in,
    considered_json,
    failing_in,
    failing_json,
    here_json,
    tell_considered,
    tell_failing,
    tell_here,
    told_clock,
    told_states,
)
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Action, BeforeRequest, Heard, Layer, Reason, RetryRequest, Rewrite, RewriteRequest
from resay.dialogue.turn import Context, Prompt, ResponseStatus
from resay.experiment.promote import LIVE_SHARE
from resay.label.explore import SHARE_MAX
from resay.store.artifact import Shelf
from resay.store.books import Books
from resay.store.lake import Lake
from resay.store.teachings import STAMP_FILE, TeachingBooks
from rewrite_online.deadline import PATIENT_BUDGET_S
from rewrite_online.explanation import Explanation
from rewrite_online.explore import SHARE_LOW, USUAL_EXPLORATION, Exploration
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.rewriter import Live, Rewriter
from rewrite_online.watch import Watch
from serving.access import KEY_FILE, LOOPBACK, api_key
from serving.app import create_app, histories_in, taught_in
from serving.dashboard.evidence import Dialogue, dialogues_of, masker
from serving.dashboard.words import percent, place_words, plural, reason_meaning
from serving.memory import settle
from serving.server import PORT, RunningService, bind, start
from serving.service import ServiceSettings

ANY_ADDRESS = frozenset({"0.0.0.0", "::"})
"""Addresses that mean every one of this machine, and are no name to be called by."""

_LOOK_S = 0.5


class Mode(StrEnum):
    """When the assistant asks."""

    BEFORE = "before"
    RETRY = "retry"


class NothingLearnt(ResayError):
    """There is no generation to try."""


class Ended(ResayError):
    """The service ended by itself."""


_CANARY_HELP = (
    "Of those for whom a rewrite is ready that is not found better yet, the share who are said it; all but the hold-out by default."
)


_DEVICE_HELP = "Where the encoder runs and vectors are searched, by torch: cuda, cuda:1 [default: the processor, without torch]."

_ASK_HELP = f"Share of turns answered `ask`: did that do what you wanted? {SHARE_MAX:g} at most; for assistants that can ask."

_OFFER_HELP = f"Share of turns after which the next words are offered for those that failed; {SHARE_MAX:g} at most; for the same."


@dataclass(frozen=True, slots=True)
class Trialled:
    """What a service tries on customers, who judges, and where it computes."""

    exploration: Exploration = USUAL_EXPLORATION
    canary: float = LIVE_SHARE
    """Share of those for whom a rewrite on trial is ready who are said it."""
    judges: bool = True
    """Whether rewrites are promoted and rolled back."""
    ask: float = 0.0
    """Share of turns about which customers are asked."""
    offer: float = 0.0
    """Share of turns after which something is offered."""
    device: str = ""
    """Where the encoder runs and vectors are searched, as torch names it; without a name on the processor, and without torch."""


def register(app: typer.Typer) -> None:
    """Add `serve`, `try` and `openapi`."""
    app.command(rich_help_panel="The live side")(serve)
    app.command("try", rich_help_panel="The live side")(try_)
    app.command(rich_help_panel="Reference")(openapi)


def serve(  # noqa: PLR0917 - an option is a parameter
    home: HomeOption = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen on; only this machine unless told otherwise.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Port; the next free one is taken where it is in use.")] = PORT,
    allow_host: Annotated[list[str] | None, typer.Option("--allow-host", help="Host name by which callers may reach it; repeat.")] = None,
    explore: Annotated[float, typer.Option("--explore", help="Share of near misses that are tried, to learn; 0.05 at most.")] = SHARE_LOW,
    canary: Annotated[float, typer.Option("--canary", min=0.01, max=LIVE_SHARE, help=_CANARY_HELP)] = LIVE_SHARE,
    judge: Annotated[bool, typer.Option("--judge/--no-judge", help="Roll back and promote rewrites by their own evidence.")] = True,
    ask: Annotated[float, typer.Option("--ask", min=0.0, max=SHARE_MAX, help=_ASK_HELP)] = 0.0,
    offer: Annotated[float, typer.Option("--offer", min=0.0, max=SHARE_MAX, help=_OFFER_HELP)] = 0.0,
    device: Annotated[str, typer.Option("--device", help=_DEVICE_HELP)] = "",
    logs: Annotated[
        LogForm, typer.Option("--logs", help="How events are told on standard error; never what customers said.")
    ] = LogForm.TEXT,
    as_json: JsonOption = False,
) -> None:
    """Serve rewrites, and the page that shows what was learnt, until Ctrl-C.

    Every rewrite is judged by what labels say of the turns that it was put into: one that fails is rolled back by itself.

    Examples: `resay serve`, `resay serve --port 9000`, `resay serve --canary 0.3`, `resay serve --ask 0.01 --offer 0.01`,
    `resay serve --host 0.0.0.0 --allow-host resay.example.org`, `resay serve --device cuda`
    """
    log_to(form=logs)
    settings = read_settings(home=home)
    trials = Trialled(Exploration(low=explore), canary, judge, ask, offer, device)
    running = serve_in_background(settings, host=host, port=port, names=allow_host or (), trials=trials)
    try:
        _announce(running, settings, asked=port, as_json=as_json)
        while running.answers():
            threading.Event().wait(_LOOK_S)
        message = f"service at {running.url} must run until it is stopped; it ended by itself; what does the log above say?"
        raise Ended(message)
    except KeyboardInterrupt:
        remarks.print("Stopping: last answers, last decisions.", markup=False)
    finally:
        running.stop()


def serve_in_background(
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = PORT,
    names: Sequence[str] = (),
    trials: Trialled = Trialled(),
) -> RunningService:
    """The service of a home, answering in threads of this process until `stop`; the next free port where this one is in use.

    Raises: PortTaken, NotStarted, WeakKey, KeyUnavailable, BooksUnavailable, DeviceUnavailable, TrunkUnavailable.
    """
    key = api_key(settings.home, given=settings.api_key)
    own = () if host in ANY_ADDRESS else (f"[{host}]" if ":" in host else host,)
    asked = service_settings(settings, key, names=(*LOOPBACK, *own, *names))
    asked = replace(asked, exploration=trials.exploration, canary=trials.canary, judges=trials.judges)
    asked = replace(asked, ask=trials.ask, offer=trials.offer)
    if trials.device:
        asked = replace(asked, towers=towers_on_device(trials.device, asked.encoder), encoded_at_once=ENCODED_AT_ONCE)
    running = start(create_app(asked), bind(host, port))
    # Before anybody is told where to ask.
    settle()
    return running


def try_(  # noqa: PLR0917 - an option is a parameter
    utterance: Annotated[str, typer.Argument(help="What a customer says.")],
    home: HomeOption = None,
    prompt_kind: Annotated[str, typer.Option("--prompt-kind", help="Kind of question that the assistant had asked.")] = "",
    room: Annotated[str, typer.Option("--room", help="Room in which it is said, as turns name it.")] = "",
    device_type: Annotated[str, typer.Option("--device-type", help="Kind of device that it is said to, as turns name it.")] = "",
    activity: Annotated[str, typer.Option("--activity", help="What the customer is doing, as turns name it.")] = "",
    local_time: Annotated[str, typer.Option("--local-time", help="Clock at the customer, such as 07:30.")] = "",
    states: Annotated[list[str] | None, typer.Option("--state", metavar="DEVICE=STATE", help="What is on; again for more.")] = None,
    cohort: Annotated[list[str] | None, typer.Option("--cohort", help="Cohort of the customer, as turns name it; again for more.")] = None,
    customer: Annotated[str, typer.Option("--customer", help="Who says it.")] = "try",
    mode: Annotated[Mode, typer.Option("--mode", help="Before the NLU, or after a refusal.")] = Mode.BEFORE,
    as_json: JsonOption = False,
) -> None:
    """Show what would be said for a customer: original, rewrite or why none, layer, evidence, time taken. Serves and logs nothing.

    Examples: `resay try "lights on in the den"`, `resay try "turn it up" --room kitchen`, `resay try "north" --prompt-kind area`,
    `resay try "turn it up" --state media_player.tv=on --local-time 20:15`, `resay try "…" --mode retry --json`
    """
    settings = read_settings(home=home)
    where = {"room": room, "device_type": device_type, "activity": activity}
    context = Context(**where, local_time=told_clock(local_time), device_states=told_states(states or ()))
    request = _request(utterance, context, prompt_kind=prompt_kind, customer=customer, mode=mode)
    request = _of_cohorts(request, cohort or ())
    explained, live = _explained(settings, request)
    considered = considered_in(live, request)
    if as_json:
        told = {"here": here_json(considered), "considered": considered_json(considered, request)}
        told["failing"] = failing_json(failing_in(live, request))
        print_json(_as_json(explained, mode) | told)
    else:
        _show(explained, settings)
        tell_here(considered)
        tell_failing(live, request)
        tell_considered(considered)


def explain(settings: Settings, request: RewriteRequest) -> Explanation:
    """What the live generation of a home makes of a request, and why; nothing is held out, served or written.

    Raises: NothingLearnt.
    """
    return _explained(settings, request)[0]


def _explained(settings: Settings, request: RewriteRequest) -> tuple[Explanation, Live]:
    """The same, with what the answer drew on.

    Raises: NothingLearnt.
    """
    # Opening the books would make them; where there are none there are no vetoes.
    books = Books(settings.books) if settings.has_books else None
    try:
        taught = taught_in(TeachingBooks(books, stamp=settings.home / STAMP_FILE)) if books else None
        personal = histories_in(books) if books else None
        vetoes = books.vetoes if books else list
        watch = Watch(Shelf(settings.rewrites), vetoes, personal=personal, taught=taught, encoder=shipped_encoder)
        live = watch.refresh()
        if live.generation is None:
            message = f"{live.problem} (home {settings.home})"
            raise NothingLearnt(message)
        rewriter = Rewriter(watch.live, hold_out=NO_HOLD_OUT)
        now = request.heard.at
        rewriter.explain(
            request, now=now, budget_s=PATIENT_BUDGET_S
        )  # The first call also pays for what Python has not touched yet; a service's customers do not.
        return rewriter.explain(request, now=now, budget_s=PATIENT_BUDGET_S), live
    finally:
        if books:
            books.close()


def openapi() -> None:
    """Print the OpenAPI description of the service.

    Example: `resay openapi > docs/api/openapi.json`
    """
    sys.stdout.write(openapi_json())


def openapi_json() -> str:
    """The file `docs/api/openapi.json`."""
    with TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), api_key=None, hash_key=None)
        document = create_app(service_settings(settings, "", names=LOOPBACK)).openapi()
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def service_settings(settings: Settings, key: str, *, names: Sequence[str]) -> ServiceSettings:
    """What a service over the home of these settings is started with."""
    return ServiceSettings(
        home=settings.home,
        lake=settings.lake,
        books=settings.books,
        rewrites=settings.rewrites,
        reports=settings.home / "reports",
        api_key=key,
        hash_key=settings.hash_key,
        names=tuple(names),
    )


def _announce(running: RunningService, settings: Settings, *, asked: int, as_json: bool) -> None:
    page, key_file = running.page_url(), settings.home / KEY_FILE
    if asked not in {0, running.port}:
        remarks.print(f"Port {asked} is in use; took {running.port}.", markup=False)
    if as_json:
        print_json({"url": running.url, "page": page, "port": running.port, "api_key_file": None if settings.api_key else str(key_file)})
        return
    key = "RESAY_API_KEY" if settings.api_key else str(key_file)
    console.print(
        f"[bold]Resay[/bold] answers at {escape(running.url)} — POST /v1/rewrite, POST /v1/turns; API key: {escape(key)}", soft_wrap=True
    )
    console.print(f"Page: [bold]{escape(page)}[/bold]", soft_wrap=True)
    if not ipaddress.ip_address(running.host).is_loopback:
        remarks.print("It can be reached from other machines, unencrypted: put TLS in front of it.", markup=False)
    problem = running.app.state.service.watch.live().problem
    if problem:
        remarks.print(f"Everything passes through for now: {problem}", markup=False, soft_wrap=True)
    remarks.print("Ctrl-C ends it.", markup=False)


def _request(utterance: str, context: Context, *, prompt_kind: str, customer: str, mode: Mode) -> RewriteRequest:
    prompt = Prompt(kind=prompt_kind) if prompt_kind else None
    heard = Heard(turn_id="try", customer_id=customer, at=datetime.now(UTC), utterance=utterance, prompt=prompt, context=context)
    return BeforeRequest(heard) if mode is Mode.BEFORE else RetryRequest(heard, (), ResponseStatus.UNSUPPORTED)


def _of_cohorts(request: RewriteRequest, cohorts: Sequence[str]) -> RewriteRequest:
    return replace(request, heard=replace(request.heard, cohorts=tuple(cohorts)))


def _as_json(explained: Explanation, mode: Mode) -> dict[str, object]:
    answer = explained.answer
    return {
        "original": answer.original,
        "rewrite": answer.utterance if answer.action is Action.REWRITE else None,
        "action": answer.action,
        "reason": answer.reason,
        "layer": answer.layer,
        "rewrite_id": answer.rewrite_id,
        "generation": answer.generation,
        "score": answer.score,
        "mode": mode,
        "candidates": [
            {
                "layer": each.layer,
                "source": each.rewrite.source,
                "prompt_kind": each.rewrite.prompt_kind,
                "room": each.rewrite.room,
                "device_type": each.rewrite.device_type,
                "target": each.rewrite.target,
                "reason": each.reason,
                "gain": each.gain,
                "risk": each.rewrite.risk,
                "success_as_said": each.rewrite.success_as_said,
                "success_as_rewritten": each.rewrite.success_as_rewritten,
                "support": each.rewrite.support,
                "times": each.rewrite.times,
                "evidence": each.rewrite.evidence,
            }
            for each in explained.weighed
        ],
        "latency_ms": answer.latency_ms,
        "parts_ms": dict(explained.parts_ms),
    }


def _show(explained: Explanation, settings: Settings) -> None:
    answer = explained.answer
    _line("said", f"“{answer.original}”")
    if answer.action is Action.REWRITE:
        _line("rewrite", f"“{answer.utterance}”", style="bold green")
    else:
        _line("rewrite", f"none: {reason_meaning(answer.reason)} ({answer.reason})")
    for weighed in explained.weighed:
        if weighed.layer is Layer.GLOBAL and weighed.reason is not Reason.REWRITTEN:
            continue  # Told with all that was considered.
        if weighed.reason is not Reason.REWRITTEN:
            _line(
                "considered",
                f"“{weighed.rewrite.target}”" + (f": {reason_meaning(weighed.reason)}" if weighed.reason is not answer.reason else ""),
            )
        where = f", {words}" if (words := place_words(weighed.rewrite.place)) else ""
        _line("layer", f"{weighed.layer}, generation {answer.generation}, rewrite {weighed.rewrite.rewrite_id}{where}")
        if weighed.layer is Layer.TAUGHT:
            continue  # The customer's word is all the evidence there is.
        _show_evidence(weighed.rewrite, settings, in_pairs=weighed.layer is not Layer.GLOBAL)
    parts = ", ".join(f"{name} {took_ms:.3f} ms" for name, took_ms in explained.parts_ms)
    _line("time", f"{answer.latency_ms:.3f} ms{f' ({parts})' if parts else ''}")


def _show_evidence(rewrite: Rewrite, settings: Settings, *, in_pairs: bool = True) -> None:
    """Who stands behind it; `in_pairs`: what was said first, and then in other words, where that is what its evidence is."""
    chances = f"succeeds {percent(rewrite.success_as_said, 0)} as said, {percent(rewrite.success_as_rewritten, 0)} as rewritten"
    _line("evidence", f"{plural(rewrite.support, 'customer')}, {plural(rewrite.times, 'time')}; {chances}")
    for dialogue in _dialogues(rewrite, settings) if in_pairs else ():
        first, then = dialogue.first, dialogue.then
        _line("", f"{first.at:%d %b}, customer {first.customer}: “{first.text}” ({first.status or 'no status'})")
        _line("", f"  then “{then.text}” ({then.status or 'no status'})")


def _dialogues(rewrite: Rewrite, settings: Settings) -> Sequence[Dialogue]:
    if not settings.lake.exists():
        return ()
    try:
        with Lake(settings.lake).connect() as connection:
            return dialogues_of(rewrite, connection, mask=masker(secrets.token_bytes(16)))
    except ResayError as error:
        remarks.print(f"The dialogues cannot be shown: {error}", markup=False, soft_wrap=True)
        return ()


def _line(name: str, text: str, *, style: str = "") -> None:
    console.print(f"[dim]{name:<11}[/dim]" + (f"[{style}]{escape(text)}[/{style}]" if style else escape(text)), soft_wrap=True)
