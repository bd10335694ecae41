"""What a kill sweep sends, and how a lake is compared with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest

from ingest.landing import LandingRules, land
from resay.commands.bench.stream.kill_records import PARTITIONS, Differences, KillRecords, compare
from resay.dialogue.codec import RECORD_BYTES_MAX, decode
from resay.dialogue.turn import Reject, TurnPart
from resay.store.lake import Lake
from resay.store.tables import REJECTS, TURN_PARTS, Table
from tests.fakes import FakeClock, MemoryLog

NOW = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def landed(tmp_path: Path) -> tuple[Lake, KillRecords]:
    """A lake in which all that was sent has landed, and what was sent."""
    records = KillRecords(Random(1))
    logs: dict[str, list[bytes]] = {f"{number}@topic": [] for number in range(PARTITIONS)}
    for partition, raw in records.more(600):
        logs[f"{partition}@topic"].append(raw)
    lake = Lake(tmp_path / "lake")
    land(MemoryLog(logs), lake, rules=LandingRules(clock=FakeClock(NOW)))
    return lake, records


def test_records_are_what_the_model_takes_them_for():
    """Whatever counts as a part can be read, and its time is near the others'; whatever counts as a dead letter cannot be read."""
    records = KillRecords(Random(1))

    sent = list(records.more(20_000))

    good = [_read(raw) for raw in records.parts.values()]
    assert [(part.turn.turn_id, part.part) for part in good] == list(records.parts)
    assert max(part.turn.at for part in good) - min(part.turn.at for part in good) < timedelta(days=2)
    assert all(isinstance(decode(raw, where="", now=NOW), Reject) or len(raw) == RECORD_BYTES_MAX for raw in records.letters.values())
    assert sum(records.ends) == 20_000
    assert len(sent) - len(records.parts) - len(records.letters) == pytest.approx(20_000 * 0.05, rel=0.1)
    assert len(records.letters) >= 200
    assert sum(len(raw) > RECORD_BYTES_MAX for _, raw in sent) >= 2
    assert {part.part for part in good} == {"whole", "said", "rated"}


def test_a_tenth_comes_out_of_order():
    """Event times of turns go back now and then."""
    records = KillRecords(Random(2))

    read = [decode(raw, where="", now=NOW) for _, raw in records.more(5_000)]
    times = [part.turn.at for part in read if isinstance(part, TurnPart)]

    newest, late = times[0], 0
    for at in times:
        late += at < newest - timedelta(seconds=60)
        newest = max(newest, at)
    assert 0.08 < late / len(times) < 0.3


def test_a_lake_that_holds_all_once_has_no_differences(landed: tuple[Lake, KillRecords]):
    """Repeats that were left out are no loss."""
    assert compare(*landed) == Differences(0, 0, 0, 0)


def test_rows_that_are_missing_are_lost(landed: tuple[Lake, KillRecords]):
    """A part and two dead letters that somebody took out."""
    lake, records = landed

    lake.remove(TURN_PARTS, _rows(lake, TURN_PARTS, 1).select(list(TURN_PARTS.key)))
    lake.remove(REJECTS, _rows(lake, REJECTS, 2).select(list(REJECTS.key)))

    assert compare(lake, records) == Differences(1, 0, 2, 0)


def test_rows_that_are_there_again_are_doubled(landed: tuple[Lake, KillRecords]):
    """Two parts and a dead letter that were added once more."""
    lake, records = landed

    lake.append(TURN_PARTS, _rows(lake, TURN_PARTS, 2))
    lake.append(REJECTS, _rows(lake, REJECTS, 1))

    assert compare(lake, records) == Differences(0, 2, 0, 1)


def _read(raw: bytes) -> TurnPart:
    part = decode(raw, where="", now=NOW)
    assert isinstance(part, TurnPart)
    return part


def _rows(lake: Lake, table: Table, count: int) -> pa.Table:
    with lake.connect() as connection:
        return connection.sql(f"select * from {table.name} limit {count}").to_arrow_table().cast(table.schema())
