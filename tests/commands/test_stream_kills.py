"""`resay stream` on a real broker, killed everywhere, in one process and in several: the tables are those of one batch run."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from ingest.landing import land_records
from markov.publish import live_rewrites
from resay.commands.learn import learn
from resay.commands.learning import LearnRules
from resay.commands.settings import Settings
from resay.commands.stream_parts import Part
from resay.dialogue.codec import encode, whole
from resay.dialogue.rewrite import Rewrite
from resay.store.artifact import Shelf
from resay.store.lake import Lake
from tests import child
from tests.builders import BASE
from tests.commands.stream_member import Orders, start, steps_of
from tests.commands.test_learn import talk
from tests.kafka_topic import fill
from tests.members import WAIT_S, started_by, wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

PARTITIONS = 2
CUSTOMERS_A_ROUND = 4

ROUNDS_MAX, ROUND_S = 24, 5.0
"""So often customers say some more, and so long apart: two minutes in all, where a group is joined in seconds."""

STEPS = (
    *((Part.INGEST, step) for step in ("taken", "letters_kept", "committed")),
    *((Part.DETECT, step) for step in ("looked", "judged", "committed")),
    *((Part.LABEL, step) for step in ("looked", "judged", "committed")),
    *((Part.LEARN, step) for step in ("mined", "verified", "written", "pointed", "noted")),
)
"""All that the chain does, in its order."""

LOST_LAST = ((Part.LEARN, "verified"), (Part.LEARN, "pointed"))
"""Where learning dies when nothing more is said: before anything is published, and behind it but not noted."""

Logs = Mapping[int, Sequence[bytes]]
Tables = Mapping[str, list[tuple[Any, ...]]]


@pytest.fixture
def members() -> Iterator[Callable[[Orders], BaseProcess]]:
    """Starts members; none of them outlives the test."""
    with started_by(start) as begin:
        yield begin


def test_killed_in_every_part_it_says_what_one_batch_run_says(
    broker: str, topic: str, tmp_path: Path, members: Callable[[Orders], BaseProcess]
):
    """SIGKILL behind every step of the chain and at moments between, while records keep coming, and of learning when none come any more.

    Then one undisturbed run. Planted by hand and seen red: noting what was learnt before it is published; moving a job's position in a
    commit before its rows.
    """
    rng, logs, died = random.Random(1), [], []
    blows = [(step, 0.0) for step in STEPS] + [(rng.choice(STEPS), rng.uniform(0.005, 0.3)) for _ in range(2)]
    rng.shuffle(blows)
    live, source = Shelf(tmp_path / "rewrites"), place(broker, topic)
    numbers = [0]
    for number, (at, delay_s) in enumerate(blows):
        logs.append(made_logs(rng, number))
        fill(broker, topic, logs[-1])
        process = members(Orders(tmp_path, source, f"{topic}-{number}", at=at, delay_s=delay_s, until_idle_s=20.0))
        process.join(WAIT_S)
        died.append(process.exitcode == -signal.SIGKILL)
        numbers.append(whole_number(live))

    # What learning loses once nothing more is said, no later turn brings back.
    quiet = [Orders(tmp_path, source, f"{topic}-quiet", parts=(Part.INGEST, Part.DETECT, Part.LABEL))]
    quiet += [Orders(tmp_path, source, "", parts=(Part.LEARN,), at=at, until_idle_s=1.0) for at in STEPS if at in LOST_LAST]
    last = [*quiet, Orders(tmp_path, source, f"{topic}-last")]
    ended = []
    for orders in last:
        process = members(orders)
        process.join(WAIT_S)
        ended.append(process.exitcode)

    assert ended == [0, *[-signal.SIGKILL] * len(LOST_LAST), 0]
    assert sum(died) >= len(STEPS), "blows must have fallen"
    assert numbers == sorted(numbers), "an older table never comes back"
    assert numbers[-1] >= 3, "tables must have been published between the blows"
    assert everything(tmp_path) == batch_run(tmp_path / "batch", logs)


def test_the_command_itself_may_be_killed(broker: str, topic: str, tmp_path: Path):
    """`resay stream`, started as people start it, and killed at moments that chance picks; the last run is told to end and ends with 0."""
    rng = random.Random(5)
    logs = [made_logs(rng, number) for number in range(3)]
    words = ("stream", "--source", place(broker, topic), "--every", "0.1", "--k", "3", "--json")
    for number, log in enumerate(logs):
        fill(broker, topic, log)
        process = child.start_resay(*words, "--group", f"{topic}-{number}", home=tmp_path)
        time.sleep(rng.uniform(2.0, 5.0))
        process.kill()
        process.communicate(timeout=WAIT_S)
        whole_number(Shelf(tmp_path / "rewrites"))

    ended = child.resay(*words, "--group", f"{topic}-last", "--until-idle", "15", home=tmp_path)

    assert ended.returncode == 0, ended.stderr
    assert everything(tmp_path) == batch_run(tmp_path / "batch", logs)


def test_two_processes_share_the_chain_and_one_dies(broker: str, topic: str, tmp_path: Path, members: Callable[[Orders], BaseProcess]):
    """Both run every part on one home, one topic and one group; the one that lives takes over, and ends with 0."""
    rng = random.Random(3)
    logs = [made_logs(rng, 0)]
    orders = Orders(tmp_path, place(broker, fill(broker, topic, logs[0]).topic), topic, until_idle_s=WAIT_S)
    one, two = members(orders), members(orders)
    # The quicker one may have done all that there is to do before the other has joined, so customers go on talking until both had work.
    while not (steps_of(tmp_path, one) and steps_of(tmp_path, two)):
        assert len(logs) < ROUNDS_MAX, "both must get some of the work"
        logs.append(made_logs(rng, len(logs)))
        fill(broker, topic, logs[-1])
        time.sleep(ROUND_S)
    wait_for(lambda: "learn noted" in steps_of(tmp_path, one) + steps_of(tmp_path, two))
    two.kill()
    logs.append(made_logs(rng, len(logs)))
    fill(broker, topic, logs[-1])

    expected = batch_run(tmp_path / "batch", logs)
    wait_for(lambda: one.exitcode is not None or everything(tmp_path) == expected)
    one.terminate()
    one.join(WAIT_S)

    assert one.exitcode == 0
    assert everything(tmp_path) == expected


@pytest.mark.parametrize("doubled", [pytest.param(False, marks=pytest.mark.exhaustive), True], ids=["split", "split-twice"])
def test_parts_in_processes_of_their_own(doubled: bool, broker: str, topic: str, tmp_path: Path, members: Callable[[Orders], BaseProcess]):
    """One process lands, one links and labels, two learn, or two of each: none ends with 1, and the tables are those of a batch run."""
    rng = random.Random(4)
    logs = [made_logs(rng, number) for number in range(4)]
    source = place(broker, fill(broker, topic, logs[0]).topic)
    splits = [(Part.INGEST,), (Part.DETECT, Part.LABEL), (Part.LEARN,), (Part.LEARN,)]
    splits += [(Part.INGEST,), (Part.DETECT, Part.LABEL)] if doubled else []
    started = [members(Orders(tmp_path, source, topic, parts=parts, until_idle_s=300.0)) for parts in splits]
    for log in logs[1:]:
        time.sleep(rng.uniform(0.3, 1.0))
        fill(broker, topic, log)

    expected = batch_run(tmp_path / "batch", logs)
    wait_for(lambda: any(each.exitcode is not None for each in started) or everything(tmp_path) == expected)
    for process in started:
        process.terminate()
        process.join(WAIT_S)

    assert [process.exitcode for process in started] == [0] * len(started)
    assert everything(tmp_path) == expected


def place(broker: str, topic: str) -> str:
    """How the command line names it."""
    return f"kafka://{broker}/{topic}"


def made_logs(rng: random.Random, number: int) -> Logs:
    """What some more customers say, each in one partition, one wording a round; some of it again, out of order, or unreadable."""
    logs: dict[int, list[bytes]] = {partition: [] for partition in range(PARTITIONS)}
    for each in talk(CUSTOMERS_A_ROUND, source=f"lamp {'abcdefghijklmnopqrstuvwxyz'[number]} on now please"):
        mine = replace(each, customer_id=f"r{number}{each.customer_id}", turn_id=f"r{number}{each.turn_id}")
        logs[int(each.customer_id[1:]) % PARTITIONS].append(encode(whole(mine)))
    for raws in logs.values():
        raws.append(rng.choice(raws))
        rng.shuffle(raws)
    logs[rng.randrange(PARTITIONS)].append(b"bad %d" % number)
    return logs


def batch_run(home: Path, logs: Sequence[Logs]) -> tuple[Tables, list[Rewrite]]:
    """What a fresh lake says after one undisturbed run of every command over the same records."""
    home.mkdir()
    records = [raw for log in logs for raws in log.values() for raw in raws]
    land_records(records, source="batch", lake=Lake(home / "lake"), now=BASE + timedelta(days=30))
    learn(Settings(home, api_key=None, hash_key=None), LearnRules(k=3))
    return everything(home)


def everything(home: Path) -> tuple[Tables, list[Rewrite]]:
    """All that the tables say but for when and where it was read, and the live rewrites."""
    names = "turn_parts", "friction", "links", "segments", "outcomes", "chain_turns", "chain_tries"
    asked = dict.fromkeys(names, "*") | {"turn_parts": "* exclude (source, partition, position, landed_at)", "rejects": "raw"}
    with Lake(home / "lake").connect() as connection:
        tables = {name: connection.execute(f"select {what} from {name} order by all").fetchall() for name, what in asked.items()}
    return tables, live_rewrites(Shelf(home / "rewrites"))[1]


def whole_number(shelf: Shelf) -> int:
    """The number of the live generation, of which every file is as it was written; 0 before the first."""
    generation, rewrites = live_rewrites(shelf)
    assert generation is None or rewrites, "what is live is a whole table"
    return generation.number if generation else 0
