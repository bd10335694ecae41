"""Batches read on another core: the same lake, whatever happens to the process there."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.landing import LandingRules, LandingStep, land, stored_position
from ingest.privacy import Pseudonymise, keep
from ingest.reader_process import SENT_MIN, ReaderProcess
from ingest.source import Batch
from resay.store.errors import LostPosition
from resay.store.lake import Lake, Progress
from resay.store.tables import TURN_PARTS
from tests.builders import BASE, record
from tests.fakes import FakeClock, MemoryLog

LOGS = {partition: [record(f"{partition}{number}") if number % 100 else b"bad" for number in range(3_000)] for partition in "pq"}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return Lake(tmp_path / "lake")


@pytest.fixture(autouse=True)
def nobody_left() -> Iterator[None]:
    """No process outlives its landing."""
    yield
    assert not multiprocessing.active_children()


def found(lake: Lake) -> tuple[list[tuple[str, int]], int]:
    """Good records by where they stood, and how many bad ones."""
    with lake.connect() as connection:
        good = connection.execute("select partition, position from turn_parts order by all").fetchall()
        return good, connection.execute("select count(*) from rejects").fetchall()[0][0]


EXPECTED = ([(partition, number) for partition in "pq" for number in range(3_000) if number % 100], 60)


def rules(records_a_batch: int = 1_200, **others: object) -> LandingRules:
    """Rules of a landing that reads full batches elsewhere."""
    return LandingRules(clock=FakeClock(), records_a_batch=records_a_batch, second_core=True, **others)  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_lake_is_the_same(lake: Lake):
    """Batches go in in the order in which they were taken, each partition's one after the other, and all are told of."""
    steps: list[tuple[LandingStep, str, int]] = []
    ticks: list[int] = []

    report = land(
        MemoryLog(LOGS),
        lake,
        rules=rules(observe=lambda step, batch: steps.append((step, batch.partition, batch.start))),
        tick=ticks.append,
    )

    assert (report.accepted, report.rejected) == (5_940, 60)
    assert found(lake) == EXPECTED
    taken = [(partition, start) for step, partition, start in steps if step is LandingStep.TAKEN]
    assert [(partition, start) for step, partition, start in steps if step is LandingStep.COMMITTED] == taken
    assert (ticks[-1], len(ticks)) == (6_000, len(taken))
    # The next batch is begun before the one before is committed: that is what the other core is for.
    assert steps.index((LandingStep.TAKEN, "p", 1_200)) < steps.index((LandingStep.COMMITTED, "p", 0))


@pytest.mark.slow
def test_a_process_that_is_killed_costs_nothing(lake: Lake):
    """What it had in hand is read here, and all that follows too."""
    killed: list[int] = []

    def observe(step: LandingStep, _batch: Batch) -> None:
        if step is LandingStep.TAKEN and not killed and (children := multiprocessing.active_children()):
            killed.append(children[0].pid or 0)
            os.kill(killed[0], signal.SIGKILL)

    land(MemoryLog(LOGS), lake, rules=rules(observe=observe))

    assert killed
    assert found(lake) == EXPECTED


@pytest.mark.slow
def test_a_position_that_is_lost_takes_the_batch_in_flight_with_it(lake: Lake):
    """Another has landed the first batch meanwhile: what followed it is read again too, and nothing goes in twice."""
    steps: list[tuple[LandingStep, int]] = []

    def observe(step: LandingStep, batch: Batch) -> None:
        if step is LandingStep.TAKEN and batch.start == 1_200 and (LandingStep.TAKEN, 1_200) not in steps:
            land(MemoryLog({"p": LOGS["p"][:1_200]}), lake, rules=LandingRules(clock=FakeClock()))
        steps.append((step, batch.start))

    land(MemoryLog({"p": LOGS["p"]}), lake, rules=rules(observe=observe, conflicts_max=1))

    assert [start for step, start in steps if step is LandingStep.LOST] == [0]
    assert [start for step, start in steps if step is LandingStep.COMMITTED] == [1_200, 2_400]
    assert [start for step, start in steps if step is LandingStep.TAKEN] == [0, 1_200, 1_200, 2_400]
    assert found(lake)[0] == [each for each in EXPECTED[0] if each[0] == "p"]


@pytest.mark.slow
def test_positions_that_are_lost_again_and_again_end_the_landing(lake: Lake):
    """And the process with it."""
    lake.append(TURN_PARTS, TURN_PARTS.schema().empty_table(), [Progress("memory#p", 0, 5)])

    class Stubborn(MemoryLog):
        def seek(self, partition: str, position: int) -> None:
            """Stay at the beginning."""

    with pytest.raises(LostPosition):
        land(Stubborn(LOGS), lake, rules=rules(conflicts_max=1))


@pytest.mark.slow
def test_whoever_stops_gets_what_was_begun(lake: Lake):
    """A landing that is told to stop lands what it has taken."""
    taken: list[int] = []

    land(
        MemoryLog(LOGS),
        lake,
        rules=rules(observe=lambda step, batch: taken.append(batch.end) if step is LandingStep.TAKEN else None),
        stop=lambda: len(taken) == 2,
    )

    assert stored_position(lake, "memory", "p") == taken[-1] == 2_400


def test_short_batches_are_read_here():
    """The process costs half a second to start."""
    (batch,) = (MemoryLog({"p": LOGS["p"][: SENT_MIN + 1]}).next_batch(10_000, 10**9),)
    assert batch is not None

    with closing(ReaderProcess(mask=keep, full=10_000)) as reader:
        reading = reader.begin(batch, BASE)

        assert reading.done()
        assert not multiprocessing.active_children()
        assert len(reading.result().good) == SENT_MIN - 10


@pytest.mark.slow
def test_masks_are_put_on_there_too():
    """A keyed hash goes with the batch."""
    (batch,) = (MemoryLog({"p": LOGS["p"]}).next_batch(10_000, 10**9),)
    assert batch is not None

    with closing(ReaderProcess(mask=Pseudonymise("key"), full=1_000)) as reader:
        reading = reader.begin(batch, BASE)

        assert not reading.done()
        assert set(reading.result().columns.column("customer_id").to_pylist()) == {
            Pseudonymise("key")(b'{"customer_id":"c1"}')[16:-2].decode()
        }
