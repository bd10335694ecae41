"""`resay demo`: the whole loop on the log that ships, from records to one page; what `make demo` runs.

Goes through the very functions of the other commands. Only the before/after scoring reads the truth.
"""

from __future__ import annotations

import json
import shutil
import threading
import urllib.request
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from ingest.landing import LandingReport
from rephrase.combined import CombinedDetector
from rephrase.detect import detect
from resay.commands.console import HomeOption, JsonOption, console, print_json, progress, remarks
from resay.commands.landing import land_files
from resay.commands.learn import Learnt, learn, print_rewrites
from resay.commands.serve import serve_in_background
from resay.commands.settings import Settings, read_settings
from resay.dialogue.errors import ResayError
from resay.experiment.before_after import BeforeAfter
from resay.lab.score import score
from resay.lab.shipped import LATER, LEARNING, SHIPPED, read_later
from resay.label.findings import Findings, findings
from resay.label.job import label
from resay.store.artifact import Shelf
from resay.store.lake import Lake
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.rewriter import Rewriter
from rewrite_online.watch import Watch
from serving.access import api_key
from serving.dashboard.report import REPORT_FILE
from serving.server import PORT, RunningService

SEED = 7
"""Of the intervals' resampling; nothing else is drawn."""

SHOWN = 10
"""Rewrites printed: `resay rules` and the page show all."""

ANSWER_S = 10
"""How long the service on this machine may take to answer: it takes milliseconds."""

_MARK = "made-by-resay-demo"


class NotOurs(ResayError):
    """The folder was not made by an earlier demo, so it is not emptied."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the demo found out."""

    landed: LandingReport
    learnt: Learnt
    findings: Findings
    """Of the weeks that were learnt from."""
    before_after: BeforeAfter
    """On the weeks after them."""


def register(app: typer.Typer) -> None:
    """Add `demo`."""
    app.command("demo", rich_help_panel="Start here")(demo_command)


def demo_command(
    once: Annotated[bool, typer.Option("--once", help="End after printing.")] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Port; the next free one is taken where it is in use.")] = PORT,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the whole loop on the log that ships, and show what it changes on the weeks after: one command, one page.

    Works in the folder `demo` of the home, made anew each time. With `--json` it prints one object and ends.

    Examples: `resay demo` · `resay demo --once` · `resay demo --port 9000` · `resay demo --json`
    """
    settings = _fresh(read_settings(home=home))
    shown = run_demo(settings, shown=not as_json)
    running = serve_in_background(settings, port=port)
    try:
        if as_json:
            print_json(_as_json(shown) | {"url": running.url})
            return
        _print(shown)
        _show_live(shown, settings, running)
        _point_to(running, settings, asked=port, once=once)
        while not once and running.answers():
            threading.Event().wait(0.5)
    except KeyboardInterrupt:
        remarks.print("Stopping: last answers, last decisions.", markup=False)
    finally:
        running.stop()


def run_demo(settings: Settings, *, shown: bool, log: Path = SHIPPED) -> Shown:
    """Land, learn, publish, score on later traffic, and land that too, so that the page shows both.

    Raises: what its parts raise.
    """
    lake = Lake(settings.lake)
    landed = land_files([log / LEARNING], lake, title="Reading the weeks to learn from", shown=shown)
    learnt = learn(settings, shown=shown)
    found = findings(lake)
    before_after = _score(settings, log, shown=shown)
    reports = Shelf(settings.home / "reports")
    reports.publish(reports.write({REPORT_FILE: json.dumps(asdict(before_after)).encode()}).number)
    landed += land_files([log / LATER], lake, title="Reading the weeks after", shown=shown)
    with progress("Linking and labelling all", unit="turns", shown=shown) as tick:
        detect(lake, CombinedDetector(), lambda done, total=None: tick(done // 2, total or landed.accepted))
        label(lake, lambda done, total=None: tick((landed.accepted + done) // 2, total or landed.accepted))
    return Shown(landed, learnt, found, before_after)


def _fresh(settings: Settings) -> Settings:
    """The demo's own home, emptied if an earlier demo made it.

    Raises: NotOurs.
    """
    home = settings.home / "demo"
    if home.exists():
        if not (home / _MARK).exists():
            message = f"folder {home} must be the demo's own; it holds something else; is --home right?"
            raise NotOurs(message)
        shutil.rmtree(home)
    try:
        home.mkdir(parents=True)
        (home / _MARK).touch()
    except OSError as error:
        message = f"folder {home} must be writable; {error}; is --home right, and is it yours?"
        raise NotOurs(message) from error
    return replace(settings, home=home)


def _score(settings: Settings, log: Path, *, shown: bool) -> BeforeAfter:
    watch = Watch(Shelf(settings.rewrites), list)
    watch.refresh()
    # Nothing is held out here: this asks what the table does, not what a running service measures.
    rewriter = Rewriter(watch.live, hold_out=NO_HOLD_OUT)
    later = read_later(log, now=datetime.now(UTC))
    with progress("Scoring the weeks after", unit="turns", shown=shown) as tick:
        return score(lambda request: rewriter.rewrite(request, now=request.heard.at), later, seed=SEED, tick=tick)


def _print(shown: Shown) -> None:
    found, after = shown.findings, shown.before_after
    console.print()
    console.print("[bold]What was learnt from[/bold]")
    console.print(
        f"  {found.turns:,} turns of {found.customers:,} customers; {found.defects:,} failed them, by the labels; "
        f"{found.rephrased:,} had to be said again"
    )
    console.print()
    print_rewrites(f"{len(shown.learnt.rewrites):,} rewrites published, each proven; the most used", shown.learnt.rewrites, most=SHOWN)
    console.print()
    console.print("[bold]The weeks after, replayed with and without[/bold] (no recording of theirs was learnt from; truth known)")
    console.print(f"  {after.turns:,} turns: {after.defects_before:,} defective before, {after.defects_after:,} after — {_change(after)}")
    console.print(
        f"  {after.triggers:,} turns rewritten: {after.wins:,} made right, {after.losses:,} made wrong "
        f"(of which {after.wrong_actions_caused:,} wrong actions), {after.neutral:,} neither"
    )
    console.print(f"  harm: {_share(after.harm)} of the turns that were right")


def _change(after: BeforeAfter) -> str:
    if after.defect_reduction is None:
        return "no defects to reduce"
    interval = (
        f", 95 % interval {-(after.defect_reduction_hi or 0):+.1%} to {-(after.defect_reduction_lo or 0):+.1%}"
        if after.defect_reduction_lo is not None
        else ""
    )
    return f"{-after.defect_reduction:+.1%} defects{interval}"


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2%}"


def _show_live(shown: Shown, settings: Settings, running: RunningService) -> None:
    """One request to the running service, as an assistant would send it."""
    if not shown.learnt.rewrites:
        return
    said = max(shown.learnt.rewrites, key=lambda each: (each.times, each.source)).source
    answer = _ask(said, settings, running)
    took = f"{answer['latency_ms']:.2f} ms, {answer['layer']} layer, generation {answer['generation']}"
    console.print(f"\n  Asked over HTTP: “{said}” → “{answer['utterance']}” ({answer['reason']}, {took})", markup=False, soft_wrap=True)
    console.print(f'  Try another:     .venv/bin/resay try "{said}" --home {settings.home}', markup=False, soft_wrap=True)


def _ask(said: str, settings: Settings, running: RunningService) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    body = {"mode": "before", "turn_id": "demo", "customer_id": "demo", "at": now, "utterance": said}
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {api_key(settings.home, given=settings.api_key)}"}
    request = urllib.request.Request(f"{running.url}/v1/rewrite", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=ANSWER_S) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def _point_to(running: RunningService, settings: Settings, *, asked: int, once: bool) -> None:
    if asked not in {0, running.port}:
        remarks.print(f"Port {asked} is in use; took {running.port}.", markup=False)
    page = f".venv/bin/resay serve --home {settings.home}" if once else running.page_url()
    console.print(f"  All on one page: [bold]{escape(page)}[/bold]", soft_wrap=True)
    if once:
        return
    remarks.print("Ctrl-C ends it.", markup=False)


def _as_json(shown: Shown) -> dict[str, object]:
    return {
        "turns": shown.findings.turns,
        "customers": shown.findings.customers,
        "defects": shown.findings.defects,
        "rephrased": shown.findings.rephrased,
        "generation": shown.learnt.generation,
        "rewrites": [asdict(each) for each in shown.learnt.rewrites],
        "before_after": asdict(shown.before_after),
    }
