"""The command `classify`: verdicts on a file and on a lake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from failure_point.model_folder import MODEL_FILE
from resay.commands.main import command_line, main
from resay.store.lake import Lake
from resay.store.tables import FAILURE_POINTS
from tests.builders import turn
from tests.failure_point.made_model import write_made_model
from tests.label.test_job import lake_with


def record(turn_id: str, **others: Any) -> dict[str, Any]:
    base = {"schema": "resay.turn/1", "turn_id": turn_id, "customer_id": "c1", "at": "2026-09-02T09:00:00Z", "utterance": "play madonna"}
    return base | others


def classify(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit status and what was printed."""
    result = CliRunner().invoke(command_line("classify"), ["classify", *arguments], catch_exceptions=False)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def test_a_file_is_judged_line_by_line(tmp_path: Path):
    """One JSON object a turn; a record that cannot be read is passed over, and ends the command with 1."""
    write_made_model(tmp_path / "model")
    file = tmp_path / "talk.jsonl"
    talk = [record("t1", response={"text": "sorry", "status": "unsupported"}), record("t2", utterance="", at="2026-09-02T09:00:09Z")]
    file.write_text("\n".join([*map(json.dumps, talk), '{"schema": "resay.turn/1"}']))

    code, told = classify("--input", str(file), "--model", str(tmp_path / "model"), "--json")

    assert [(each["turn_id"], each["failure_point"]) for each in told] == [("t1", "nlu"), ("t2", "false_wake")]
    assert [sorted(each) for each in told] == [["failure_point", "probabilities", "turn_id"]] * 2
    assert code == 1


def test_an_empty_file_has_no_verdicts(tmp_path: Path):
    """Nothing is printed, and the status says that the file was not what it should be."""
    write_made_model(tmp_path / "model")
    (tmp_path / "none.jsonl").write_text("")

    assert classify("--input", str(tmp_path / "none.jsonl"), "--model", str(tmp_path / "model"), "--json") == (1, [])


def test_a_lake_gets_its_table(tmp_path: Path):
    """All turns of the lake are judged, and counted by point."""
    model = write_made_model(tmp_path / "model")
    lake_with(tmp_path / "home", turn("play madona", status="unsupported"), turn("play madonna", at=5))

    code, told = classify("--home", str(tmp_path / "home"), "--model", str(tmp_path / "model"), "--json")

    assert (code, told) == (0, [{"model": model.version, "turns": 2, "points": {"correct": 1, "nlu": 1}}])
    assert Lake(tmp_path / "home" / "lake").count(FAILURE_POINTS) == 2


def test_evidence_is_told_in_words(tmp_path: Path):
    """Each piece has its name and what that means; a lake has none to tell, and says so."""
    write_made_model(tmp_path / "model")
    file = tmp_path / "talk.jsonl"
    file.write_text(json.dumps(record("t1", response={"text": "sorry", "status": "unsupported"})))

    _, (told,) = classify("--input", str(file), "--model", str(tmp_path / "model"), "--explain")
    code, _ = classify("--home", str(tmp_path), "--model", str(tmp_path / "model"), "--explain")

    assert [(each["what"], each["means"], each["value"]) for each in told["evidence"]] == [
        ("was_refused", "the assistant refused, by its status or by the words of its answer (1 yes, 0 no)", 1.0)
    ]
    assert code == 2


@pytest.mark.parametrize("spoil", ["missing", "changed"])
def test_a_model_that_is_not_as_it_was_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], spoil: str
):
    """No traceback: what must be there, and what would make it."""
    write_made_model(tmp_path / "model")
    if spoil == "missing":
        (tmp_path / "model" / MODEL_FILE).unlink()
    else:
        (tmp_path / "model" / MODEL_FILE).write_bytes(b"PK another version")
    monkeypatch.setattr("sys.argv", ["resay", "classify", "--model", str(tmp_path / "model"), "--home", str(tmp_path)])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 1
    assert "must hold a model of failure points" in capsys.readouterr().err
