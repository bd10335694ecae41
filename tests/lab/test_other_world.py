"""A world is a folder: one with other rooms, devices, goals and voices works from end to end."""

from __future__ import annotations

import gzip
import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from resay.commands import lab
from resay.dialogue.turn import Turn
from resay.lab.assistant import Assistant
from resay.lab.flow import Flow, flow_stage, flow_turns
from resay.lab.log_files import LEARNING, read_truth, read_turns
from resay.lab.making import Plan, make_log
from resay.lab.survey import survey
from resay.lab.world import World, read_world
from tests.builders import BASE
from tests.lab.other_world import HOME, write_other_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return read_world(write_other_world(tmp_path_factory.mktemp("boat")))


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    lab.register(app)
    return app


def test_a_log_is_made_of_it(world: World, tmp_path: Path):
    """Its rooms are spoken in, its devices are switched, and the truth about later turns is told."""
    plan = Plan(seed=1, customers=30, learning_days=4, later_days=2)

    make_log(world, tmp_path, plan=plan, tick=lambda done, total=None: None)

    learning, later = list(read_turns(tmp_path / LEARNING, now=BASE)), read_truth(tmp_path)
    assert {turn.context.room for turn in learning if turn.context} == set(HOME["areas"])
    assert "HassTurnOn:switch.bellows" in {turn.response.action for turn in learning if turn.response}
    assert {truth.goal for truth in later.values()} <= set(world.goals)
    assert {truth.outcome for truth in later.values()} >= {"correct", "result_fail"}


def test_it_flows(world: World):
    """And so it can be streamed."""
    flow = Flow(seed=1, start=BASE, per_s=1.0, customers=5)

    turns: list[Turn] = list(islice(flow_turns(flow_stage(world, Assistant(world.home), seed=1), flow), 200))

    assert {turn.context.room for turn in turns if turn.context} == set(HOME["areas"])


def test_a_survey_counts_and_checks_it(world: World):
    """Whoever makes a world learns whether it will do."""
    found = survey(world, Assistant(world.home))

    assert found.counts["rooms"] == 3
    assert found.phrases == {"T": 5, "C": 1, "S": 1}
    assert found.speakers == {"crew": 2, "guests": 1}
    assert found.recordings == {"quiet": 84}
    assert [check.name for check in found.checks if not check.good] == []


def test_the_command_says_what_is_there(app: typer.Typer, tmp_path: Path):
    """One JSON object, and status 0."""
    done = CliRunner().invoke(app, ["lab", "world", str(write_other_world(tmp_path)), "--json"])

    assert done.exit_code == 0
    assert json.loads(done.stdout)["good"] is True


@pytest.mark.parametrize(
    ("file", "old", "new", "check"),
    [
        ("recordings", '"o": "correct"', '"o": "no_match"', "recorded outcomes"),
        ("recordings", '"s": "cook"', '"s": "mate"', "every speaker"),
        ("recordings", '"k": 0, "take": "a"', '"k": 0, "r": "mumbled", "take": "a"', "repair forms"),
        ("recordings", '"p": 11', '"p": 10', "every phrase"),
        ("speakers", '"bass"', '"alto"', "voice family"),
        ("phrases", "turn on the lantern", "kindle the flame", "typed phrases"),
    ],
)
def test_a_check_that_fails_is_said(app: typer.Typer, tmp_path: Path, file: str, old: str, new: str, check: str):
    """The command names it and ends with status 1."""
    _replace(write_other_world(tmp_path), file, old, new)

    done = CliRunner().invoke(app, ["lab", "world", str(tmp_path)])

    assert done.exit_code == 1, done.exception
    assert any(line.startswith("BAD") and check in line for line in done.stdout.splitlines())


def _replace(folder: Path, file: str, old: str, new: str) -> None:
    """Change a word everywhere in a file of a world."""
    packed = folder / f"{file}.jsonl.gz"
    if packed.exists():
        text = gzip.decompress(packed.read_bytes()).decode()
        changed: Any = gzip.compress(text.replace(old, new).encode())
        packed.write_bytes(changed)
    else:
        path = folder / f"{file}.json"
        path.write_text(path.read_text().replace(old, new))
