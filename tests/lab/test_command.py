"""`resay lab log`, as people call it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from resay.commands import lab
from resay.lab.home import BrokenWorld
from resay.lab.log_files import BrokenLog
from tests.lab.small_world import write_world

SMALL = ["--customers", "5", "--days", "2", "--later-days", "1", "--later-share", "1"]


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    lab.register(app)
    return app


def test_it_makes_a_log(app: typer.Typer, tmp_path: Path):
    """One JSON object says what was made; the files are there."""
    world, out = write_world(tmp_path / "world"), tmp_path / "out"

    result = CliRunner().invoke(app, ["lab", "log", "--world", str(world), "--out", str(out), *SMALL, "--json"])

    assert result.exit_code == 0
    assert json.loads(result.stdout)["learning"] > 0
    assert sorted(path.name for path in out.iterdir()) == ["later.jsonl.gz", "learning.jsonl.gz", "truth.jsonl.gz"]


def test_a_folder_that_is_no_world_is_said(app: typer.Typer, tmp_path: Path):
    """The front door prints the sentence and ends with status 1."""
    result = CliRunner().invoke(app, ["lab", "log", "--world", str(tmp_path), "--out", str(tmp_path / "out")])

    assert isinstance(result.exception, BrokenWorld)


def test_a_folder_that_cannot_be_written_is_said(app: typer.Typer, tmp_path: Path):
    """A file stands where the folder should be."""
    world = write_world(tmp_path / "world")
    (tmp_path / "out").write_text("in the way")

    result = CliRunner().invoke(app, ["lab", "log", "--world", str(world), "--out", str(tmp_path / "out"), *SMALL])

    assert isinstance(result.exception, BrokenLog)


def test_customers_talk_and_their_rates_are_said(app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Beside those that are asked; without being asked nobody talks."""
    monkeypatch.setenv("RESAY_HOME", str(tmp_path / "home"))
    world = write_world(tmp_path / "world")

    silent, talking = (
        json.loads(CliRunner().invoke(app, ["lab", "world", str(world), "--json", *options]).stdout)["rates"]
        for options in ([], ["--talk", "40"])
    )
    shown = CliRunner().invoke(app, ["lab", "world", str(world), "--talk", "40"]).stdout

    assert silent == []
    assert {each["name"]: each["asked"] for each in talking}["second tries that fail again"] == 0.479
    assert all(each["of"] > 0 for each in talking if each["name"].startswith("failed turns"))
    assert "second tries in the same words, of" in shown


def test_without_the_extra_everything_but_making_works(tmp_path: Path):
    """An install without `demo` reads logs and worlds, and says what is missing for more."""
    world = write_world(tmp_path / "world")
    program = f"""
import sys
sys.modules["hassil"] = None  # as if it were not installed
from pathlib import Path
import resay.commands.lab, resay.commands.demo, resay.lab.log_files
from resay.lab.assistant import Assistant, LabMissing
from resay.lab.home import read_home
try:
    Assistant(read_home(Path({str(world)!r})))
except LabMissing as error:
    print(error)
"""

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "resay[demo]" in result.stdout
