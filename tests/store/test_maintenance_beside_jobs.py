"""Compaction and vacuum beside stream jobs and readers at work: nobody is broken, nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.landing import land_records
from rephrase.combined import CombinedDetector
from rephrase.detect import detect_job
from resay.dialogue.codec import encode, whole
from resay.store.errors import LakeUnavailable
from resay.store.job import JobStep, advance, take_in
from resay.store.lake import Lake
from resay.store.maintenance import compact, vacuum
from tests.builders import BASE, turn
from tests.store.judged import DETECT, LABEL, catch_up, labels, whole_labels

RETAIN = timedelta(hours=1)
"""The shortest that `resay maintain` grants."""


def put(lake: Lake, number: int) -> None:
    """Somebody is refused and says it again, in one commit."""
    tries = (("it's too dark in here", 0, "unsupported"), ("turn on the bedroom lights", 12, "done"))
    turns = [turn(text, at=60 * number + at, customer=f"c{number % 3}", status=status) for text, at, status in tries]
    land_records([encode(whole(each)) for each in turns], source="test", lake=lake, now=BASE + timedelta(days=1))


class Worker(threading.Thread):
    """Does its work again and again, at least once, and remembers what it broke at."""

    def __init__(self, work: Callable[[], object], *, until: threading.Event) -> None:
        super().__init__()
        self.fault: BaseException | None = None
        self.times = 0
        self._work, self._until = work, until

    def run(self) -> None:
        """Until all has landed."""
        try:
            while not self._until.is_set() or not self.times:
                self._work()
                self.times += 1
        except BaseException as error:
            self.fault = error


def test_maintenance_beside_streams_and_readers_breaks_nobody(tmp_path: Path):
    """Two streams, a reader that compares what it sees twice, and maintenance without rest, while turns come in."""
    lake, landed = Lake(tmp_path), threading.Event()
    put(lake, 0)

    def stream() -> None:
        take_in(DETECT, lake)
        take_in(LABEL, lake)

    def read() -> None:
        with lake.connect() as reader:
            query = "select count(*), count(distinct turn_id) from outcomes full join turns using (turn_id)"
            before = reader.execute(query).fetchall()
            time.sleep(0.1)
            assert before == reader.execute(query).fetchall()
            assert before[0][0] == before[0][1], "no turn is there twice"

    def maintain() -> None:
        compact(lake)
        vacuum(lake, retain=RETAIN)

    threads = [Worker(work, until=landed) for work in (stream, stream, read, maintain)]
    for thread in threads:
        thread.start()
    for number in range(1, 15):
        put(lake, number)
    landed.set()
    for thread in threads:
        thread.join()
    catch_up(lake)

    assert [thread.fault for thread in threads] == [None] * 4
    assert labels(lake) == whole_labels(lake)
    assert len(labels(lake)["outcomes"]) == 30


def test_a_job_that_slept_longer_than_the_retention_judges_all_again(tmp_path: Path):
    """Between its look and its commit everything is compacted and the old files are gone; it commits what it judged, and misses nothing."""
    lake = Lake(tmp_path)
    for number in range(4):
        put(lake, number)
    catch_up(lake)

    def sleep(step: JobStep) -> None:
        if step is JobStep.JUDGED:
            put(lake, 5)
            compact(lake)
            vacuum(lake, retain=timedelta(0))

    put(lake, 4)
    advance(detect_job(CombinedDetector(), sleep), lake)
    catch_up(lake)

    assert labels(lake) == whole_labels(lake)
    assert len(labels(lake)["links"]) >= 6


def test_a_step_whose_files_go_while_it_reads_says_so_and_can_be_run_again(tmp_path: Path):
    """Files of its snapshot are removed in the midst of its reading: a clear error, nothing written, and the next step takes all in."""
    lake = Lake(tmp_path)
    for number in range(4):
        put(lake, number)
    catch_up(lake)
    put(lake, 4)
    before = labels(lake)

    with pytest.raises(LakeUnavailable, match="lake must be readable"), lake.connect() as reader:
        compact(lake)
        vacuum(lake, retain=timedelta(0))
        reader.execute("select count(distinct body) from turn_parts").fetchall()

    assert labels(lake) == before
    catch_up(lake)
    assert labels(lake) == whole_labels(lake)
