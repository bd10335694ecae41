"""A folder that grows: files are added, appended to, rotated and broken while it is read."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ingest.file_log import FileLog
from ingest.folder_log import FolderLog
from ingest.landing import LandingReport, LandingRules, land
from ingest.source import SourceUnavailable
from resay.store.lake import Lake
from tests.builders import BASE, record
from tests.fakes import FakeClock

RULES = LandingRules(clock=FakeClock(BASE + timedelta(days=1)))


def land_new(source: FolderLog, lake: Lake) -> LandingReport:
    """Look once, land, and let go of the files."""
    source.look()
    try:
        return land(source, lake, rules=RULES)
    finally:
        source.close()


def write(path: Path, *names: str, ended: bool = True) -> None:
    """Append records to a file."""
    with path.open("ab") as file:
        file.write(b"\n".join(record(name) for name in names) + b"\n" * ended)


def test_what_is_added_and_appended_is_found(tmp_path: Path):
    """Each look lands what is new, and nothing twice."""
    lake, folder = Lake(tmp_path / "lake"), tmp_path / "logs"
    folder.mkdir()
    source = FolderLog(folder)
    looks = [land_new(source, lake).accepted]
    write(folder / "a.jsonl", "t1", "t2")
    looks.append(land_new(source, lake).accepted)
    write(folder / "a.jsonl", "t3")
    write(folder / "b.jsonl", "t4")
    (folder / "c.jsonl.part").write_bytes(b"{")
    looks += [land_new(source, lake).accepted, land_new(source, lake).read]

    assert looks == [0, 2, 2, 0]
    assert (source.bytes_left(), source.unfinished()) == (0, [])


def test_half_a_record_waits_for_its_other_half(tmp_path: Path):
    """It is told, and read when it is whole."""
    lake, log = Lake(tmp_path / "lake"), tmp_path / "turns.jsonl"
    source = FolderLog(_grown(log, b'{"schema": "resay.turn/1", "turn_id": "t1", '))
    first, told = land_new(source, lake).read, source.unfinished()
    _grown(log, b'"customer_id": "c1", "at": "2026-11-02T09:00:00Z", "utterance": "stop"}\n')
    second = land_new(source, lake).accepted

    assert (first, second) == (0, 1)
    assert "must be complete" in told[0]
    assert source.unfinished() == []


def test_a_rotated_log_begins_anew(tmp_path: Path):
    """A new file under the old name is another one; the old one under a new name brings only what is known."""
    lake, folder = Lake(tmp_path / "lake"), tmp_path / "logs"
    folder.mkdir()
    source = FolderLog(folder)
    write(folder / "turns.jsonl", "t1", "t2")
    land_new(source, lake)
    (folder / "turns.jsonl").rename(folder / "turns.1.jsonl")
    write(folder / "turns.jsonl", "t3")
    report = land_new(source, lake)

    assert (report.accepted, report.duplicates) == (1, 2)


def test_a_broken_file_stops_no_other(tmp_path: Path):
    """What cannot be opened or unpacked is left out and told; the others land."""
    lake, folder = Lake(tmp_path / "lake"), tmp_path / "logs"
    folder.mkdir()
    (folder / "a.jsonl").mkdir()
    (folder / "b.jsonl.gz").write_bytes(b"\x1f\x8bnot packed")
    write(folder / "c.jsonl", "t5")
    source = FolderLog(folder)
    report = land_new(source, lake)

    assert (report.accepted, len(source.unfinished())) == (1, 2)


def test_a_file_that_was_overwritten_is_said(tmp_path: Path):
    """Under the same beginning it cannot be told what was read of it: nothing is guessed."""
    lake = Lake(tmp_path / "lake")
    source = FolderLog(_grown(tmp_path / "a.jsonl", record("t1") + b"\n" + record("t2") + b"\n"))
    land_new(source, lake)
    (tmp_path / "a.jsonl").write_bytes(record("t1") + b"\n")

    with pytest.raises(SourceUnavailable, match=r"was it overwritten\?"):
        land_new(source, lake)


def test_files_ingested_by_name_are_known(tmp_path: Path):
    """Folder and file log stand at the same positions."""
    lake, folder = Lake(tmp_path / "lake"), tmp_path / "logs"
    folder.mkdir()
    write(folder / "a.jsonl", "t1", "t2")
    file = FileLog([folder / "a.jsonl"])
    land(file, lake, rules=RULES)
    file.close()

    source = FolderLog(folder)

    assert land_new(source, lake).read == 0


def test_no_folder_is_said(tmp_path: Path):
    """In one sentence."""
    with pytest.raises(SourceUnavailable, match="must be a folder or a file; there is none"):
        FolderLog(tmp_path / "nowhere")


def _grown(path: Path, more: bytes) -> Path:
    with path.open("ab") as file:
        file.write(more)
    return path
