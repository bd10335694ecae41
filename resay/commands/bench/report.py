"""What every bench answers: one row a figure, with seed, date, commit and machine, as JSON or as a table for people."""

from __future__ import annotations

import math
import os
import platform
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from rich.table import Table

from resay.commands.console import console, print_json
from resay.experiment.bounds import Interval

GIT_WAIT_S = 5.0
"""A repository on a slow disk answers in a second; a bench must not hang for want of a commit's name."""


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One figure, with the 95 % interval where there is one."""

    row: str
    metric: str
    value: float | None
    lo: float | None = None
    hi: float | None = None
    n: int = 0
    """What it was counted over: turns, pairs, requests …"""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class BenchReport:
    """All figures of one run of one bench."""

    bench: str
    date: str
    seed: int
    commit: str
    machine: str
    rows: tuple[BenchRow, ...]
    detector: str = ""
    """What linked the second tries that were learnt from, by name and version; empty where nothing was."""


def bench_report(bench: str, rows: Sequence[BenchRow], *, seed: int, now: datetime, detector: str = "") -> BenchReport:
    """A run's figures with where and when they were made; two figures of one name and metric are a fault."""
    named = Counter((each.row, each.metric) for each in rows)
    twice = [name for name, times in named.items() if times > 1]
    assert not twice, f"a figure must stand in a report once; {twice} stand there twice"
    return BenchReport(bench, f"{now:%Y-%m-%d}", seed, commit_name(), machine_name(), tuple(rows), detector)


def figure(row: str, metric: str, interval: Interval, *, n: int, unit: str) -> BenchRow:
    """A figure from its interval."""
    return BenchRow(row=row, metric=metric, value=interval.value, lo=interval.lo, hi=interval.hi, n=n, unit=unit)


def count(row: str, metric: str, value: int, *, n: int) -> BenchRow:
    """A figure that was counted, and has no interval."""
    return BenchRow(row=row, metric=metric, value=value, n=n, unit="count")


def print_report(report: BenchReport) -> None:
    """The report as EVALUATION's JSON object, and the detector where links bear on it.

    What is infinite (wins over no loss) is null, as JSON has no word for it.
    """
    rows = [{name: _finite(value) for name, value in asdict(row).items()} for row in report.rows]
    told = asdict(report) | {"rows": rows}
    print_json(told if report.detector else {name: value for name, value in told.items() if name != "detector"})


@dataclass(frozen=True, slots=True)
class Shown:
    """One column of the table for people."""

    title: str
    metric: str
    part: Literal["value", "range", "lo"] = "value"
    """The figure, its interval, or the lower end alone."""


def show_report(report: BenchReport, columns: Sequence[Shown]) -> None:
    """The report as a table for people: a line a row."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("row", no_wrap=True)
    for column in columns:
        table.add_column(column.title, justify="right", no_wrap=True)
    figures = {(each.row, each.metric): each for each in report.rows}
    for row in dict.fromkeys(each.row for each in report.rows):
        table.add_row(row, *(_cell(figures.get((row, column.metric)), column) for column in columns))
    console.print(table)
    linked = f" · links by {report.detector}" if report.detector else ""
    console.print(f"{report.date} · seed {report.seed} · commit {report.commit} · {report.machine}{linked}", markup=False, soft_wrap=True)


def commit_name() -> str:
    """The commit that this code is, `-dirty` where it was changed since; `unknown` outside a checkout."""
    command = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    try:
        named = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=GIT_WAIT_S)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return named.stdout.strip()


def machine_name() -> str:
    """What the figures were made on, without its name: they are read by others."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory_gb:.0f} GB, Python {platform.python_version()}"


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cell(figure: BenchRow | None, column: Shown) -> str:
    if figure is None or figure.value is None:
        return "–"
    if column.part == "value":
        return _shown(figure.value, figure.unit)
    if figure.lo is None or figure.hi is None:
        return "–"
    if column.part == "lo":
        return _shown(figure.lo, figure.unit)
    return f"{_shown(figure.lo, figure.unit)}…{_shown(figure.hi, figure.unit)}"


def _shown(value: float, unit: str) -> str:
    if not math.isfinite(value):
        return "∞"
    if unit == "share":
        return f"{value:z.1%}"
    return f"{value:,.0f}" if unit == "count" else f"{value:,.1f}"
