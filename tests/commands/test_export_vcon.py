"""`resay export --format vcon`, and `resay import vcon` of what it prints."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from ingest.landing import land_records
from resay.commands import customers, importing
from resay.dialogue.codec import encode, whole
from resay.dialogue.turn import AppliedRewrite, Response, ResponseStatus
from resay.store.lake import Lake
from resay.store.tables import OUTCOMES
from resay.store.turns import read_turns
from tests.builders import BASE, turn

TURNS = [
    turn("play madona", customer="anna", session_id="s1", status="unsupported", response="Sorry?"),
    turn(
        "play madonna", customer="anna", at=9, session_id="s1", rewrite=AppliedRewrite("d1", "play madonnna", "rw", 3), response="Playing."
    ),
    turn("stop", customer="anna", at=900, session_id="s2", response="", status="done"),
    turn("lights on", customer="berta", session_id="s3", response="Done."),
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two customers, three sessions, one verdict."""
    lake = Lake(tmp_path / "home" / "lake")
    land_records([encode(whole(each)) for each in TURNS], source="test", lake=lake, now=BASE + timedelta(days=1))
    row = {"turn_id": "anna@0", "customer_id": "anna", "event_time": BASE, "outcome": "failure", "defect": 0.9, "labeller": "rules"}
    lake.append(OUTCOMES, pa.Table.from_pylist([row], OUTCOMES.schema()))
    return tmp_path / "home"


def run(*words: str) -> Result:
    app = typer.Typer()
    for each in (customers, importing):
        each.register(app)
    return CliRunner().invoke(app, list(words))


def test_sessions_come_back_as_they_were(home: Path, tmp_path: Path):
    """Exported, and imported into another home: who, what, when, what was answered, and what we had said for them."""
    exported = run("export", "--format", "vcon", "--home", str(home))
    (tmp_path / "sessions.jsonl").write_text(exported.stdout)

    imported = run("import", "vcon", str(tmp_path / "sessions.jsonl"), "--home", str(tmp_path / "other"), "--json")

    assert (exported.exit_code, imported.exit_code) == (0, 0), imported.output
    there, here = (
        [(t.turn_id, t.customer_id, t.at, t.utterance, t.response, t.rewrite) for t in read_turns(Lake(place / "lake"))]
        for place in (tmp_path / "other", home)
    )
    assert there == here


def test_one_customers_sessions_hold_what_is_held_against_them(home: Path):
    """A line each; nobody else's."""
    lines = run("export", "anna", "--format", "vcon", "--home", str(home)).stdout.splitlines()

    containers = [json.loads(each) for each in lines]
    assert [[each["body"] for each in container["dialog"]] for container in containers] == [
        ["play madona", "Sorry?", "play madonnna", "Playing."],
        ["stop"],
    ]
    defects = [each for container in containers for each in container["analysis"] if each["type"] == "resay.defect"]
    assert [(each["dialog"], json.loads(each["body"])["label"]) for each in defects] == [(0, "failure")]


def test_an_import_of_an_export_into_the_same_home_changes_nothing_that_counts(home: Path, tmp_path: Path):
    """The turns have the ids that they had."""
    (tmp_path / "sessions.jsonl").write_text(run("export", "--format", "vcon", "--home", str(home)).stdout)
    run("import", "vcon", str(tmp_path / "sessions.jsonl"), "--home", str(home))

    told = {each.turn_id: (each.utterance, each.response) for each in read_turns(Lake(home / "lake"))}

    assert told == {each.turn_id: (each.utterance, each.response) for each in TURNS}
    assert told["anna@900"][1] == Response("", ResponseStatus.DONE)


@pytest.mark.parametrize(
    ("words", "says"), [(("export",), "customer must be given"), (("export", "anna", "--format", "xml"), "must be all or vcon")]
)
def test_what_is_asked_for_wrongly_is_said(home: Path, words: tuple[str, ...], says: str):
    """Everything is of one customer; formats are named."""
    result = run(*words, "--home", str(home))

    assert result.exit_code == 2
    assert says in result.output
