"""The command `bench mine`: how good the miner is, and how quick (EVALUATION 4). Knows the parts and how they are shown; each is a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from resay.commands.bench.mine_home import STEPS, HomePlan, home_rows
from resay.commands.bench.mine_learners import LEARNERS
from resay.commands.bench.mine_parity import PASSES, parity_rows
from resay.commands.bench.mine_quality import quality_rows
from resay.commands.bench.mine_recovery import recovery_rows
from resay.commands.bench.mine_scale import SIZES, Beside, beside_rows, scale_rows
from resay.commands.bench.report import BenchReport, BenchRow, Shown, bench_report, print_report, show_report
from resay.commands.console import JsonOption, console, progress
from resay.commands.engines import JarsOption
from resay.commands.settings import read_settings
from resay.dialogue.tick import Tick
from resay.lab.world import VOICE_HOME, read_world

SEED = 7

WORLDS = 3
"""Made-up worlds that all learners live through: half a minute of a core each."""

WISHES_EACH = 4
"""Wishes of each of the six kinds, in each of these worlds."""

LEARN_EVERY = 4
"""Nights: a quarter of the work of every night, and a change is still met within four."""


class Part(StrEnum):
    """What can be scored."""

    RECOVERY = "recovery"
    PARITY = "parity"
    QUALITY = "quality"
    SCALE = "scale"
    BESIDE = "beside"


USUAL = (Part.RECOVERY, Part.PARITY, Part.QUALITY)
"""What is run where nothing is asked for: a minute or two each. Scale takes its time, and the machine for itself."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the parts are run with."""

    seed: int
    worlds: int
    wishes: int
    learn_every: int
    jars: Path | None
    turns: Sequence[int]
    """Sizes of made-up talk."""


COLUMNS: Mapping[Part, Sequence[Shown]] = {
    Part.RECOVERY: (
        Shown("success ±", "success_error"),
        Shown("worst", "success_error_worst"),
        Shown("exits ±", "exit_error"),
        Shown("worst", "exit_error_worst"),
        Shown("covered", "coverage"),
        Shown("95 %", "coverage", "range"),
    ),
    Part.PARITY: (
        Shown("logs", "logs"),
        Shown("rewrites", "rewrites"),
        Shown("declined", "declined"),
        Shown("differences", "differences"),
    ),
    Part.QUALITY: (
        Shown("PR-AUC", "auc_pr_unserved"),
        Shown("95 %", "auc_pr_unserved", "range"),
        Shown("right", "precision_unserved"),
        Shown("served", "auc_pr"),
        Shown("95 %", "auc_pr", "range"),
        Shown("failing", "defect_rate_after"),
        Shown("ratio", "ratio"),
    ),
    Part.SCALE: (
        Shown("seconds", "seconds"),
        Shown("turns/s", "turns_a_second"),
        Shown("peak GB", "peak_gb"),
        Shown("rewrites", "rewrites"),
    ),
    Part.BESIDE: (Shown("seconds", "seconds"), Shown("min … max", "seconds", "range"), Shown("ratio", "ratio")),
}


def mine(  # noqa: PLR0917 - the command line names its options
    part: Annotated[
        list[Part] | None, typer.Option("--part", help="What to score; again for more.", show_default="the first three")
    ] = None,
    worlds: Annotated[int, typer.Option("--worlds", min=1, max=50, help="Made-up worlds that learners live through.")] = WORLDS,
    each: Annotated[int, typer.Option("--wishes", min=1, max=60, help="Wishes of each of six kinds in them.")] = WISHES_EACH,
    learn_every: Annotated[int, typer.Option("--learn-every", min=1, max=28, help="Nights from one learning to the next.")] = LEARN_EVERY,
    turns: Annotated[
        list[int] | None,
        typer.Option("--turns", min=1_000, help="Turns of made-up talk, for scale; again for more.", show_default="1, 10, 100 million"),
    ] = None,
    jars: JarsOption = None,
    seed: Annotated[int, typer.Option("--seed", help="The chance of all: the same seed gives the same figures.")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Score the miner, part by part; all that is not scale takes some minutes of a core.

    `recovery`: talk is drawn from random chains, and mined by the product's steps: errors of B = N R and of the worst of the exit
    probabilities, and how often the credible interval of success as said holds the true one, by how often states were met. Links are
    `certain`, or `doubted` by a detector that is right as often as it says; `plain` is without corroboration by other customers.

    `parity`: random logs are mined by DuckDB and by Spark, and what differs is counted; where Spark or its jars (`make spark`) are missing
    the row says so.

    `quality`: average precision of proposed rewrites against the truth, beside baselines that only count. PR-AUC ranks all that a learner
    knows after four weeks in which nothing was rewritten; `served` is of what is live after four weeks of its own rewrites (in made-up
    worlds the mean of the last seven nights); `failing` are first tries that fail in that week, in truth. Only `self-aware` tells its own
    rewrites from what customers said; to `apart` they are left out. Rows of the `home` that ships are judged on recordings that nobody
    learnt from, by what the real NLU does; `right` is the share of proposals that are. Intervals are over wishes, texts and customers.

    `scale`: made-up talk with a heavy tail is kept day by day and mined; seconds of the stages `facts` (labels to what the lake keeps, once
    a turn), `steps` and `chain` (each night, from all that is kept), and the peak of memory. A hundred million turns take some minutes and
    15 GB of disk. `beside`: the mining of ten million (`--turns` for fewer) by DuckDB and by Spark in turn.

    Examples: `resay bench mine` · `resay bench mine --part quality --worlds 1 --learn-every 1 --json` ·
    `resay bench mine --part parity --spark-jars .spark/jars` · `resay bench mine --part scale --turns 1000000`
    """
    asked = Asked(seed, worlds, each, learn_every, jars, turns or SIZES)
    rows: dict[Part, list[BenchRow]] = {}
    for one in dict.fromkeys(part or USUAL):
        with progress(one.capitalize(), unit="steps", shown=not as_json) as tick:
            rows[one] = list(PARTS[one](asked, tick))
    report = bench_report("mine", [row for found in rows.values() for row in found], seed=seed, now=datetime.now(UTC))
    print_report(report) if as_json else _show(report, rows)


def _show(report: BenchReport, rows: Mapping[Part, list[BenchRow]]) -> None:
    """A table for each part; what was not run says so below."""
    for part, found in rows.items():
        show_report(replace(report, rows=tuple(found)), COLUMNS[part])
        for row in found:
            if row.value is None and row.unit.startswith("not run"):
                console.print(f"{row.row}: {row.unit}", markup=False, soft_wrap=True)


def _recovery(asked: Asked, tick: Tick) -> Iterator[BenchRow]:
    return recovery_rows(seed=asked.seed, tick=tick)


def _parity(asked: Asked, tick: Tick) -> Iterator[BenchRow]:
    return parity_rows(passes=PASSES, jars=asked.jars, seed=asked.seed, tick=tick)


def _quality(asked: Asked, tick: Tick) -> Iterator[BenchRow]:
    seeds = range(asked.seed, asked.seed + asked.worlds)
    steps = len(LEARNERS) + STEPS
    made = quality_rows(each=asked.wishes, learn_every=asked.learn_every, seeds=seeds, tick=lambda done, _=None: tick(done, steps))
    plan, shelf = HomePlan(asked.seed), read_settings().lab
    home = home_rows(read_world(VOICE_HOME), plan, shelf=shelf, tick=lambda done, _=None: tick(len(LEARNERS) + done, steps))
    return chain(made, home)


def _scale(asked: Asked, tick: Tick) -> Iterator[BenchRow]:
    return scale_rows(asked.turns, seed=asked.seed, tick=tick)


def _beside(asked: Asked, tick: Tick) -> Iterator[BenchRow]:
    return beside_rows(Beside(min(Beside().turns, max(asked.turns))), jars=asked.jars, seed=asked.seed, tick=tick)


PARTS: Mapping[Part, Callable[[Asked, Tick], Iterator[BenchRow]]] = {
    Part.RECOVERY: _recovery,
    Part.PARITY: _parity,
    Part.QUALITY: _quality,
    Part.SCALE: _scale,
    Part.BESIDE: _beside,
}
"""What each part is run by."""
