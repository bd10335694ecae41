"""The command `bench forget`: how long it takes to forget a customer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from resay.commands.bench.forget import TURNS_OF_ONE, forget_rows
from resay.commands.bench.long_table import show_long
from resay.commands.bench.report import bench_report, print_report
from resay.commands.console import JsonOption, progress

SEED = 7

TURNS = 1_000_000


def forget(
    turns: Annotated[int, typer.Option("--turns", min=TURNS_OF_ONE, max=100_000_000, help="Turns in the lake.")] = TURNS,
    seed: Annotated[int, typer.Option("--seed", help="The talk.")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Time how long a customer with 10,000 turns takes to be forgotten, step by step; they spoke on every day, and are in every file.

    The talk is made up, thirty days of it, with labels, what the miner keeps, a table of rewrites and decisions; making it is not timed.
    A million turns take a minute and a gigabyte of disk for a while, ten million ten times as much.

    Examples: `resay bench forget` · `resay bench forget --turns 10000000 --json`
    """
    with progress("Making talk", unit="days", shown=not as_json) as tick:
        rows = list(forget_rows(turns, seed=seed, tick=tick))
    report = bench_report("forget", rows, seed=seed, now=datetime.now(UTC))
    if as_json:
        print_report(report)
        return
    show_long(report)
