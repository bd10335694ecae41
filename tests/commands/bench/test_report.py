"""What every bench answers."""

import json
import math
from datetime import UTC, datetime

import pytest

from resay.commands.bench.report import BenchRow, Shown, bench_report, commit_name, count, figure, machine_name, print_report, show_report
from resay.experiment.bounds import Interval

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_the_json_is_that_of_the_evaluation(capsys: pytest.CaptureFixture[str]):
    """One object, one row a figure, its fields by name."""
    rows = [figure("c/before", "harm", Interval(0.01, 0.0, 0.02, 41), n=3_000, unit="share"), count("c/before", "wins", 7, n=3_934)]

    print_report(bench_report("replay", rows, seed=7, now=NOW))

    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"bench", "date", "seed", "commit", "machine", "rows"}
    assert (told["bench"], told["date"], told["seed"]) == ("replay", "2026-11-21", 7)
    assert told["rows"] == [
        {"row": "c/before", "metric": "harm", "value": 0.01, "lo": 0.0, "hi": 0.02, "n": 3_000, "unit": "share"},
        {"row": "c/before", "metric": "wins", "value": 7, "lo": None, "hi": None, "n": 3_934, "unit": "count"},
    ]


def test_wins_over_no_loss_are_null_in_json(capsys: pytest.CaptureFixture[str]):
    """JSON has no word for infinity; the bound is finite and stays."""
    print_report(bench_report("replay", [BenchRow("c", "win_loss", math.inf, 9.2, math.inf, 120, "ratio")], seed=7, now=NOW))

    row = json.loads(capsys.readouterr().out)["rows"][0]

    assert (row["value"], row["lo"], row["hi"]) == (None, 9.2, None)


def test_a_figure_that_stands_twice_is_a_fault():
    """Nobody could tell which one is meant."""
    with pytest.raises(AssertionError, match="must stand in a report once"):
        bench_report("replay", [count("c", "wins", 7, n=1), count("c", "wins", 8, n=1)], seed=7, now=NOW)


def test_the_table_has_a_line_a_row(capsys: pytest.CaptureFixture[str]):
    """What is not known is a dash, what is infinite the sign for it."""
    rows = [
        figure("c/before", "defect_reduction", Interval(0.125, 0.1, 0.15, 41), n=9, unit="share"),
        BenchRow("d/retry", "win_loss", math.inf, 9.25, math.inf, 120, "ratio"),
    ]
    columns = [
        Shown("fewer", "defect_reduction"),
        Shown("95 %", "defect_reduction", "range"),
        Shown("w/l", "win_loss"),
        Shown("bound", "win_loss", "lo"),
    ]

    show_report(bench_report("replay", rows, seed=7, now=NOW), columns)

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == ["c/before", "12.5%", "10.0%…15.0%", "–", "–"]
    assert lines[2] == ["d/retry", "–", "–", "∞", "9.2"]


def test_commit_and_machine_are_named_without_naming_anybody():
    """A commit or `unknown`; cores and memory, no host."""
    import platform

    assert commit_name()
    assert platform.node() not in machine_name()
    assert "cores" in machine_name()
