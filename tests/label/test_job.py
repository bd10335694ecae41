"""The labelling job on a real lake: what it writes, and that a second run changes nothing."""

from __future__ import annotations

from pathlib import Path

from ingest.landing import land_records
from rephrase.combined import CombinedDetector
from rephrase.detect import detect
from resay.dialogue.codec import encode, whole
from resay.dialogue.turn import Turn
from resay.label.job import label, read_links
from resay.store.lake import Lake
from tests.builders import BASE, turn

TALK = (
    turn("it's too dark in here", at=0, turn_id="t1", status="unsupported"),
    turn("turn on the bedroom lights", at=12, turn_id="t2", intent="on", slots={"area": "bedroom"}),
    turn("play madonna", at=100, turn_id="t3", intent="play"),
    turn("blay madonna", at=0, turn_id="u1", customer="c2", status="failed"),
)


def silent(done: int, total: int | None = None) -> None:
    """A tick that nobody sees."""


def lake_with(folder: Path, *turns: Turn) -> Lake:
    """A lake in which these turns have landed."""
    lake = Lake(folder / "lake")
    land_records([encode(whole(each)) for each in turns], source="test", lake=lake, now=BASE)
    return lake


def rows(lake: Lake, query: str) -> list[tuple[object, ...]]:
    """The answer of the lake."""
    with lake.connect() as connection:
        return connection.execute(query).fetchall()


def test_the_three_tables_are_written(tmp_path: Path):
    """Friction, segments and outcomes of all turns, by the links that lie in the lake."""
    lake = lake_with(tmp_path, *TALK)
    detect(lake, CombinedDetector(), silent)

    report = label(lake, silent)

    assert rows(lake, "select turn_id, sign, shown_by from friction order by all") == [
        ("t1", "error_response", "t1"),
        ("u1", "abandonment", "u1"),
        ("u1", "error_response", "u1"),
    ]
    assert rows(lake, "select turn_id, outcome from outcomes order by all") == [
        ("t1", "failure"),
        ("t2", "success"),
        ("t3", "success"),
        ("u1", "failure"),
    ]
    assert rows(lake, "select segment_id, turn_id, ordinal, outcome from segments order by all") == [
        ("t1", "t1", 0, "success"),
        ("t1", "t2", 1, "success"),
        ("t3", "t3", 0, "success"),
        ("u1", "u1", 0, "censored"),
    ]
    assert (report.turns, report.sessions, report.segments) == (4, 3, 3)
    assert report.signs["error_response"] == 2
    assert report.outcomes == {"success": 2, "failure": 2, "censored": 0}


def test_a_second_run_changes_nothing(tmp_path: Path):
    """Detecting and labelling again leaves the same rows."""
    lake = lake_with(tmp_path, *TALK)
    tables = ("links", "friction", "segments", "outcomes")
    detect(lake, CombinedDetector(), silent)
    label(lake, silent)
    before = [rows(lake, f"select * from {table} order by all") for table in tables]

    detect(lake, CombinedDetector(), silent)
    label(lake, silent)

    assert [rows(lake, f"select * from {table} order by all") for table in tables] == before


def test_links_come_back_as_they_were_written(tmp_path: Path):
    """What the detector says and what the labeller reads are the same values."""
    lake = lake_with(tmp_path, *TALK)
    report = detect(lake, CombinedDetector(), silent)

    links = read_links(lake)

    assert list(links) == ["t1"]
    (link,) = links["t1"]
    assert (link.target_turn_id, link.start, link.end, link.detector) == ("t2", 0, 26, "combined/2")
    assert link.at == TALK[0].at
    assert (report.turns, report.links) == (4, 1)


def test_an_empty_lake_is_no_fault(tmp_path: Path):
    """Nothing to label is an answer."""
    lake = Lake(tmp_path / "lake")

    assert detect(lake, CombinedDetector(), silent).links == 0
    assert label(lake, silent).turns == 0


def test_progress_is_told_in_turns(tmp_path: Path):
    """The last tick says that all turns are done."""
    lake = lake_with(tmp_path, *TALK)
    told: list[int] = []

    label(lake, lambda done, total=None: told.append(done))

    assert told == [2, 3, 4]
