"""Members that come, go and stand still, and a broker that dies, compared with plain Python; kills at every step: `test_kill_sweep`."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from deploy.kafka.broker import Broker
from ingest.kafka_reading import KafkaReading
from ingest.landing import LandingStep
from resay.commands.bench.stream.kill_member import Orders, start, steps_of
from resay.store.lake import Lake
from tests.builders import BASE, record
from tests.kafka_topic import fill
from tests.members import WAIT_S, started_by, wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

PARTITIONS = 3

Logs = Mapping[int, Sequence[bytes]]


@pytest.fixture
def members() -> Iterator[Callable[[Orders], BaseProcess]]:
    """Starts members; none of them outlives the test."""
    with started_by(start) as begin:
        yield begin


def test_members_come_and_go(broker: str, topic: str, tmp_path: Path, members: Callable[..., BaseProcess]):
    """One joins, one leaves, one is killed, one joins again, while records keep coming: all of them land once."""
    rng = random.Random(3)
    logs = made_logs(rng, 800)
    rounds = [{number: raws[at * 120 : at * 120 + 120] for number, raws in logs.items()} for at in range(2)]
    place = fill(broker, topic, rounds[0])
    orders = Orders(tmp_path, place, KafkaReading(topic, follow=True, gather_s=0.05, session_s=6.0), 10)

    first = members(orders)
    wait_for(lambda: len(found(tmp_path)[0]) > 30)
    second = members(orders)
    wait_for(lambda: "committed" in steps_of(tmp_path, second) or len(found(tmp_path)[0]) == len(expected(rounds[0])[0]))
    first.terminate()
    third = members(orders)
    fill(broker, topic, rounds[1])
    time.sleep(0.5)
    second.kill()
    fourth = members(orders)
    wait_for(lambda: found(tmp_path) == expected(logs, 240))
    for process in (third, fourth):
        process.terminate()
        process.join(WAIT_S)
    first.join(WAIT_S)

    assert (first.exitcode, second.exitcode, third.exitcode, fourth.exitcode) == (0, -signal.SIGKILL, 0, 0)
    assert found(tmp_path) == expected(logs, 240)


@pytest.mark.parametrize("step", [LandingStep.TAKEN, LandingStep.LETTERS_KEPT])
def test_a_member_that_wakes_too_late_writes_nothing(
    step: LandingStep, broker: str, topic: str, tmp_path: Path, members: Callable[..., BaseProcess]
):
    """A member stands still in the midst of a batch until its partitions went elsewhere; when it wakes, it finds its position lost."""
    logs = made_logs(random.Random(4), 120)
    place = fill(broker, topic, logs)
    reading = KafkaReading(topic, gather_s=0.05, session_s=1.5)
    sleeper = members(Orders(tmp_path, place, reading, 10, step, times=2, blow=signal.SIGSTOP))
    wait_for(lambda: is_stopped(sleeper))
    slept_behind = len(steps_of(tmp_path, sleeper))

    other = members(Orders(tmp_path, place, reading))
    other.join(WAIT_S)
    before = found(tmp_path)
    assert sleeper.pid is not None
    os.kill(sleeper.pid, signal.SIGCONT)
    sleeper.join(WAIT_S)

    assert (other.exitcode, sleeper.exitcode) == (0, 0)
    assert before == found(tmp_path) == expected(logs)
    awake = steps_of(tmp_path, sleeper)[slept_behind:]
    assert "lost" in awake
    assert "committed" not in awake


@pytest.mark.usefixtures("left_open")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_broker_that_is_killed_and_comes_back_costs_nothing(
    own_broker: Broker, topic: str, tmp_path: Path, members: Callable[..., BaseProcess]
):
    """The broker dies under a member in the midst of its work, and comes back with its records; the member goes on by itself."""
    logs = made_logs(random.Random(5), 600)
    place = fill(own_broker.address, topic, logs)
    process = members(Orders(tmp_path, place, KafkaReading(topic, gather_s=0.05), 5))
    wait_for(lambda: len(found(tmp_path)[0]) > 50)

    own_broker.kill()
    time.sleep(1)
    own_broker.start()
    process.join(WAIT_S)

    assert process.exitcode == 0
    assert found(tmp_path) == expected(logs)


def made_logs(rng: random.Random, records: int) -> Logs:
    """Logs with repeats (5 %), records out of order (10 %), and some that nobody can read (1 %)."""
    logs: dict[int, list[bytes]] = {number: [] for number in range(PARTITIONS)}
    sent: list[tuple[int, bytes]] = []
    for number in range(records):
        if rng.random() < 0.01 or number == 5:
            raw = b"bad %d" % number
        elif sent and rng.random() < 0.05:
            raw = rng.choice(sent)[1]
        else:
            late = rng.randint(0, 3_600) if rng.random() < 0.1 else 0
            raw = record(f"t{number}", at=int(BASE.timestamp() * 1000) + (number - late) * 1000, customer_id=f"c{number % 17}")
        sent.append((rng.randrange(PARTITIONS), raw))
        logs[sent[-1][0]].append(raw)
    return logs


def expected(logs: Logs, upto: int | None = None) -> tuple[list[bytes], list[tuple[int, int]]]:
    """What must be in the lake: every different good record once, every bad one by where it stood."""
    taken = {number: raws[:upto] for number, raws in logs.items()}
    good = {raw for raws in taken.values() for raw in raws if not raw.startswith(b"bad")}
    bad = [(number, offset) for number, raws in taken.items() for offset, raw in enumerate(raws) if raw.startswith(b"bad")]
    return sorted(good), sorted(bad)


def found(home: Path) -> tuple[list[bytes], list[tuple[int, int]]]:
    """What is in the lake."""
    if not (home / "lake" / "turn_parts").exists():
        return [], []
    with Lake(home / "lake").connect() as connection:
        parts = connection.execute("select body from turn_parts").fetchall()
        letters = connection.execute("select partition, position from rejects").fetchall()
    return sorted(body.encode() for (body,) in parts), sorted((int(partition.split("@")[0]), at) for partition, at in letters)


def is_stopped(process: BaseProcess) -> bool:
    """Whether a process stands still (SIGSTOP)."""
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
