"""What every command shares: the options `--home` and `--json`, progress bars, and how results and errors reach people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from resay.commands.stopping import raise_if_lost
from resay.dialogue.tick import Tick

HomeOption = Annotated[Path | None, typer.Option("--home", help="Folder of lake, books and artifacts [default: $RESAY_HOME or .resay].")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
JsonLinesOption = Annotated[bool, typer.Option("--json", help="Print JSON lines instead of text: one object a row.")]

console = Console(highlight=False)
"""Standard output, for results."""

remarks = Console(stderr=True, highlight=False)
"""Standard error, for progress and remarks, so that results can be piped."""


@contextmanager
def progress(title: str, *, unit: str = "", shown: bool = True) -> Iterator[Tick]:
    """A progress bar on standard error for the length of the block; nothing to see where `shown` is false or nobody watches.

    Each tick ends a block that was interrupted and does not know it.
    """
    if not shown or not sys.stderr.isatty():
        yield lambda _done, _total=None: raise_if_lost()
        return
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<32}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        console=remarks,
        # Else what is printed meanwhile comes out with the bar, on standard error, and the file that it was meant for stays empty.
        redirect_stdout=False,
    )
    with bar:
        task = bar.add_task(title, total=None)

        def tick(done: int, total: int | None = None) -> None:
            raise_if_lost()
            bar.update(task, completed=done, total=total)

        yield tick
        bar.update(task, total=bar.tasks[task].completed)


def progress_of_lines(title: str, *, unit: str, shown: bool) -> AbstractContextManager[Tick]:
    """The same around lines on standard output; a terminal that shows these needs no bar between them."""
    return progress(title, unit=unit, shown=shown and not sys.stdout.isatty())


def print_json(result: object) -> None:
    """One JSON object on standard output, nothing else."""
    sys.stdout.write(json.dumps(result, ensure_ascii=False, default=_plain) + "\n")
    # Whoever reads a pipe waits for the line: `serve` prints one and goes on for weeks.
    sys.stdout.flush()


def print_json_lines(rows: Iterable[object]) -> int:
    """One JSON object a line; how many there were."""
    printed = 0
    for row in rows:
        print_json(row)
        printed += 1
    return printed


def _plain(value: object) -> str:
    """What JSON has no form for; times as RFC 3339, as everything else that we write has them."""
    return value.isoformat() if isinstance(value, date) else str(value)
