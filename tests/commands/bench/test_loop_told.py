"""Figures as they are read out of a page: those that its JSON says should stand there."""

from __future__ import annotations

from pathlib import Path

from resay.commands.bench.loop_told import csv_figures, csv_of, page_figures, words_of
from serving.dashboard.experiment_page import experiment_page
from serving.experiments.telling import look_csv, look_json
from tests.serving.experiments.traffic import Talk, asked, lived, look
from tests.serving.experiments.traffic import start as start_experiment


def test_figures_with_intervals_guardrails_and_cohorts_are_read_as_they_are_told(tmp_path: Path):
    """Shares with their narrow spaces too; each of them stands on the page."""
    record = start_experiment(tmp_path, asked(cohorts=("en-GB",)))
    lived(record, Talk(customers=120, turns=3, cohorts=("en-GB",))).write(tmp_path)
    found = look(tmp_path)
    told, page = look_json(found), experiment_page(found)

    assert found.report.decision.lift.lo is not None
    assert page_figures(page) == words_of(told)
    assert csv_figures(look_csv(found)) == csv_of(told)
