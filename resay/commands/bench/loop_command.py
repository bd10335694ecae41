"""The command `bench loop`: the closed loop, and what it printed for people."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from resay.commands.bench.brokers import check_broker
from resay.commands.bench.loop import COLUMNS, loop_rows, speed_rows
from resay.commands.bench.loop_http import HTTP
from resay.commands.bench.loop_http_rows import http_rows
from resay.commands.bench.loop_learnt import HOURS
from resay.commands.bench.loop_report import loop_html
from resay.commands.bench.loop_runs import LoopBench, Run, Runs, claim_run
from resay.commands.bench.report import BenchReport, BenchRow, bench_report, print_report, show_report
from resay.commands.bench.scenarios import Planted, Scenario, play_scenarios, scenario_rows, tell_verdicts
from resay.commands.console import JsonOption, console, progress, remarks
from resay.commands.detectors import DEFAULT, DetectorOption, ModelOption, asked_detector, detector_of, name_of
from resay.commands.learning import CUSTOMERS_MIN
from resay.commands.pages import check_page, write_page
from resay.commands.settings import read_settings
from resay.commands.worlds import WorldOption
from resay.lab.adviser import Mode
from resay.lab.cast import NoSuchFamily, families, of_cohorts
from resay.lab.world import VOICE_HOME, World, read_world
from rewrite_online.explore import Exploration

SEED = 7
CUSTOMERS = 1_000
LEARNING_DAYS = 28
SCORED_DAYS = 14
TREATMENT_SHARE = 0.5

_SHOWN = ("main/", "oracle-table", "stress", "leave-out=", "week=", HTTP)
"""Rows for people; cohorts and layers are in the JSON."""


RunOption = Annotated[
    Path | None, typer.Option("--run", metavar="DIR", help="Keep how far it is, and go on from there [default: nothing is kept].")
]

WireOption = Annotated[
    str,
    typer.Option(
        "--wire",
        metavar="kafka://HOST:PORT|http",
        help="Over a broker and HTTP; or `http`: as an experiment on a running service. If it is stopped, its loop begins anew.",
    ),
]

RollBackOption = Annotated[
    bool,
    typer.Option(
        "--roll-back/--no-roll-back",
        help="Whether a rewrite that fails in the scored weeks, as labels see it, is left unsaid, as `resay serve` does.",
    ),
]


def loop(  # noqa: PLR0917 - the command line names its options
    folder: WorldOption = VOICE_HOME,
    customers: Annotated[int, typer.Option("--customers", min=4, max=1_000_000, help="Customers on the first day.")] = CUSTOMERS,
    days: Annotated[int, typer.Option("--days", min=1, max=3_650, help="Days to learn from.")] = LEARNING_DAYS,
    scored_days: Annotated[int, typer.Option("--scored-days", min=1, max=3_650, help="Days to score, after those.")] = SCORED_DAYS,
    mode: Annotated[list[Mode] | None, typer.Option("--mode", help="When we are asked; again for both.")] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option("--leave-out", metavar="FAMILY", help="Voice family of new-voice; again for more [default: each].")
    ] = None,
    same_voice: Annotated[bool, typer.Option("--same-voice/--no-same-voice", help="Whether known voices are scored too.")] = True,
    cohorts: Annotated[
        list[str] | None,
        typer.Option("--cohorts", metavar="NAME", help="Let voices of this cohort alone talk; again for more [default: all]."),
    ] = None,
    arms: Annotated[float, typer.Option("--arms", min=0.01, max=0.99, help="Share of customers in the treatment arm.")] = TREATMENT_SHARE,
    learn_every: Annotated[int, typer.Option("--learn-every", min=1, help="Learn every so many nights.")] = 1,
    continuous: Annotated[
        int | None,
        typer.Option(
            "--continuous",
            metavar="MINUTES",
            min=1,
            help="Learn every so many minutes while people talk; if it is stopped, its loop begins anew.",
        ),
    ] = None,
    wire: WireOption = "",
    k: Annotated[int, typer.Option("--k", min=2, help="Customers behind every rewrite, ours and the reference's.")] = CUSTOMERS_MIN,
    run: RunOption = None,
    explore: Annotated[float, typer.Option("--explore", help="Share of near misses that are said all the same, to learn.")] = 0.0,
    roll_back: RollBackOption = True,
    detector: DetectorOption = DEFAULT,
    model: ModelOption = None,
    scenario: Annotated[list[Scenario] | None, typer.Option("--scenario", help="Play a planted case; again for more.")] = None,
    page: Annotated[Path | None, typer.Option("--report", metavar="FILE", help="Write a page with plots.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="The chance of all: the same seed gives the same talk.")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Run the closed loop in a world whose truth is known: learn from the log each night, then score on talk that was not learnt from.

    `main/new-voice` is the row that counts: each voice family in turn is left out of learning and scored alone, and the loops are pooled.
    `main/same-voice` scores known voices on other recordings. `oracle-table` is an exact table that was told the truth, on the same
    wishes. Reductions are of the same customers with and without; rows of weeks compare the arms. Links are of --detector, which the report
    names; a run that is kept goes on with its own alone. Needs the extra `demo`.

    In the scored weeks nothing is learnt, and what fails is rolled back as `resay serve` does it: each night the same referees judge by
    the labels of the talk so far. Rows `…/kept-on` are the same wishes without that. Over a wire nothing is rolled back.

    With --scenario planted cases are played instead of the loops, or beside them where a page is asked for. With --run loops and verdicts
    are kept as they are done, and a loop that was stopped goes on behind its last day; one with --continuous or --wire begins anew, as it
    answered from what it knew in the middle of a day, or from a topic that is gone.

    With --wire http known voices alone talk to a service in a process of its own: it serves everybody while it learns, and then an
    experiment is started over its API. Rows `http` have what is true of the turns that it counts, and what its report, HTTP and page say.

    Examples: `resay bench loop` · `resay bench loop --customers 300 --days 14 --learn-every 7 --leave-out slt --json` ·
    `resay bench loop --no-roll-back --leave-out slt` · `resay bench loop --world ~/my-world --mode before --mode retry --run loops` ·
    `resay bench loop --detector span --model DIR` ·
    `resay bench loop --scenario all --customers 400` · `resay bench loop --run loops --scenario aa --report loop.html` ·
    `resay bench loop --customers 100 --no-same-voice --leave-out slt --learn-every 14 --wire kafka://localhost:9092` ·
    `resay bench loop --wire http --customers 200 --days 14 --learn-every 7`
    """
    now = datetime.now(UTC)
    world = of_cohorts(read_world(folder), cohorts) if cohorts else read_world(folder)
    bench = LoopBench(
        seed=seed,
        customers=customers,
        learning_days=days,
        scored_days=scored_days,
        treatment_share=arms,
        learn_every_days=learn_every,
        k=k,
        modes=tuple(dict.fromkeys(mode or [Mode.BEFORE])),
        families=_families(world, leave_out),
        same_voice=same_voice,
        slice_minutes=continuous,
        wire=wire,
        cohorts=tuple(sorted(set(cohorts or ()))),
        links=asked_detector(detector, model),
        explore=Exploration(low=explore).low,
        roll_back=roll_back and not wire,
    )
    _check_places(bench, page)
    shelf = read_settings().lab
    done, rows = Done(), list[BenchRow]()
    with _place(run) as place:
        claim_run(place, bench, world, world_name=(named := _fingerprint(folder)))
        if page or not scenario:
            done, rows = _run_all(Runs(bench, world, place, world_name=named, shelf=shelf), bench, shown=not as_json)
    verdicts = play_scenarios(scenario or [], Planted(world, customers, k, seed, shelf, run, bench.links), shown=not as_json)
    report = bench_report("loop", [*rows, *scenario_rows(verdicts)], seed=seed, now=now, detector=name_of(detector_of(bench.links)))
    if page:
        write_page(page, loop_html(report, verdicts), option="--report")
    tell_verdicts(verdicts, aside=as_json)
    print_report(report) if as_json else _tell(report, done)


def _check_places(bench: LoopBench, page: Path | None) -> None:
    """Before hours are spent: brokers answer, and a page can be written."""
    if bench.wire and not bench.over_http:
        check_broker(bench.wire)
    if page and bench.over_http:
        message = "--report must go with loops in process or over a broker; --wire http has pages of its own; is one of both meant?"
        raise typer.BadParameter(message)
    if page:
        check_page(page, option="--report")


Done = dict[Mode, dict[str, Run]]
"""Loops that are done, by mode and name."""


def _run_all(runs: Runs, bench: LoopBench, *, shown: bool) -> tuple[Done, list[BenchRow]]:
    """All loops, and their figures."""
    done: Done = {}
    if bench.over_http:
        return done, [row for mode in bench.modes for row in _run_over_http(runs, bench, mode, shown=shown)]
    for mode in bench.modes:
        done[mode] = {}
        for number, name in enumerate(bench.names, start=1):
            with progress(f"{name}, {mode} ({number} of {len(bench.names)})", unit="days", shown=shown) as tick:
                done[mode][name] = runs.run(name, mode, tick=tick)
    rows = [row for mode, named in done.items() for row in loop_rows(named, mode, seed=bench.seed)]
    return done, [*rows, *speed_rows([each for named in done.values() for each in named.values()], runs.speed())]


def _run_over_http(runs: Runs, bench: LoopBench, mode: Mode, *, shown: bool) -> list[BenchRow]:
    with progress(f"over HTTP, {mode}", unit="days", shown=shown) as tick:
        lived = runs.run_over_http(mode, tick=tick)
    return list(http_rows(lived, "" if mode is Mode.BEFORE else f"/{mode}", seed=bench.seed))


def _families(world: World, asked: Sequence[str] | None) -> tuple[str, ...]:
    """The families to leave out: those asked for, or each; none where the world has but one.

    Raises: NoSuchFamily.
    """
    known = families(world)
    unknown = [each for each in asked or () if each not in known]
    if unknown:
        message = f"--leave-out must name a family of well-served voices; got {', '.join(unknown)}; is one of {', '.join(known)} meant?"
        raise NoSuchFamily(message)
    return tuple(dict.fromkeys(asked or (known if len(known) > 1 else ())))


@contextmanager
def _place(run: Path | None) -> Iterator[Path]:
    if run is not None:
        yield run
        return
    with TemporaryDirectory(prefix="resay-bench-") as folder:
        yield Path(folder)


def _fingerprint(folder: Path) -> str:
    """Of a world's files: a run is only gone on with in the very world that it was begun in."""
    whole = hashlib.blake2b(digest_size=16)
    for path in sorted(each for each in folder.iterdir() if each.is_file()):
        whole.update(path.name.encode() + hashlib.blake2b(path.read_bytes()).digest())
    return whole.hexdigest()


def _tell(report: BenchReport, done: Done) -> None:
    """The table for people, and what it does not show in sentences."""
    if not report.rows:
        return
    show_report(replace(report, rows=tuple(each for each in report.rows if each.row.startswith(_SHOWN))), COLUMNS)
    for row in report.rows:
        if row.metric in _SAID and row.value is not None:
            interval = f" ({row.lo:+z.1%} … {row.hi:+z.1%})" if row.lo is not None and row.hi is not None else ""
            console.print(f"{row.row}: {_SAID[row.metric]} {row.value:+z.1%}{interval}", markup=False, soft_wrap=True)
        if row.metric == HOURS and row.value is not None and row.row.startswith("main/"):
            console.print(
                f"{row.row}: {row.value:,.0f} hours from evidence to the first who is served, of {row.n:,}", markup=False, soft_wrap=True
            )
        if row.metric in _COUNTED:
            console.print(f"{row.row}: {row.value:,.0f} {_COUNTED[row.metric]}, of {row.n:,}", markup=False, soft_wrap=True)
    for mode, runs in done.items():
        for name, each in runs.items():
            learnt = f"{each.rewrites:,} rewrites learnt, {each.outcome.oracle_rewrites:,} of the reference"
            if each.rewrites:
                learnt += f", {each.supported / each.rewrites:.0%} by ten customers or more"
            console.print(
                f"{name}, {mode}: {learnt}; {each.seconds:,.0f} s; log {each.log_digest or 'in parts'}", markup=False, soft_wrap=True
            )
    remark = (
        "Intervals are over customers, of one look each; bound: the lower bound of wins over losses, to be called met from 100 pairs on."
    )
    remarks.print(remark, markup=False, soft_wrap=True)


_SAID = {
    "reported_reduction": "fewer defects as the experiment reports it",
    "minus_oracle": "reduction less that of the oracle table",
    "measured_minus_true": "as labels see it less what is true",
}

_COUNTED = {
    "misdrawn": "answers in another arm than the salted hash draws",
    "report_differences": "figures that command line, HTTP, page and lab do not tell alike",
}
