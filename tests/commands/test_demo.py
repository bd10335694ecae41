"""`resay demo`: the experiment closes in a small world of its own home, its figures are honest, and it ends the way people expect."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from resay.commands.demo import NotOurs
from resay.commands.demo_telling import change, span
from resay.commands.main import command_line
from resay.lab.home import BrokenWorld
from resay.store.artifact import Shelf
from serving.dashboard.report import read_report
from tests import child
from tests.lab.loop_world import two_families

pytestmark = pytest.mark.slow

RESAY = Path(sys.executable).parent / "resay"
DONE_S = 300
"""A demo of this size takes seconds of one core; a loaded machine is many times slower."""

SMALL = ["--customers", "100", "--days", "10", "--scored-days", "4"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    two_families(folder)
    return folder


@pytest.fixture(scope="module")
def demo(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """One demo in a small world, while its usual port is taken."""
    home = tmp_path_factory.mktemp("home")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [RESAY, "demo", "--json", "--port", str(port), "--home", str(home), "--world", str(world), *SMALL]
        done = subprocess.run(command, capture_output=True, text=True, timeout=DONE_S, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) | {"asked": port, "home": home}


def test_what_fails_in_this_world_is_learnt(demo: Mapping):
    """The assistant never understands "let there be light", and at least ten customers say then how it does."""
    learnt = {each["source"]: each for each in demo["rewrites"]}

    assert learnt["let there be light"]["target"] in {"turn on the counter lights", "counter lights on"}
    assert min(each["support"] for each in demo["rewrites"]) >= 10


def test_the_arms_are_counted_apart_and_every_turn_once(demo: Mapping):
    """All that was logged is in the weeks, and what both arms said after the learning days is scored."""
    experiment = demo["experiment"]
    weeks = [week[arm]["turns"] for week in experiment["weeks"] for arm in ("control", "treatment")]

    assert demo["turns"] == sum(weeks)
    assert 0 < experiment["control"]["turns"] + experiment["treatment"]["turns"] < demo["turns"]
    assert experiment["control"]["customers"] + experiment["treatment"]["customers"] <= demo["customers"]
    assert min(experiment[arm]["customers"] for arm in ("control", "treatment")) >= 30


def test_the_figures_are_those_of_what_was_done(demo: Mapping):
    """Triggers are wins, losses and the rest; a sequential interval is wider than that of one look, and both hold the estimate."""
    experiment = demo["experiment"]
    ours, one, daily = experiment["ours"], experiment["reduction"], experiment["sequential"]

    assert ours["triggers"] >= ours["wins"] + ours["losses"] > 0
    assert ours["wins"] > 0
    assert ours["reduction"]["lo"] <= ours["reduction"]["value"] <= ours["reduction"]["hi"]
    assert daily["lo"] < one["lo"] < one["value"] < one["hi"] < daily["hi"]
    assert experiment["reference"]["wins"] >= ours["wins"]
    assert "truth" in experiment["note"].lower()


def test_what_is_printed_is_what_is_true(world: Path, tmp_path: Path):
    """Every figure of the JSON stands in the text: arms, intervals, wins, losses, harm, and the table that knows the truth."""
    done = CliRunner().invoke(
        command_line(),
        ["demo", "--once", "--port", "0", "--home", str(tmp_path), "--world", str(world), *SMALL],
        env={"COLUMNS": "200"},
        catch_exceptions=False,
    )
    result = read_report(Shelf(tmp_path / "demo" / "reports"))

    assert result is not None
    assert done.exit_code == 0
    for shown in (
        f"{result.control.turns:,}",
        f"{result.treatment.defects:,}",
        change(result.reduction),
        span(result.sequential),
        span(result.ours.reduction),
        f"{result.ours.wins:,} made right, {result.ours.losses:,} made wrong ({result.ours.wrong_actions_caused:,} wrong actions)",
        f"harm: {result.ours.harm:.2%}",
        f"A table that was told the truth, on the same wishes: {change(result.reference.reduction)}",
        "let there be light",
        "Asked over HTTP",
    ):
        assert shown in done.stdout


@pytest.mark.exhaustive
def test_the_world_that_ships_gives_ten_rewrites_that_fire(tmp_path: Path):
    """At the size of `make demo`, helped turns get better, and hardly a right one is touched."""
    done = subprocess.run([RESAY, "demo", "--json", "--port", "0", "--home", str(tmp_path)], capture_output=True, text=True, check=True)
    ours = json.loads(done.stdout)["experiment"]["ours"]

    assert ours["pairs"] >= 10
    assert ours["reduction"]["lo"] > 0
    assert ours["wins"] >= 10 * max(ours["losses"], 1)
    assert ours["harm"] <= 0.001


def test_a_port_in_use_is_passed_over(demo: Mapping):
    """The next free port is taken."""
    assert int(demo["url"].rsplit(":", 1)[1]) != demo["asked"]


def test_what_was_learnt_can_be_tried(demo: Mapping):
    """`resay try` on the demo's home answers with the rewrite and its evidence."""
    rewrite = demo["rewrites"][0]

    result = CliRunner().invoke(
        command_line(), ["try", rewrite["source"], "--home", str(demo["home"] / "demo"), "--json"], catch_exceptions=False
    )
    answer = json.loads(result.stdout)

    assert answer["rewrite"] == rewrite["target"]
    assert answer["candidates"][0]["support"] == rewrite["support"]


def test_ctrl_c_ends_a_demo_cleanly(world: Path, tmp_path: Path):
    """Interrupted half way, it says so in one sentence and ends with 130; the next demo starts anew."""
    command = [RESAY, "demo", "--home", str(tmp_path), "--world", str(world), "--customers", "2000"]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with child.killed_in_the_end(started) as running:
        _wait_for(tmp_path / "demo" / "lake" / "turn_parts")
        os.kill(running.pid, signal.SIGINT)
        _, said = running.communicate(timeout=DONE_S)

    assert running.returncode == 130
    assert "interrupted" in said
    assert "Traceback" not in said


def test_a_folder_that_is_not_the_demos_is_left_alone(world: Path, tmp_path: Path):
    """What somebody else put there is not deleted."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "thesis.txt").write_text("years of work")

    result = CliRunner().invoke(command_line(), ["demo", "--once", "--home", str(tmp_path), "--world", str(world)])

    assert isinstance(result.exception, NotOurs)
    assert (tmp_path / "demo" / "thesis.txt").exists()


def test_a_world_that_is_not_there_leaves_the_last_demo_as_it_was(tmp_path: Path):
    """The mistake is said before anything is emptied."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "made-by-resay-demo").touch()
    (tmp_path / "demo" / "books.sqlite").write_text("the last demo")

    result = CliRunner().invoke(command_line(), ["demo", "--once", "--home", str(tmp_path), "--world", str(tmp_path / "nowhere")])

    assert isinstance(result.exception, BrokenWorld)
    assert (tmp_path / "demo" / "books.sqlite").exists()


def test_few_customers_are_said_to_tell_nothing(world: Path, tmp_path: Path):
    """No interval where an arm is too small for one, and no rewrite below the floor; the page is there all the same."""
    few = ["--customers", "8", "--days", "2", "--scored-days", "1"]

    done = CliRunner().invoke(
        command_line(), ["demo", "--once", "--port", "0", "--home", str(tmp_path), "--world", str(world), *few], catch_exceptions=False
    )

    assert done.exit_code == 0
    assert "no interval (too few units)" in done.stdout
    assert "0 turns rewritten" in done.stdout


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + DONE_S
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} must come"
        time.sleep(0.05)
