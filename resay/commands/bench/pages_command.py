"""The command `bench pages`: how long each page takes over a long log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from resay.commands.bench.long_table import show_long
from resay.commands.bench.pages import page_rows
from resay.commands.bench.report import bench_report, print_report
from resay.commands.console import JsonOption, progress

SEED = 7

TURNS = 1_000_000


def pages(
    turns: Annotated[
        int, typer.Option("--turns", min=10_000, max=100_000_000, help="Turns in the lake, and answers in the books.")
    ] = TURNS,
    seed: Annotated[int, typer.Option("--seed", help="The talk.")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Time every page over a long log: asked for the first time, again when what is shown is made anew, and between.

    Thirty days of made-up talk with labels, failure points, cohorts, a table of rewrites, and an experiment that everybody is in; a server
    in this process, asked over HTTP. `sums/whole` is what sums up the lake for the pages from nothing, `sums/one-more-day` what it takes
    when a day has come. A million turns take two minutes and a gigabyte of disk for a while.

    Examples: `resay bench pages` · `resay bench pages --turns 100000 --json`
    """
    with progress("Making talk", unit="days", shown=not as_json) as tick:
        rows = list(page_rows(turns, seed=seed, tick=tick))
    report = bench_report("pages", rows, seed=seed, now=datetime.now(UTC))
    if as_json:
        print_report(report)
        return
    show_long(report)
