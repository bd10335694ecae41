"""A report as a table for people, a line a figure: for benches whose rows have little in common."""

from __future__ import annotations

from itertools import pairwise

from rich.table import Table

from resay.commands.bench.report import BenchReport, BenchRow
from resay.commands.console import console

_SHORT = {"count": "", "ratio": "", "per_s": "/s", "seconds": "s", "bytes": "B"}


def show_long(report: BenchReport) -> None:
    """Every figure with its range, the row's name where it changes."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for title in ("row", "metric"):
        table.add_column(title, no_wrap=True)
    for title in ("figure", "", "least … most"):
        table.add_column(title, justify="right" if title else "left", no_wrap=True)
    for before, row in pairwise((None, *report.rows)):
        assert row is not None, "only the place before the first row is empty"
        name = "" if before is not None and before.row == row.row else row.row
        table.add_row(name, row.metric, _shown(row.value, row), _SHORT.get(row.unit, row.unit), _range(row))
    console.print(table)
    console.print(f"{report.date} · seed {report.seed} · commit {report.commit} · {report.machine}", markup=False, soft_wrap=True)


def _range(row: BenchRow) -> str:
    # A range of one run is no range.
    return "" if row.lo is None or row.lo == row.hi else f"{_shown(row.lo, row)} … {_shown(row.hi, row)}"


def _shown(value: float | None, row: BenchRow) -> str:
    if value is None:
        return "–"
    if row.unit == "ratio":
        return f"{value:.2f}"
    return f"{value:,.1f}" if row.unit == "seconds" else f"{value:,.0f}"
