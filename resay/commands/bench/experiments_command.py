"""The command `bench experiments`: is the arithmetic of experiments right, and how soon does it find what is there. EVALUATION 9."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from resay.commands.bench.experiments import QUESTIONS, answered, experiment_rows
from resay.commands.bench.experiments_rewrites import rewrite_rows
from resay.commands.bench.report import BenchRow, Shown, bench_report, print_report, show_report
from resay.commands.console import JsonOption, console, progress

SEED = 7

EXPERIMENTS = 1_000
"""Of each true effect, as EVALUATION 9 asks; at five in a hundred false alarms the upper bound is then 6.5."""

EXPERIMENTS_A_WORLD = 50
"""A world of eighty rewrites on trial takes about as long as so many experiments."""

COLUMNS = (
    Shown("false", "false_alarm"),
    Shown("95 %", "false_alarm", "range"),
    Shown("power", "power"),
    Shown("days", "days_to_detect"),
    Shown("ratio", "ratio"),
    Shown("80 % by", "days_to_detect_80"),
    Shown("ratio", "ratio_80"),
    Shown("covered", "coverage"),
)

REWRITE_COLUMNS = (
    Shown("promoted", "promoted"),
    Shown("taken back", "taken_back"),
    Shown("bad p50", "bad_exposures_p50"),
    Shown("p95", "bad_exposures_p95"),
    Shown("false among promoted", "false_share"),
)


def experiments(
    each: Annotated[int, typer.Option("--experiments", min=20, max=100_000, help="Made-up experiments of each effect.")] = EXPERIMENTS,
    seed: Annotated[int, typer.Option("--seed", help="The chance of all: the same seed gives the same figures.")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Score the arithmetic of experiments on made-up ones, each looked at on 28 days; takes about a minute of a core.

    Customers have their own rates of defects and their own amounts of talk, and count from the first turn for which a rewrite was ready.
    True effects: none (`A-A`), -13 % among 400 customers, -4 % among 3,000. `sequential` may be looked at daily; `fixed` is one look's
    interval, on the last day; `naive` is the same looked at daily; `+past` takes out what was so before. Days: the median until an effect
    is found, the day by which 80 % have found it, and for `fixed` the day on which one look finds it in 80 %; `ratio` is beside that.
    In the JSON `ratio_plain` is beside one look without the past.
    `sample-ratio`: sound experiments that are ever called void, and those of 3,000 in which a fifth of treatment's logs is lost.

    `rewrites`: eighty at once are tried on a share, promoted, taken back, each by its own evidence, for four weeks.

    Examples: `resay bench experiments` · `resay bench experiments --experiments 5000 --json`
    """
    now = datetime.now(UTC)
    rows: list[BenchRow] = []
    for question in QUESTIONS:
        with progress(f"Experiments {question.name}", unit="experiments", shown=not as_json) as tick:
            rows += experiment_rows(answered(question, each, seed=seed, tick=tick))
    with progress("Rewrites on trial", unit="worlds", shown=not as_json) as tick:
        many = rewrite_rows(max(each // EXPERIMENTS_A_WORLD, 2), seed=seed, tick=tick)
    report = bench_report("experiments", [*rows, *many], seed=seed, now=now)
    if as_json:
        print_report(report)
        return
    show_report(bench_report("experiments", rows, seed=seed, now=now), COLUMNS)
    console.print()
    show_report(bench_report("experiments", many, seed=seed, now=now), REWRITE_COLUMNS)
