"""The command `bench mine`: how good the miner's tables are (EVALUATION 4); so far after weeks of learning from their own rewrites."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from resay.commands.bench.mine_quality import quality_rows
from resay.commands.bench.report import Shown, bench_report, print_report, show_report
from resay.commands.console import JsonOption, progress

SEED = 7

WISHES_EACH = 4
"""Wishes of each of the six kinds."""

LEARN_EVERY = 2
"""Nights: half the work of every night, and a change is still met within two."""

COLUMNS = (
    Shown("PR-AUC", "auc_pr"),
    Shown("95 %", "auc_pr", "range"),
    Shown("failing tries", "defect_rate_after"),
    Shown("95 %", "defect_rate_after", "range"),
    Shown("ratio", "ratio"),
)


def mine(
    quality: Annotated[
        bool, typer.Option("--quality", help="Tables after four weeks of their own rewrites; all that is scored yet.")
    ] = False,
    each: Annotated[int, typer.Option("--wishes", min=1, max=60, help="Made-up wishes of each of six kinds.")] = WISHES_EACH,
    learn_every: Annotated[int, typer.Option("--learn-every", min=1, max=28, help="Nights from one learning to the next.")] = LEARN_EVERY,
    seed: Annotated[int, typer.Option("--seed", help="The chance of all: the same seed gives the same figures.")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Score the miner's tables in a made-up world that changes, after four weeks in which they met their own rewrites again.

    Rows: `chain` takes rewritten turns for what customers said, as a system does that does not log them; `chain/apart` leaves them out;
    `self-aware` judges each rewrite by its record, as said and as rewritten. PR-AUC is over rewrites against those that are right, the
    mean of the last seven nights; failing tries are those of the last week, in truth. Intervals are over wishes, and over customers.
    The same counts, chain and bars for all. Takes about a minute of a core.

    Examples: `resay bench mine --quality` · `resay bench mine --quality --wishes 8 --learn-every 1 --json`
    """
    if not quality:
        message = "must be given, as nothing else is scored yet"
        raise typer.BadParameter(message, param_hint="--quality")
    with progress("Four weeks of own rewrites, three learners", unit="days", shown=not as_json) as tick:
        rows = list(quality_rows(each=each, learn_every=learn_every, seed=seed, tick=tick))
    report = bench_report("mine", rows, seed=seed, now=datetime.now(UTC))
    print_report(report) if as_json else show_report(report, COLUMNS)
