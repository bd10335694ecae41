"""`resay demo`: an A/B experiment in the world that ships, from customers who talk to one page; what `make demo` runs.

The loop of `resay bench loop` at a small size, through the product's own functions, in a home that is left for whoever looks. Only the
result reads the truth.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
import urllib.request
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from resay.commands.bench.loop_system import ProductSystem
from resay.commands.collector import kept_from_the_collector
from resay.commands.console import HomeOption, JsonOption, console, print_json, progress, remarks
from resay.commands.demo_telling import tell_result
from resay.commands.learn import print_rewrites
from resay.commands.serve import serve_in_background
from resay.commands.settings import Settings, read_settings
from resay.commands.worlds import WorldOption
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Heard, Rewrite
from resay.experiment.result import ExperimentResult
from resay.lab.assistant import Assistant
from resay.lab.cast import Casting
from resay.lab.loop import LoopPlan, Parts, run_loop
from resay.lab.outcome import experiment_result
from resay.lab.world import VOICE_HOME, World, read_world
from resay.label.findings import Findings, findings
from resay.store.artifact import Shelf
from resay.store.lake import Lake
from rewrite_online.hold_out import USUAL_HOLD_OUT
from serving.access import api_key
from serving.dashboard.report import REPORT_FILE
from serving.dashboard.words import plural
from serving.server import PORT, RunningService

SEED = 7

CUSTOMERS = 1_200
"""On the first day: with fewer, hardly a wording that fails is said by ten customers in two weeks."""

LEARNING_DAYS = 14
SCORED_DAYS = 7
LEARN_EVERY_DAYS = 7

SHOWN = 10
"""Rewrites printed: `resay rules` and the page show all."""

ANSWER_S = 10
"""How long the service on this machine may take to answer: it takes milliseconds."""

_MARK = "made-by-resay-demo"


class NotOurs(ResayError):
    """The folder was not made by an earlier demo, so it is not emptied."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Which experiment is run."""

    customers: int
    learning_days: int
    scored_days: int
    seed: int

    @property
    def plan(self) -> LoopPlan:
        """As the lab runs it."""
        casting = Casting(self.seed, self.customers, self.learning_days + self.scored_days)
        return LoopPlan(casting, self.learning_days, learn_every_days=LEARN_EVERY_DAYS)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the demo found out."""

    trial: Trial
    rewrites: Sequence[Rewrite]
    generation: int | None
    findings: Findings
    """Of all that was logged."""
    result: ExperimentResult
    seconds: float


def register(app: typer.Typer) -> None:
    """Add `demo`."""
    app.command("demo", rich_help_panel="Start here")(demo_command)


def demo_command(  # noqa: PLR0917 - an option is a parameter
    once: Annotated[bool, typer.Option("--once", help="End after printing.")] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Port; the next free one is taken where it is in use.")] = PORT,
    world: WorldOption = VOICE_HOME,
    customers: Annotated[int, typer.Option("--customers", min=4, max=1_000_000, help="Customers on the first day.")] = CUSTOMERS,
    days: Annotated[int, typer.Option("--days", min=1, max=3_650, help="Days to learn from.")] = LEARNING_DAYS,
    scored_days: Annotated[int, typer.Option("--scored-days", min=1, max=3_650, help="Days to score, after those.")] = SCORED_DAYS,
    seed: Annotated[int, typer.Option("--seed", help="The chance of all: the same seed gives the same figures.")] = SEED,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run an A/B experiment in a home whose truth is known: customers talk, we learn from the log, and half of them are helped.

    Customers are simulated, the recogniser's mistakes and the assistant's understanding are real. Every arm, interval, win and loss is
    printed, beside a table that was told the truth; then one page shows the same home, live. Needs the extra `demo`.

    Works in the folder `demo` of the home, made anew each time. With `--json` it prints one object and ends.

    Examples: `resay demo` · `resay demo --once` · `resay demo --port 9000` · `resay demo --customers 3000 --scored-days 14 --json`
    """
    outer = read_settings(home=home)
    lived = read_world(world)
    # What the assistant understands outlives the demo, so that a second one is quicker; and nothing is emptied before all is there.
    assistant = Assistant(lived.home, shelf=outer.lab)
    settings = _fresh(outer)
    shown = run_demo(settings, Trial(customers, days, scored_days, seed), world=lived, assistant=assistant, shown=not as_json)
    running = serve_in_background(settings, port=port)
    try:
        if as_json:
            print_json(_as_json(shown) | {"url": running.url})
            return
        _print(shown, settings)
        _show_live(shown, settings, running)
        _point_to(running, settings, asked=port, once=once)
        while not once and running.answers():
            threading.Event().wait(0.5)
    except KeyboardInterrupt:
        remarks.print("Stopping: last answers, last decisions.", markup=False)
    finally:
        running.stop()


def run_demo(settings: Settings, trial: Trial, *, world: World, assistant: Assistant, shown: bool) -> Shown:
    """Live through the weeks, learning as the product does, and put the result where the page finds it.

    Raises: what its parts raise.
    """
    began = time.monotonic()
    with closing(ProductSystem(settings)) as system, kept_from_the_collector():
        with progress("Talk, mistakes, and what is learnt of them", unit="days", shown=shown) as tick:
            outcome = run_loop(world, trial.plan, Parts(system, assistant, time.process_time), tick=tick)
        rewrites = system.rewrites()
    result = experiment_result(outcome, seed=trial.seed)
    reports = Shelf(settings.home / "reports")
    reports.publish(reports.write({REPORT_FILE: json.dumps(asdict(result)).encode()}).number)
    live = Shelf(settings.rewrites).current()
    found = findings(Lake(settings.lake))
    return Shown(trial, rewrites, live.number if live else None, found, result, time.monotonic() - began)


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


def _print(shown: Shown, settings: Settings) -> None:
    found, trial = shown.findings, shown.trial
    console.print()
    console.print(f"[bold]What was logged[/bold] in {trial.learning_days + trial.scored_days} days")
    console.print(
        f"  {found.turns:,} turns of {found.customers:,} customers; {found.defects:,} failed them, by the labels; "
        f"{found.rephrased:,} had to be said again"
    )
    console.print()
    published = f"{plural(len(shown.rewrites), 'rewrite')} published, each proven; the most used"
    print_rewrites(published, shown.rewrites, most=SHOWN, all_by=f".venv/bin/resay rules --home {settings.home}")
    console.print()
    tell_result(shown.result, learning_days=trial.learning_days)


def _show_live(shown: Shown, settings: Settings, running: RunningService) -> None:
    """One request to the running service, as an assistant would send it."""
    if not shown.rewrites:
        return
    said = max(shown.rewrites, key=lambda each: (each.times, each.source)).source
    answer = _ask(said, settings, running)
    took = f"{answer['latency_ms']:.2f} ms, {answer['layer']} layer, generation {answer['generation']}"
    console.print(f"\n  Asked over HTTP: “{said}” → “{answer['utterance']}” ({answer['reason']}, {took})", markup=False, soft_wrap=True)
    console.print(f'  Try another:     .venv/bin/resay try "{said}" --home {settings.home}', markup=False, soft_wrap=True)


def _ask(said: str, settings: Settings, running: RunningService) -> dict[str, Any]:
    now = datetime.now(UTC)
    # A few are held out today and would be shown nothing; the demo asks for somebody else.
    customers = (f"demo-{number}" for number in range(1_000))
    customer = next(each for each in customers if not USUAL_HOLD_OUT.keeps(Heard("demo", each, now, said)))
    at = now.isoformat(timespec="milliseconds")
    body = {"mode": "before", "turn_id": "demo", "customer_id": customer, "at": at, "utterance": said}
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
        "generation": shown.generation,
        "rewrites": [asdict(each) for each in shown.rewrites],
        "experiment": asdict(shown.result),
        "seed": shown.trial.seed,
        "seconds": round(shown.seconds, 1),
    }
