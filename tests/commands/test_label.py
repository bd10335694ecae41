"""`resay detect` and `resay label`: into the lake, or from a file to standard output, storing nothing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ingest.file_log import FileLog
from ingest.landing import LandingRules, land
from resay.commands import label
from resay.commands.label_goals import pooled, together
from resay.dialogue.codec import encode, whole
from resay.dialogue.errors import ResayError
from resay.dialogue.turn import Explicit, Feedback
from resay.label.goal_model import GoalJudgement
from resay.store.lake import Lake
from tests.builders import BASE, session, turn

TALK = (
    turn("it's too dark in here", at=0, turn_id="t1", status="unsupported"),
    turn("No, I said: turn on the lights", at=10, turn_id="t2", intent="on"),
    turn("play madonna", at=90, turn_id="t3", intent="play"),
)


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    label.register(made)
    return made


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "turns.jsonl"
    path.write_bytes(b"".join(encode(whole(each)) + b"\n" for each in TALK))
    return path


@pytest.fixture
def home(tmp_path: Path, log: Path) -> Path:
    source = FileLog([log])
    land(source, Lake(tmp_path / "home" / "lake"), rules=LandingRules(clock=lambda: BASE))
    source.close()
    return tmp_path / "home"


def test_detect_and_label_fill_the_lake(app: typer.Typer, home: Path):
    """One JSON object says what was found; the tables hold it."""
    detected = CliRunner().invoke(app, ["detect", "--home", str(home), "--json"])
    labelled = CliRunner().invoke(app, ["label", "--home", str(home), "--json"])

    assert (detected.exit_code, labelled.exit_code) == (0, 0)
    assert json.loads(detected.stdout)["links"] == 1
    assert json.loads(labelled.stdout)["outcomes"] == {"success": 2, "failure": 1, "censored": 0}
    with Lake(home / "lake").connect() as connection:
        assert connection.execute("select count(*) from links").fetchone() == (1,)
        assert connection.execute("select count(*) from outcomes").fetchone() == (3,)


def test_people_get_a_table(app: typer.Typer, home: Path):
    """Without `--json` the same is shown for reading."""
    assert "likelier than not" in CliRunner().invoke(app, ["detect", "--home", str(home)]).stdout
    assert "error response" in CliRunner().invoke(app, ["label", "--home", str(home)]).stdout


@pytest.mark.parametrize("command", ["detect", "label"])
def test_a_lake_without_turns_is_said(app: typer.Typer, tmp_path: Path, command: str):
    """A table of zeros comes with what to do next."""
    result = CliRunner().invoke(app, [command, "--home", str(tmp_path / "home")], catch_exceptions=False)

    assert result.exit_code == 0
    assert f"lake {tmp_path}/home/lake holds no turns; was a log read with `resay ingest`?" in result.stderr.replace("\n", "")


def test_links_of_a_file_are_printed_one_a_line(app: typer.Typer, log: Path):
    """Source, target, chance, and the span behind the repair."""
    result = CliRunner().invoke(app, ["detect", "--input", str(log)])

    (link,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert list(link) == ["source", "target", "probability", "start", "end"]
    assert (link["source"], link["target"], link["start"], link["end"]) == ("t1", "t2", 12, 30)
    assert 0.9 < link["probability"] <= 1.0


@pytest.mark.parametrize("command", ["detect", "label"])
@pytest.mark.parametrize("packed", [False, True])
def test_standard_input_is_read_as_a_file_is(app: typer.Typer, log: Path, command: str, packed: bool):
    """`-` is what came in, plain or gzipped, and what comes out is the same."""
    content = gzip.compress(log.read_bytes()) if packed else log.read_bytes()

    of_file = CliRunner().invoke(app, [command, "--input", str(log)], catch_exceptions=False)
    of_input = CliRunner().invoke(app, [command, "--input", "-"], input=content, catch_exceptions=False)

    assert of_file.stdout
    assert (of_input.exit_code, of_input.stdout) == (of_file.exit_code, of_file.stdout)


def test_labels_of_a_file_are_printed_one_a_line(app: typer.Typer, log: Path):
    """Every turn once, with its outcome, chance of a defect, and signs."""
    result = CliRunner().invoke(app, ["label", "--input", str(log)])

    labels = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [(each["turn_id"], each["outcome"], each["friction"]) for each in labels] == [
        ("t1", "failure", ["denial", "error_response"]),
        ("t2", "success", []),
        ("t3", "success", []),
    ]


def test_where_a_goal_begins_is_told_across_sessions(app: typer.Typer, log: Path):
    """Numbers begin anew in each session, so that the same number in a row may be another goal."""
    result = CliRunner().invoke(app, ["label", "--input", str(log), "--labeller", "rules"])

    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(each["turn_id"], each["goal"], each["begins"]) for each in told] == [("t1", 0, True), ("t2", 0, False), ("t3", 0, True)]


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ("\n\n", 1, "must hold records, one a line; it holds only empty lines"),
        ("[{}, {}]", 1, "is it a JSON array? Records stand one a line"),
        ('{"schema": ', 1, "is it still being written?"),
        (
            2 * '{"schema":"resay.turn/1","turn_id":"1","customer_id":"c","at":"2026-09-01T09:00:00Z","utterance":"on"}\n',
            0,
            "1 of 2; are turn",
        ),
    ],
    ids=["blank", "array", "half", "repeat"],
)
def test_what_of_a_file_was_not_judged_is_said(app: typer.Typer, tmp_path: Path, content: str, code: int, said: str):
    """Nobody waits for lines that do not come, and wonders."""
    (tmp_path / "file").write_text(content)

    result = CliRunner().invoke(app, ["label", "--input", str(tmp_path / "file"), "--labeller", "rules"])

    assert (result.exit_code, said in result.stderr.replace("\n", " ")) == (code, True), result.stderr


@pytest.mark.parametrize("detector", ["combined", "overlap", "bm25"])
def test_a_model_for_a_detector_that_takes_none_is_wrong_usage(app: typer.Typer, tmp_path: Path, detector: str):
    """It is said before anything is read, and not passed over."""
    absent = tmp_path / "nowhere.jsonl"

    result = CliRunner().invoke(app, ["detect", "--input", str(absent), "--detector", detector, "--model", str(tmp_path)])

    assert result.exit_code == 2
    assert "--detector span or pairwise" in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.parametrize("detector", ["overlap", "bm25"])
def test_a_baseline_can_be_asked_for(app: typer.Typer, log: Path, detector: str):
    """The baselines run on the same file; here they find no word in common."""
    result = CliRunner().invoke(app, ["detect", "--input", str(log), "--detector", detector])

    assert (result.exit_code, result.stdout) == (0, "")


def test_bad_records_are_named_and_end_with_one(app: typer.Typer, log: Path):
    """The good ones are answered all the same."""
    log.write_bytes(log.read_bytes() + b"not json\n")

    result = CliRunner().invoke(app, ["label", "--input", str(log)])

    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 3
    assert "turns.jsonl:4" in result.stderr


def test_a_missing_file_is_one_sentence(app: typer.Typer, tmp_path: Path):
    """It names the file."""
    result = CliRunner().invoke(app, ["detect", "--input", str(tmp_path / "nowhere.jsonl")])

    assert isinstance(result.exception, ResayError)
    assert "nowhere.jsonl" in str(result.exception)


def test_every_pair_that_was_considered_is_printed_when_asked(app: typer.Typer, log: Path):
    """With `--json` also what is no link, so that others can choose thresholds and draw curves."""
    log.write_bytes(log.read_bytes() + encode(whole(turn("stop the news", at=95, turn_id="t4"))) + b"\n")

    for name in ("combined", "overlap"):
        result = CliRunner().invoke(app, ["detect", "--input", str(log), "--detector", name, "--json"])

        pairs = [json.loads(line) for line in result.stdout.splitlines()]
        assert [(each["source"], each["target"]) for each in pairs] == [("t1", "t2"), ("t3", "t4")]
        assert all(0.0 <= each["probability"] <= 1.0 for each in pairs)


def test_a_folder_without_a_model_is_one_sentence(app: typer.Typer, log: Path, tmp_path: Path):
    """It names the folder."""
    result = CliRunner().invoke(app, ["detect", "--input", str(log), "--detector", "span", "--model", str(tmp_path)])

    assert isinstance(result.exception, ResayError)
    assert str(tmp_path) in str(result.exception)


def test_a_status_that_was_logged_counts_beside_the_model(app: typer.Typer, log: Path):
    """Where the log says that a turn failed, it is a defect by the model and the rules together too, and goals are numbered."""
    told = [
        [json.loads(line) for line in CliRunner().invoke(app, ["label", "--input", str(log), "--labeller", each]).stdout.splitlines()]
        for each in ("model", "rules")
    ]

    by_model, by_rules = ({each["turn_id"]: (each["success"], each["defect"]) for each in lines} for lines in told)
    assert by_rules["t1"] == (0.0, 1.0)
    assert by_model["t1"] == (pytest.approx(0.0, abs=0.05), pytest.approx(1.0, abs=0.05))
    assert all(isinstance(each["goal"], int) for each in told[0])


def test_what_the_customer_said_outright_stands():
    """Beside an explicit answer neither the model nor the pool counts; elsewhere both do."""
    asked = turn("play madonna", at=0, feedback=Feedback(explicit=Explicit.YES))
    talk = session(asked, turn("louder", at=9))
    judged, rules = ([GoalJudgement(each.turn_id, 0, 1.0, success, 1 - success, 0.5) for each in talk.turns] for success in (0.2, 0.98))

    first, second = together(talk, judged, rules=rules)

    assert (first.success, first.defect) == (rules[0].success, rules[0].defect)
    assert 0.2 < second.success < 0.98
    assert rules[1].defect < second.defect < judged[1].defect


def test_pooled_chances_lie_between_and_agree_where_both_agree():
    """A share of none leaves the first as it is; nobody is so sure that the other no longer counts."""
    assert pooled(0.3, 0.3, share=0.5) == pytest.approx(0.3)
    assert pooled(0.3, 0.9, share=0.0) == pytest.approx(0.3)
    assert pooled(0.5, 1.0, share=0.5) == pooled(0.5, 0.9999, share=0.5) < 0.95
