"""A backlog that several processes share: `resay ingest --source kafka://… --processes N`."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from ingest.kafka_place import KafkaPlace
from resay.commands.fellows import RECORDS_A_PROCESS, processes_for
from resay.store.lake import Lake
from tests import child
from tests.builders import record
from tests.kafka_topic import fill

RECORDS = 12_000
PARTITIONS = 4


@pytest.mark.parametrize(
    ("backlog", "partitions", "expected"),
    [(0, 4, 1), (RECORDS_A_PROCESS - 1, 4, 1), (RECORDS_A_PROCESS, 1, 1), (RECORDS_A_PROCESS, 4, min(2, len(os.sched_getaffinity(0))))],
)
def test_more_processes_only_where_they_are_worth_while(backlog: int, partitions: int, expected: int):
    """At most one a core, one a partition, and one for each stretch of records that pays for its start."""
    assert processes_for(backlog, partitions) == expected


@pytest.mark.kafka
@pytest.mark.slow
def test_fellows_share_a_backlog_and_one_tells_of_all(broker: str, topic: str, tmp_path: Path):
    """The counts are those of all processes together, and the lake holds every record once."""
    place = backlog(broker, topic)

    result = child.resay("ingest", "--source", str(place), "--processes", "3", "--tolerant", "--json", home=tmp_path)

    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert (told["read"], told["accepted"], told["rejected"], told["unfinished"]) == (RECORDS, RECORDS - 12, 12, [])
    assert len(told["faults"]) == 5
    assert landed(tmp_path) == RECORDS - 12


@pytest.mark.kafka
@pytest.mark.slow
def test_a_fellow_that_is_killed_is_stood_in_for(broker: str, topic: str, tmp_path: Path):
    """Its partitions go to the others; the run ends well and says what it could not count."""
    place = backlog(broker, topic)
    process = child.start_resay("ingest", "--source", str(place), "--processes", "2", "--tolerant", "--json", home=tmp_path)

    os.kill(fellow_of(process.pid), signal.SIGKILL)
    out, said = process.communicate(timeout=child.WAIT_S)

    assert process.returncode == 0, said
    assert landed(tmp_path) == RECORDS - 12
    assert json.loads(out)["unfinished"] == ["one of the processes broke, and others did its work; it was killed"]


@pytest.mark.kafka
@pytest.mark.slow
def test_no_fellow_outlives_who_started_it(broker: str, topic: str, tmp_path: Path):
    """Neither one that is told to stop, nor one that is killed."""
    place = backlog(broker, topic)
    for blow in (signal.SIGTERM, signal.SIGKILL):
        process = child.start_resay("ingest", "--source", str(place), "--processes", "2", "--json", home=tmp_path / blow.name)
        fellow = fellow_of(process.pid)

        process.send_signal(blow)
        process.communicate(timeout=child.WAIT_S)

        deadline = time.monotonic() + child.WAIT_S
        while Path(f"/proc/{fellow}/cmdline").exists() and Path(f"/proc/{fellow}/cmdline").read_bytes():
            assert time.monotonic() < deadline, "a fellow must end with whoever started it"
            time.sleep(0.05)


def test_fellows_are_for_a_backlog(tmp_path: Path):
    """Whoever follows a topic with several processes starts them one by one; files are read by one."""
    following = child.resay("ingest", "--source", "kafka://localhost:1/t", "--follow", "--processes", "2", home=tmp_path)
    files = child.resay("ingest", "turns.jsonl", "--processes", "2", home=tmp_path)

    assert (following.returncode, files.returncode) == (2, 2)
    assert "--processes must go with --source" in following.stderr + files.stderr


def backlog(broker: str, topic: str) -> KafkaPlace:
    """A topic with records in all partitions, one in a thousand bad."""
    raws = [record(f"t{number}", customer_id=f"c{number % 50}") if number % 1_000 else b"bad" for number in range(RECORDS)]
    return fill(broker, topic, {partition: raws[partition::PARTITIONS] for partition in range(PARTITIONS)})


def fellow_of(pid: int) -> int:
    """The first process that another one has started, once there is one."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    deadline = time.monotonic() + child.WAIT_S
    while not (found := children.read_text().split()):
        assert time.monotonic() < deadline, "a fellow must be started"
        time.sleep(0.01)
    return int(found[0])


def landed(home: Path) -> int:
    """How many different records are in the lake; none is there twice."""
    with Lake(home / "lake").connect() as connection:
        ((rows, different),) = connection.execute("select count(*), count(distinct turn_id) from turn_parts").fetchall()
    assert rows == different
    return int(rows)
