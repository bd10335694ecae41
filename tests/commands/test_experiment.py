"""`resay experiment`: started, looked at, stopped and written down, with a folder and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from resay.commands.experiment import UnknownExperiment, UnknownForm
from resay.commands.main import command_line
from resay.commands.pages import PageNotWritten
from serving.experiments.question import BadQuestion
from tests.serving.experiments.traffic import Talk, lived, ran, start


def run(home: Path, *words: str) -> Result:
    """What `resay experiment` answers over a home."""
    return CliRunner().invoke(command_line("experiment"), ["experiment", *words, "--home", str(home)])


def answer(home: Path, *words: str) -> dict[str, Any]:
    """What it answers as JSON."""
    result = run(home, *words, "--json")
    assert result.exit_code == 0, (result.output, result.exception)
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def test_what_is_started_is_what_was_asked(tmp_path: Path):
    """In a home that was not there; every option is kept, and listed."""
    options = ("--treatment", "0.3", "--share", "0.2", "--salt", "pepper", "--past-days", "7", "--cohort", "en-GB", "--by", "ada")

    started = answer(tmp_path / "home", "start", "careful", *options, "--guardrail", "rephrase_rate=0.2", "--why", "fewer [red]defects")

    asked = {"experiment": "careful", "state": "running", "treatment": 0.3, "share": 0.2, "salt": "pepper", "past_days": 7}
    asked |= {"guardrails": {"rephrase_rate": 0.2}, "cohorts": ["en-GB"], "started_by": "ada", "metric": "defect_rate"}
    assert {name: started[name] for name in asked} == asked
    assert answer(tmp_path / "home", "status")["experiments"] == [started]
    assert answer(tmp_path / "home", "list")["experiments"] == [started]
    assert "[red]" in run(tmp_path / "home", "status").stdout, "markup of others is text"


def test_no_guardrail_is_asked_for_by_name(tmp_path: Path):
    """Left out, there are the usual ones."""
    assert answer(tmp_path, "start", "one", "--share", "0.5")["guardrails"] == {"barge_in": 0.1, "goal_success": 0.05}
    assert answer(tmp_path, "start", "two", "--share", "0.5", "--guardrail", "none")["guardrails"] == {}


def test_a_look_says_what_is_known_today(tmp_path: Path):
    """The ruling, arms, ratio, guardrails and every day; the text tells the same."""
    home = ran(tmp_path, Talk(turns=4))

    look = answer(home, "status", "rewriting")
    text = run(home, "status", "rewriting").stdout

    assert (look["ruling"], look["sample_ratio"]["mismatch"], len(look["days"])) == ("better", False, 3)
    assert look["says"] in text
    assert "as drawn" in text
    assert f"{100 * look['arms'][0]['rate']['value']:.1f}" in text


def test_what_cannot_be_said_says_why(tmp_path: Path):
    """Before anybody was met."""
    answer(tmp_path, "start", "rewriting")

    look = answer(tmp_path, "status", "rewriting")

    assert (look["ruling"], look["reason"]) == ("undecidable", "no_exposure")
    assert "Undecidable, because no rewrite was ready yet" in run(tmp_path, "status", "rewriting").stdout


def test_one_that_is_stopped_stays_stopped(tmp_path: Path):
    """With when, by whom and why; a second time changes nothing."""
    answer(tmp_path, "start", "rewriting")

    stopped = answer(tmp_path, "stop", "rewriting", "--why", "it helps", "--by", "ada")
    again = answer(tmp_path, "stop", "rewriting", "--why", "again", "--by", "bob")

    assert (stopped["state"], stopped["stopped_by"], stopped["stop_reason"]) == ("stopped", "ada", "it helps")
    assert again == stopped
    assert "had ended already" in run(tmp_path, "stop", "rewriting").stdout


@pytest.mark.parametrize(
    ("talk", "why"),
    [
        (Talk(barge_in=(0.1, 0.4), turns=8), "share of answers spoken over got worse"),
        (Talk(lost=0.5, turns=2), "the arms are not of the sizes that were drawn"),
    ],
)
def test_what_is_harmed_is_stopped_where_that_was_asked_for(tmp_path: Path, talk: Talk, why: str):
    """Looking alone stops nothing; what stopped it stands in the history."""
    home = ran(tmp_path, talk)
    assert answer(home, "status", "rewriting")["state"] == "running"
    assert "It must be stopped" in run(home, "status", "rewriting").stderr

    look = answer(home, "status", "rewriting", "--stop-if-harmed")

    assert (look["state"], look["stopped_by"]) == ("stopped", "a guardrail")
    assert why in look["stop_reason"]
    assert [each["change"] for each in look["events"]] == ["started", "stopped"]


def test_what_is_not_harmed_is_not_stopped(tmp_path: Path):
    """Whoever looks on a schedule ends nothing that is sound."""
    assert answer(ran(tmp_path, Talk(turns=4)), "status", "rewriting", "--stop-if-harmed")["state"] == "running"


def test_a_cohort_is_added_for_good(tmp_path: Path):
    """And looked at from then on."""
    answer(tmp_path, "start", "rewriting", "--cohort", "en-GB")

    assert answer(tmp_path, "add-cohort", "rewriting", "scots")["cohorts"] == ["en-GB", "scots"]
    assert [each["cohort"] for each in answer(tmp_path, "status", "rewriting")["cohort_looks"]] == ["en-GB", "scots"]


def test_a_report_is_written_in_every_form_that_is_asked_for(tmp_path: Path):
    """Their figures are those of the status, but for the moment of looking."""
    home = ran(tmp_path / "home", Talk(turns=4))
    paths = [tmp_path / f"result.{form}" for form in ("html", "json", "csv")]

    answer(home, "report", "rewriting", *(word for path in paths for word in ("--out", str(path))))

    status = answer(home, "status", "rewriting")
    page, told, rows = (path.read_text() for path in paths)
    assert {**json.loads(told), "at": ""} == {**status, "at": ""}
    assert status["says"] in page
    assert rows.count("\n") == 4
    assert "<link" not in page
    assert "<script" not in page


def test_what_a_cohort_is_called_is_text_on_the_page(tmp_path: Path):
    """A cohort's name comes from logs; and so does nothing else that is shown but what people wrote."""
    hostile = "<script>alert(1)</script>"
    home = tmp_path / "home"
    lived(start(home), Talk(customers=40, turns=2)).write(home)
    answer(home, "add-cohort", "rewriting", hostile, "--by", "<img src=x>")
    answer(home, "stop", "rewriting", "--why", "<b>enough</b>")

    answer(home, "report", "rewriting", "--out", str(tmp_path / "result.html"))

    page = (tmp_path / "result.html").read_text()
    assert "<script>" not in page
    assert "<img" not in page
    assert "<b>enough" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("words", "error", "sentence"),
    [
        (("start", "rewriting"), BadQuestion, "must have a name of its own; one of that name runs"),
        (("start", "other", "--treatment", "50"), BadQuestion, "is it a share"),
        (("status", "other"), UnknownExperiment, "experiment must be one that was started (rewriting); got 'other'"),
        (("stop", "other"), UnknownExperiment, "is it spelt right?"),
        (("report", "rewriting", "--out", "result.pdf"), UnknownForm, "must end in .html, .json or .csv"),
        (("report", "rewriting", "--out", "not-there/result.csv"), PageNotWritten, "page must be writable"),
    ],
)
def test_what_cannot_be_done_says_why(tmp_path: Path, words: tuple[str, ...], error: type[Exception], sentence: str):
    """In one sentence, with status 1."""
    answer(tmp_path, "start", "rewriting")

    result = run(tmp_path, *words)

    assert isinstance(result.exception, error), result.output
    assert sentence in str(result.exception)


def test_a_home_without_books_is_left_as_it_is(tmp_path: Path):
    """Looking makes no folder."""
    result = run(tmp_path / "home", "status")

    assert isinstance(result.exception, UnknownExperiment)
    assert not (tmp_path / "home").exists()


def test_a_guardrail_without_its_margin_is_wrong_usage(tmp_path: Path):
    """Status 2, and an example."""
    result = run(tmp_path, "start", "rewriting", "--guardrail", "barge_in")

    assert result.exit_code == 2
    assert "METRIC=MARGIN" in result.output
