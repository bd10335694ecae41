"""The command `bench stream`: options, and what is shown of a report. What is measured in which order is said in `parts`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from resay.commands.bench.brokers import check_broker
from resay.commands.bench.learnable import NAMES
from resay.commands.bench.long_table import show_long
from resay.commands.bench.report import bench_report, machine_name, print_report
from resay.commands.bench.stream.freshness import CUSTOMERS
from resay.commands.bench.stream.parts import (
    KILL_POINTS,
    ROUNDS,
    TRIES,
    TURNS,
    Part,
    StreamBench,
    machine_words,
    stream_remarks,
    stream_rows,
)
from resay.commands.console import JsonOption, progress, remarks

SEED = 7
"""The usual chance: records and kills are drawn from it."""

_BROKER = "kafka://localhost:9092"


def stream(  # noqa: PLR0917 - the command line names its options
    source: Annotated[str, typer.Option("--source", metavar="kafka://HOST:PORT", help="A broker; topics are made and removed.")] = _BROKER,
    part: Annotated[list[Part] | None, typer.Option("--part", help="Measure this alone; again for more [default: all].")] = None,
    turns: Annotated[int, typer.Option("--turns", min=100, max=10_000_000, help="Records a round.")] = TURNS,
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=100, help="Rounds of ours and bare; rows give medians.")] = ROUNDS,
    burst: Annotated[int, typer.Option("--burst", min=0, max=10_000_000, help="Records of the burst; 0: 20 s of landing.")] = 0,
    tries: Annotated[int, typer.Option("--tries", min=1, max=len(NAMES), help="Decisive turns a lake.")] = TRIES,
    customers: Annotated[
        int, typer.Option("--customers", min=1, max=10_000, help="Of `freshness`: whose four weeks were before.")
    ] = CUSTOMERS,
    kill_points: Annotated[int, typer.Option("--kill-points", min=0, max=10_000, help="Members to kill; 0: none.")] = KILL_POINTS,
    seed: Annotated[int, typer.Option("--seed", help="Chance of records and kills.")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Measure the stream on a real broker: landing beside bare consumers, a burst, freshness, and what is lost when members are killed.

    `ingest/raw` is the row of the bar: good turns a second of `resay ingest`, first poll to last commit, over records a second of a
    kafka-python consumer that polls, counts and looks at nothing, on the same warm topic, by turns, each in a process of its own.
    `ingest/whole-process` counts from start to end of both processes. Ends of ranges are the least and the most of the rounds.
    Records are 212 B to 2 KB, evenly over the logarithm; 1 % cannot be read, 1 % are repeats. Nothing is left on disk or broker.

    Exit status: 0 measured; 1 something needs you, in a sentence; 130 interrupted.

    Examples: `make kafka`, then `resay bench stream` · `resay bench stream --part throughput --turns 50000 --json` ·
    `resay bench stream --source kafka://localhost:9192 --kill-points 0`
    """
    now = datetime.now(UTC)
    check_broker(source)
    machine = machine_words(machine_name())
    with TemporaryDirectory(prefix="resay-bench-") as folder:
        bench = StreamBench(source, part or list(Part), turns, rounds, burst, tries, customers, kill_points, seed, Path(folder))
        rows = list(stream_rows(bench, now=now, bar=lambda title, unit: progress(title, unit=unit, shown=not as_json)))
    report = replace(bench_report("stream", rows, seed=seed, now=now), machine=machine)
    if as_json:
        print_report(report)
    else:
        show_long(report)
    for remark in stream_remarks(rows):
        remarks.print(remark, markup=False, soft_wrap=True)
