"""The command `bench index`: the index of wordings (EVALUATION 7). Knows options and how figures are shown."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from resay.commands.bench.index import COLUMNS, Asked, index_rows
from resay.commands.bench.report import bench_report, print_report, show_report
from resay.commands.console import JsonOption, progress
from resay.commands.train_finding import ENCODER, EncoderOption
from rewrite_online.encoder import embedded_towers

SIZES = (100_000, 1_000_000)
ENCODED = 5_000
"""Wordings that are encoded: ten seconds of a core."""
SEED = 7


def index(
    size: Annotated[
        list[int] | None, typer.Option("--wordings", min=1_000, help="How many; again for more [default: 100,000, 1,000,000].")
    ] = None,
    encoded: Annotated[
        int, typer.Option("--encoded", min=100, help="Wordings that are encoded; other vectors are made around theirs.")
    ] = ENCODED,
    encoder: EncoderOption = ENCODER,
    seed: Annotated[int, typer.Option("--seed")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Measure the index of wordings: recall of the ten nearest against comparing all, time, memory, and how soon it is ready.

    A process of its own loads and searches what was built, one query at a time. A million take some minutes to build, and 4 GB.

    Examples: `resay bench index --json` · `resay bench index --wordings 100000`
    """
    asked = Asked(size or SIZES, encoded, seed)
    with progress("Encoding", unit="wordings", shown=not as_json) as tick, tempfile.TemporaryDirectory() as folder:
        rows = list(index_rows(embedded_towers(encoder), asked, folder=Path(folder), tick=tick))
    report = bench_report("index", rows, seed=seed, now=datetime.now(UTC))
    if as_json:
        print_report(report)
    else:
        show_report(report, COLUMNS)
