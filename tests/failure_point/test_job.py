"""The job of failure points on a real lake."""

from __future__ import annotations

from pathlib import Path

from failure_point.job import classify_job, classify_lake, verdicts_of_others
from failure_point.model import FailurePointModel
from resay.store.job import JobStep, take_in
from resay.store.lake import Lake
from tests.builders import turn
from tests.failure_point.made_model import write_made_model
from tests.label.test_job import lake_with, rows, silent

TALK = (
    turn("it's too dark in here", at=0, turn_id="t1", status="unsupported"),
    turn("turn on the bedroom lights", at=12, turn_id="t2", intent="on"),
    turn("", at=0, turn_id="u1", customer="c2", status="none"),
)


class Killed(Exception):
    """The process died."""


def points(lake: Lake) -> list[tuple[object, ...]]:
    """What the table says."""
    return rows(lake, "select turn_id, point, round(nlu, 3) from failure_points order by turn_id")


def model_in(folder: Path) -> FailurePointModel:
    """The model made by hand."""
    return write_made_model(folder / "model")


def test_every_turn_has_one_verdict(tmp_path: Path):
    """A run over the lake writes a row a turn, and tells how many failed where."""
    lake = lake_with(tmp_path, *TALK)

    report = classify_lake(model_in(tmp_path), lake, silent)

    assert [each[:2] for each in points(lake)] == [("t1", "nlu"), ("t2", "correct"), ("u1", "false_wake")]
    assert (report.turns, report.points) == (3, {"correct": 1, "false_wake": 1, "nlu": 1})
    assert rows(lake, "select round(sum(false_wake + asr + nlu + er + result + correct), 6) from failure_points") == [(3.0,)]


def test_a_second_run_changes_nothing(tmp_path: Path):
    """Judging again leaves the same rows, and the stream has nothing left to take in."""
    lake, model = lake_with(tmp_path, *TALK), model_in(tmp_path)
    classify_lake(model, lake, silent)
    before = points(lake)

    classify_lake(model, lake, silent)

    assert points(lake) == before
    assert take_in(classify_job(model), lake) is None


def test_the_stream_writes_what_a_whole_run_writes(tmp_path: Path):
    """Turns that come in steps, and a step that dies on its way, end in the same rows."""
    model = model_in(tmp_path)
    whole = lake_with(tmp_path / "whole", *TALK)
    classify_lake(model, whole, silent)
    lake = lake_with(tmp_path / "stream", TALK[0])

    def die(step: JobStep) -> None:
        if step is JobStep.JUDGED:
            raise Killed

    take_in(classify_job(model), lake)
    lake_with(tmp_path / "stream", TALK[1], TALK[2])
    try:
        take_in(classify_job(model, die), lake)
    except Killed:
        assert len(points(lake)) == 1
    take_in(classify_job(model), lake)

    assert points(lake) == points(whole)


def test_verdicts_of_another_model_are_noticed(tmp_path: Path):
    """Whoever has a new model finds that the table is of another."""
    lake = lake_with(tmp_path, *TALK)
    first = write_made_model(tmp_path / "first")
    classify_lake(first, lake, silent)
    first.version = "another"

    assert verdicts_of_others(lake, first)
    assert not verdicts_of_others(lake, write_made_model(tmp_path / "first"))
