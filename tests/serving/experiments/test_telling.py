"""What a look says in words, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from serving.experiments.telling import CSV_COLUMNS, REASONS, look_csv, look_json, reason_words, says
from tests.serving.experiments.traffic import Talk, look, ran, start


def test_what_is_found_is_said_in_a_sentence(tmp_path: Path):
    """With the difference and where it lies."""
    said = says(look(ran(tmp_path)).report.decision)

    assert said.startswith("Treatment is better: defect rate −")
    assert said.endswith("treatment over control.")


def test_what_cannot_be_said_says_why(tmp_path: Path):
    """In words, for each of the reasons."""
    start(tmp_path)

    assert says(look(tmp_path).report.decision) == "Undecidable, because no rewrite was ready yet for anybody who takes part."
    assert all(reason_words(each) != each.replace("_", " ") for each in REASONS)


def test_json_is_standard_and_holds_the_look(tmp_path: Path):
    """Evidence without bounds too: there is no infinity in it."""
    found = look(ran(tmp_path, Talk(control=0.7, treatment=0.15, turns=10)))

    told = json.loads(json.dumps(look_json(found), allow_nan=False))

    assert (told["experiment"], told["state"], told["ruling"], told["must_stop"]) == ("rewriting", "running", "better", [])
    assert told["lift"]["value"] == found.report.decision.lift.value
    assert [each["exposed"] for each in told["arms"]] == list(found.report.exposed)
    assert [each["day"] for each in told["days"]] == ["2026-11-02", "2026-11-03", "2026-11-04"]
    assert told["started_at"] == "2026-11-02T09:00:00.000Z"
    assert [(each["change"], each["by"]) for each in told["events"]] == [("started", "ada")]
    assert {each["metric"] for each in told["guardrail_looks"]} == {"barge_in", "goal_success"}


def test_csv_has_a_line_a_day(tmp_path: Path):
    """Its figures are those of the JSON; what is missing is empty."""
    found = look(ran(tmp_path))

    rows = list(csv.DictReader(io.StringIO(look_csv(found))))

    assert list(rows[0]) == list(CSV_COLUMNS)
    assert len(rows) == 3
    assert float(rows[-1]["lift"]) == found.days[-1].lift.value
    assert float(rows[-1]["treatment_rate"]) == found.days[-1].arms[1].value
    assert rows[-1]["reason"] == ""


def test_csv_of_a_broken_experiment_has_no_figures(tmp_path: Path):
    """But the reason."""
    rows = list(csv.DictReader(io.StringIO(look_csv(look(ran(tmp_path, Talk(lost=0.5)))))))

    assert (rows[-1]["lift"], rows[-1]["control_rate"], rows[-1]["reason"]) == ("", "", "sample_ratio_mismatch")
