"""`resay demo`: the loop closes on the log that ships, and ends the way people expect."""

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

import pytest
from typer.testing import CliRunner

from resay.commands.demo import NotOurs
from resay.commands.main import command_line

pytestmark = pytest.mark.slow

RESAY = Path(sys.executable).parent / "resay"
DONE_S = 300
"""A demo takes half a minute of one core; a loaded machine is several times slower."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, object]:
    """One demo on the log that ships, while its usual port is taken."""
    home = tmp_path_factory.mktemp("home")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [RESAY, "demo", "--json", "--port", str(port), "--home", str(home)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=DONE_S, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) | {"asked": port, "home": home}


def test_enough_rewrites_pass_the_floor(demo: Mapping):
    """At least twenty rewrites are published, each with ten customers behind it."""
    assert len(demo["rewrites"]) >= 20
    assert min(each["support"] for each in demo["rewrites"]) >= 10


def test_later_traffic_gets_better_and_good_traffic_stays_whole(demo: Mapping):
    """Defects fall by an interval clear of zero, wins outnumber losses ten to one, and hardly a right turn is touched."""
    after = demo["before_after"]

    assert demo["turns"] >= 30_000
    assert after["defects_after"] < after["defects_before"]
    assert after["defect_reduction_lo"] > 0
    assert after["wins"] >= 10 * max(after["losses"], 1)
    assert after["harm"] <= 0.001


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


def test_ctrl_c_ends_a_demo_cleanly(tmp_path: Path):
    """Interrupted half way, it says so in one sentence and ends with 130; the next demo starts anew."""
    command = [RESAY, "demo", "--home", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        _wait_for(tmp_path / "demo" / "lake" / "turn_parts")
        os.kill(running.pid, signal.SIGINT)
        _, said = running.communicate(timeout=DONE_S)

    assert running.returncode == 130
    assert "interrupted" in said
    assert "Traceback" not in said


def test_a_folder_that_is_not_the_demos_is_left_alone(tmp_path: Path):
    """What somebody else put there is not deleted."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "thesis.txt").write_text("years of work")

    result = CliRunner().invoke(command_line(), ["demo", "--once", "--home", str(tmp_path)])

    assert isinstance(result.exception, NotOurs)
    assert (tmp_path / "demo" / "thesis.txt").exists()


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + DONE_S
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} must come"
        time.sleep(0.05)
