"""The command `bench context`: options, and the table for people (EVALUATION 10)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from resay.commands.bench.context import COLUMNS, Answered, Plan, rows_of, score_world
from resay.commands.bench.report import bench_report, print_report, show_report
from resay.commands.console import JsonOption, progress
from resay.commands.worlds import WorldOption
from resay.lab.assistant import Assistant
from resay.lab.world import VOICE_HOME, read_world

SEED = 113
"""The first seed of those that are reported, 113 to 115: 1 and 2 were chosen on, and nobody has looked at 116."""


def context(  # noqa: PLR0917 - the command line names its options
    world: WorldOption = VOICE_HOME,
    worlds: Annotated[int, typer.Option("--worlds", min=1, max=20, help="Worlds that are drawn, by this seed and those after it.")] = 3,
    customers: Annotated[int, typer.Option("--customers", min=20, max=5_000, help="Customers of each that are learnt from.")] = 400,
    days: Annotated[int, typer.Option("--days", min=8, max=60, help="Days of their talk.")] = 14,
    scored: Annotated[int, typer.Option("--scored", min=2, max=1_000, help="Other customers of each, who are scored.")] = 60,
    seed: Annotated[int, typer.Option("--seed", help="Chance of the first world and of the intervals.")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Score context: words that mean something else by room, device, activity, hour or what is on, and words that do not.

    In every world requests are planted whose meaning depends on one kind of circumstance, and others that mean the same everywhere; most
    are refused as said, some are taken for one of their meanings. The product learns from some customers' logs; others ask, and the same
    requests are answered with all of their context (`context`), with none (`no-context`) and without one kind (`without=room`).
    `context/room` is of requests that depend on the room, `/control` of those that depend on nothing, `/refused` of those that depend
    on something and are refused, `/silent` of those that are understood. `accuracy` is turns in which the assistant did what was wanted.
    Two minutes a world.

    Examples: `resay bench context` · `resay bench context --worlds 1 --json`
    """
    now = datetime.now(UTC)
    lab = read_world(world)
    assistant = Assistant(lab.home)
    plan = Plan(customers, days, scored, requests=20)
    answered: list[Answered] = []
    for number in range(worlds):
        shown = progress(f"World {number + 1} of {worlds}", unit="requests", shown=not as_json)
        with TemporaryDirectory(prefix="resay-bench-") as folder, shown as tick:
            answered += score_world(lab, assistant, plan, seed=seed + number, home=Path(folder), tick=tick)
    report = bench_report("context", list(rows_of(answered, rng=Random(seed))), seed=seed, now=now)
    print_report(report) if as_json else show_report(report, COLUMNS)
