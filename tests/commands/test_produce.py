"""`resay produce` and `resay ingest --source kafka://…`, on a real broker."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from resay.commands.main import command_line
from resay.dialogue.errors import ResayError
from resay.store.lake import Lake
from resay.store.turns import read_turns
from tests import child
from tests.builders import record
from tests.kafka_topic import fill

pytestmark = pytest.mark.kafka

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process: status, standard output, standard error."""
    monkeypatch.setenv("RESAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "300")

    def run(*arguments: object) -> tuple[int, str, str]:
        done = CliRunner().invoke(command_line(), [str(each) for each in arguments])
        if isinstance(done.exception, ResayError):
            return 1, done.stdout, f"{done.stderr}resay: {done.exception}\n"
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


def test_a_log_goes_through_a_topic_into_the_lake(run: Run, broker: str, topic: str, tmp_path: Path):
    """What is produced is ingested: good records once, the bad one kept with its reason; again, there is nothing new."""
    path = tmp_path / "turns.jsonl"
    path.write_bytes(b"\n".join([record("t1"), record("t2"), record("t2"), b"not a turn", record("t3")]) + b"\n")
    address = f"kafka://{broker}/{topic}"

    produced = run("produce", path, address, "--partitions", 2)
    first = run("ingest", "--source", address, "--json")
    again = run("ingest", "--source", address, "--rejects-topic", "none")

    assert produced == (0, "records sent: 5; refused: 0\n", "")
    assert first[0] == 1
    summary = json.loads(first[1])
    assert (summary["read"], summary["accepted"], summary["duplicates"], summary["rejected"]) == (5, 3, 1, 1)
    assert f"rejected {topic}/" in first[2]
    assert again == (0, "records read: 0; new: 0, there already: 0, rejected: 0\n", "")
    assert sorted(turn.turn_id for turn in read_turns(Lake(tmp_path / "home" / "lake"))) == ["t1", "t2", "t3"]


def test_a_record_longer_than_the_topic_takes_is_refused(run: Run, broker: str, topic: str, tmp_path: Path):
    """The long one is named with its place and the limit; the others are written."""
    fill(broker, topic, {0: []})
    path = tmp_path / "turns.jsonl"
    path.write_bytes(
        b"\n".join([record("t1"), record("t2", room="x" * 1_048_400), record("t3", room="x" * 2_000_000), record("t4")]) + b"\n"
    )

    status, out, err = run("produce", path, f"kafka://{broker}/{topic}")

    assert (status, out) == (1, "records sent: 2; refused: 2\n")
    assert "turns.jsonl:2: record must fit into 1,048,588 bytes (max.message.bytes of the topic); got 1,048," in err
    assert "turns.jsonl:3: record must be at most 1,048,576 bytes" in err


def test_records_of_a_customer_lie_in_one_partition(run: Run, broker: str, topic: str, tmp_path: Path):
    """The key is the customer, so that a customer's turns stay in order."""
    path = tmp_path / "turns.jsonl"
    path.write_bytes(
        b"".join(record(f"{customer}{number}", customer_id=customer) + b"\n" for number in range(3) for customer in "abcdefgh")
    )
    address = f"kafka://{broker}/{topic}"

    run("produce", path, address, "--partitions", 3)
    run("ingest", "--source", address)

    with Lake(tmp_path / "home" / "lake").connect() as connection:
        homes = connection.execute(
            "select customer_id, count(distinct partition), count(*) from turn_parts group by all order by all"
        ).fetchall()
    assert homes == [(customer, 1, 3) for customer in "abcdefgh"]


def test_a_pace_is_kept(run: Run, broker: str, topic: str, tmp_path: Path):
    """`--rate` spreads records evenly over time."""
    path = tmp_path / "turns.jsonl"
    path.write_bytes(b"".join(record(f"t{number}") + b"\n" for number in range(20)))
    fill(broker, topic, {0: []})

    started = time.monotonic()
    status, _, _ = run("produce", path, f"kafka://{broker}/{topic}", "--rate", 20)

    assert status == 0
    assert time.monotonic() - started >= 0.9


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ingest"], "files or --source must be given"),
        (["ingest", "x.jsonl", "--source", "kafka://a/b"], "files or --source must be given"),
        (["ingest", "x.jsonl", "--follow"], "must go with --source"),
        (["ingest", "--source", "kafka://a/b", "--until", "2100-01-01"], "--until must lie in the past"),
        (["ingest", "--source", "a/b"], "source must be written kafka://host:port"),
        (["ingest", "--source", "kafka://a/b", "--kafka-settings", "/none"], "settings /none must be a readable file"),
    ],
)
def test_wrong_usage_is_said(run: Run, arguments: list[str], sentence: str):
    """What does not go together is said before anything is reached for."""
    status, _, err = run(*arguments)

    assert status in {1, 2}
    assert sentence in err


def test_following_ends_cleanly_on_sigterm(broker: str, topic: str, tmp_path: Path):
    """SIGTERM ends `--follow` between commits, with the sum and status 0; what had come is in the lake."""
    fill(broker, topic, {0: [record("t1"), record("t2")]})
    words = ["--source", f"kafka://{broker}/{topic}", "--rejects-topic", "none", "--follow"]
    process = child.start_resay("ingest", *words, home=tmp_path)
    deadline = time.monotonic() + child.WAIT_S
    while time.monotonic() < deadline and not _count(tmp_path):
        time.sleep(0.2)

    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=child.WAIT_S)

    assert (process.returncode, out, err) == (0, "records read: 2; new: 2, there already: 0, rejected: 0\n", "")
    assert _count(tmp_path) == 2


def _count(home: Path) -> int:
    if not (home / "lake" / "turn_parts").exists():
        return 0
    with Lake(home / "lake").connect() as connection:
        return int(connection.execute("select count(*) from turn_parts").fetchall()[0][0])
