"""What loops learnt, and how quickly: rewrites and who stands behind them, and the hours from evidence to the first who is served."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from statistics import median

from resay.commands.bench.loop_runs import Run
from resay.commands.bench.report import BenchRow, count, figure
from resay.experiment.bounds import bootstrap

HOURS = "hours_to_served"
"""From the k-th customer's evidence in the log to the first turn that was rewritten so, in the middle of the rewrites that were served:
the floor on the age of accounts, the wait for the night, and that until somebody says it again are all in it."""

SUPPORTED = "supported_by_10"
"""Share of live rewrites behind which ten customers stand."""

HOUR_S = 3600.0


def learnt_rows(row: str, runs: Sequence[Run], *, seed: int) -> Iterator[BenchRow]:
    """Of several loops together."""
    rewrites, supported = sum(run.rewrites for run in runs), sum(run.supported for run in runs)
    yield BenchRow(row, "rewrites", rewrites, unit="count")
    yield BenchRow(row, "oracle_rewrites", sum(run.outcome.oracle_rewrites for run in runs), unit="count")
    yield BenchRow(row, SUPPORTED, supported / rewrites if rewrites else None, n=rewrites, unit="share")
    lessons = [each for run in runs for each in run.outcome.lessons]
    # Who was served before the evidence was whole, by other evidence than ours, waited for nothing.
    waits = [
        (max((each.served - each.evident).total_seconds() / HOUR_S, 0.0),)
        for each in lessons
        if each.evident is not None and each.served is not None
    ]
    yield count(row, "lessons", len(lessons), n=len(lessons))
    yield count(row, "lessons_served", len(waits), n=len(lessons))
    hours = bootstrap(waits, lambda units: median(unit[0] for unit in units) if units else None, rng=Random(seed))
    yield figure(row, HOURS, hours, n=len(waits), unit="hours")
