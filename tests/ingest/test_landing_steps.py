"""The steps of a landing, and what it does when another process has moved the position."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ingest.file_log import FileLog
from ingest.landing import LandingRules, LandingStep, land
from ingest.source import Batch
from resay.dialogue.codec import encode, whole
from resay.store.errors import LostPosition
from resay.store.lake import Lake
from tests.builders import turn
from tests.fakes import FakeClock, MemoryLog


def test_a_lost_position_is_read_again(tmp_path: Path):
    """Where another process landed the batch meanwhile, the records are read again from where it stands: none is lost, none twice."""
    lake = Lake(tmp_path)
    records = [_record(number) for number in range(5)]
    steps: list[tuple[str, int, int]] = []

    def overtaken(step: LandingStep, batch: Batch) -> None:
        if not steps:
            land(MemoryLog({"p": records[:3]}), lake, rules=LandingRules(clock=FakeClock()))
        steps.append((step, batch.start, batch.end))

    rules = LandingRules(clock=FakeClock(), records_a_batch=2, conflicts_max=1, observe=overtaken)
    report = land(MemoryLog({"p": records}), lake, rules=rules)

    assert steps == [("taken", 0, 2), ("letters_kept", 0, 2), ("lost", 0, 2), ("taken", 3, 5), ("letters_kept", 3, 5), ("committed", 3, 5)]
    assert report.accepted == 2
    assert _landed(lake) == [f"t{number}" for number in range(5)]


def test_a_second_reader_is_said_where_none_should_be(tmp_path: Path):
    """Without leave to conflict, a lost position ends the landing, and nothing of the batch went in."""
    lake = Lake(tmp_path)
    records = [_record(number) for number in range(3)]

    def overtaken(step: LandingStep, _batch: Batch) -> None:
        if step is LandingStep.TAKEN:
            land(MemoryLog({"p": records[:1]}), lake, rules=LandingRules(clock=FakeClock()))

    with pytest.raises(LostPosition, match="is another consumer reading it"):
        land(MemoryLog({"p": records}), lake, rules=LandingRules(clock=FakeClock(), observe=overtaken))

    assert _landed(lake) == ["t0"]


def test_batches_of_a_file_join_up(tmp_path: Path):
    """Each batch begins where the one before ended, whatever lies between the records."""
    path = tmp_path / "turns.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + _record(0) + b"\r\n\n\n" + _record(1) + b"\n\n" + _record(2) + b"\n\n")
    packed = tmp_path / "turns.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for each in (path, packed):
        source = FileLog([each])
        ends = [0]
        while batch := source.next_batch(1, 1_000_000):
            assert batch.start == ends[-1]
            ends.append(batch.end)
        source.close()

        assert len(ends) == 4


def test_a_landed_file_has_nothing_left(tmp_path: Path):
    """Positions are moved by what was really passed over, a byte order mark included: a second landing finds nothing, and no conflict."""
    path = tmp_path / "turns.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b"\n".join(_record(number) for number in range(3)) + b"\n")
    lake = Lake(tmp_path / "lake")
    reports = []
    for _ in range(2):
        source = FileLog([path])
        reports.append(land(source, lake, rules=LandingRules(clock=FakeClock(), records_a_batch=2)).read)
        source.close()

    assert reports == [3, 0]
    assert _landed(lake) == ["t0", "t1", "t2"]


def _record(number: int) -> bytes:
    return encode(whole(turn(turn_id=f"t{number}", at=number)))


def _landed(lake: Lake) -> list[str]:
    with lake.connect() as connection:
        return [turn_id for (turn_id,) in connection.execute("select turn_id from turn_parts order by turn_id").fetchall()]
