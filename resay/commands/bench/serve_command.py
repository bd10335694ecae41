"""The command `bench serve`: options, and the table for people."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from resay.commands.bench.index import Asked, index_rows
from resay.commands.bench.kept_home import home_name, kept_home
from resay.commands.bench.kept_vectors import ENCODED_MAX, Vectored
from resay.commands.bench.report import Shown, bench_report, print_report, show_report
from resay.commands.bench.serve import RATES, ServeBench, serve_rows
from resay.commands.bench.serve_home import make_home
from resay.commands.console import JsonOption, progress, remarks
from resay.dialogue.tick import silent
from rewrite_online.encoder import on_demand

SEED = 7

ENCODER = Path(__file__).parents[3] / "models" / "minilm"
"""The encoder that ships."""

KEPT = Path.home() / ".cache" / "resay" / "bench"

_KEPT_HELP = "Where the made-up home and its vectors are kept, so that the next run need not make them: 0.2 GB for 100,000 wordings."

_ENCODED_HELP = "Wordings that are encoded, 3.6 ms of a core each; vectors of the others are made around theirs."

_INDEX_HELP = "Beside it, an index of so many vectors by itself: few are encoded, others made around theirs; a million take 5 GB to build."

INDEX_ENCODED = 1_000
"""Wordings that are encoded for it: four seconds of a core. Vectors made around so few lie closer together than those of texts do."""

COLUMNS = (
    Shown("p50 ms", "p50_ms"),
    Shown("p95", "p95_ms"),
    Shown("p99", "p99_ms"),
    Shown("p99.9", "p999_ms"),
    Shown("late", "late"),
    Shown("errors", "errors"),
    Shown("a second", "per_s"),
    Shown("cpu ms", "cpu_ms"),
    Shown("GB", "peak_gb"),
    Shown("ratio", "ratio"),
    Shown("recall@10", "recall_at_10"),
    Shown("ready s", "ready_s"),
)


def serve(  # noqa: PLR0917 - the command line names its options
    wordings: Annotated[int, typer.Option("--wordings", min=1_000, max=2_000_000, help="Wordings of the index.")] = 100_000,
    seconds: Annotated[float, typer.Option("--seconds", min=1, max=600, help="Load at each rate.")] = 20.0,
    rates: Annotated[list[int] | None, typer.Option("--rate", min=1, max=5_000, help="Requests a second; again for more.")] = None,
    knee: Annotated[bool, typer.Option("--knee/--no-knee", help="Whether the knee is looked for, and doubled.")] = True,
    encoder: Annotated[
        Path, typer.Option("--encoder", metavar="DIR", help="Encoder of the home, and timed bare.", show_default="models/minilm")
    ] = ENCODER,
    encoded: Annotated[int, typer.Option("--encoded", min=1_000, help=_ENCODED_HELP)] = ENCODED_MAX,
    kept: Annotated[Path, typer.Option("--kept", metavar="DIR", help=_KEPT_HELP, show_default="~/.cache/resay/bench")] = KEPT,
    index: Annotated[int | None, typer.Option("--index", min=1_000, help=_INDEX_HELP)] = None,
    seed: Annotated[int, typer.Option("--seed", help="Chance of talk and traffic.")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Measure `resay serve` under load: a server process, a generator in another, mixed traffic, latencies from the intended start.

    Rows `50/s` … `400/s` are of all requests, `50/s/KIND` of one kind: `good` passes (50 %), `table` is a table hit (20 %), `encoder`
    must be looked for beyond the table (25 %), `own` is a customer's own (5 %). `late` counts what passed through for want of time.
    `cpu/KIND` is what a request takes of a core. `first` is a customer's first, whose history must be read.
    `empty` is the server's own /healthz, by turns with table hits; `encoder` and `search` are those parts alone, in one thread.
    `p50/encoder` is the middle of the kind `encoder` over the bare encoder: all of these ran it once.
    `knee` is the highest rate tried at which p99 is 10 ms at most and nothing fails; nothing where there is none.
    The home is made up: 1,000 customers with histories; it is kept for the next run.
    `index/1M` is of made vectors and no server (`resay bench index`).

    Examples: `resay bench serve` · `resay bench serve --index 1000000 --json` · `resay bench serve --seconds 5 --rate 50 --no-knee`
    """
    now = datetime.now(UTC)
    with TemporaryDirectory(prefix="resay-bench-") as folder:
        home = Path(folder)
        remarks.print(f"Making a home of {wordings:,} wordings, or taking the one of an earlier run.", markup=False)
        with progress("Making vectors", unit="wordings", shown=not as_json) as tick:
            towers = on_demand(encoder)()
            meant = Vectored(towers, encoded, kept, tick) if towers else None
            name = home_name(wordings, seed, encoded, towers and towers.name, today=now.date())
            talk = kept_home(home, kept / name, lambda empty: make_home(empty, wordings=wordings, seed=seed, meant=meant))
        bench = ServeBench(home, talk, seed, seconds, tuple(rates or RATES), encoder if encoder.is_dir() else None, knee)
        with progress("Serving", unit="steps", shown=not as_json) as tick:
            rows = list(serve_rows(bench, tick))
        if index and towers:
            rows += index_rows(towers, Asked((index,), INDEX_ENCODED, seed), folder=home, tick=silent)
    report = bench_report("serve", rows, seed=seed, now=now)
    print_report(report) if as_json else show_report(report, COLUMNS)
