"""The command line of `bench mine`: parts are chosen by name, all rows stand in one report, and what was not run says so."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from resay.commands.bench.mine_command import COLUMNS, PARTS, USUAL, Part
from resay.commands.main import command_line


def mined(*options: str | Path):
    """The command, with these options."""
    return CliRunner().invoke(command_line(), ["bench", "mine", *map(str, options)])


def test_a_part_that_is_named_twice_is_run_once(tmp_path: Path):
    """And its rows stand in the report of EVALUATION."""
    ran = mined("--part", "parity", "--part", "parity", "--spark-jars", tmp_path, "--json")

    report = json.loads(ran.stdout)
    assert ran.exit_code == 0
    assert (report["bench"], report["seed"]) == ("mine", 7)
    assert [(row["row"], row["metric"], row["value"]) for row in report["rows"]] == [("duckdb/spark", "differences", None)]
    assert report["rows"][0]["unit"].startswith("not run: Delta's jars must be there")


def test_people_are_told_what_was_not_run(tmp_path: Path):
    """Below the table, in words."""
    ran = mined("--part", "parity", "--spark-jars", tmp_path)

    assert ran.exit_code == 0
    assert "duckdb/spark: not run: Delta's jars must be there; none in" in ran.stdout


def test_a_part_that_does_not_exist_is_a_fault():
    """Nothing is run; the old flag is none either."""
    assert mined("--part", "speed").exit_code == 2
    assert mined("--quality").exit_code == 2


def test_scale_is_run_only_where_it_is_asked_for():
    """It takes the machine for itself; every part has its table."""
    assert Part.SCALE not in USUAL
    assert set(PARTS) == set(COLUMNS) == set(Part)
