"""`resay ingest --source kafka://…` for those who run it: metrics, brokers that go and come back, the topic of rejects, wrong usage."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.kafka.broker import Broker, find_ports
from ingest.kafka_cluster import create_topic
from ingest.kafka_place import with_topic
from tests import child
from tests.builders import record
from tests.kafka_topic import fill

Follower = Callable[..., tuple[subprocess.Popen[str], int]]


@pytest.fixture
def follower(tmp_path: Path) -> Iterator[Follower]:
    """Starts `resay ingest --follow` with metrics: the process and the port. It does not outlive the test."""
    started: list[subprocess.Popen[str]] = []

    def start(place: object, *words: str, command: str = "ingest") -> tuple[subprocess.Popen[str], int]:
        (port,) = find_ports(1)
        follow = ("--follow",) if command == "ingest" else ()
        words = ("--source", str(place), *follow, "--metrics-port", str(port), "--json", *words)
        started.append(child.start_resay(command, *words, home=tmp_path / "home"))
        return started[-1], port

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.kafka
def test_metrics_of_a_following_ingest(broker: str, topic: str, follower: Follower):
    """What was read and became of it, the lag of each partition, batches, lost positions, dead letters sent, and how old the newest is."""
    place = fill(broker, topic, {0: [record("t1"), record("t1"), b"bad"], 1: [record("t2")]})
    create_topic(with_topic(place, f"{topic}-rejects"), 1)
    process, port = follower(place)

    shown = _wait_for(port, process, 'resay_events_read_total{source="kafka"} 4.0')
    process.send_signal(signal.SIGTERM)
    out, said = process.communicate(timeout=child.WAIT_S)

    assert (process.returncode, "Traceback" in said) == (0, False), said
    assert json.loads(out)["read"] == 4
    for line in (
        'resay_events_accepted_total{source="kafka"} 2.0',
        'resay_events_duplicated_total{source="kafka"} 1.0',
        'resay_events_rejected_total{reason="unreadable",source="kafka"} 1.0',
        'resay_rejects_sent_total{source="kafka"} 1.0',
        'resay_lost_positions_total{source="kafka"} 0.0',
        'resay_consumer_lag_records{partition="0",source="kafka"} ',
        'resay_consumer_lag_records{partition="1",source="kafka"} ',
        'resay_source_up{source="kafka"} 1.0',
        'resay_buffer_bytes{source="kafka"} 0.0',
        'resay_batch_seconds_count{source="kafka"} 2.0',
        'resay_newest_event_age_seconds{source="kafka"} ',
    ):
        assert line in shown, line


@pytest.mark.kafka
@pytest.mark.slow
def test_brokers_that_go_and_come_back_are_said(own_broker: Broker, topic: str, follower: Follower):
    """One sentence when the brokers are away, one when they are back, and a metric; what comes then is landed."""
    place = fill(own_broker.address, topic, {0: [record("t1")]})
    process, port = follower(place, "--rejects-topic", "none")
    _wait_for(port, process, 'resay_events_accepted_total{source="kafka"} 1.0')

    own_broker.kill()
    _wait_for(port, process, 'resay_source_up{source="kafka"} 0.0')
    own_broker.start()
    _wait_for(port, process, 'resay_source_up{source="kafka"} 1.0')
    fill(own_broker.address, topic, {0: [record("t2")]})
    _wait_for(port, process, 'resay_events_accepted_total{source="kafka"} 2.0')
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=child.WAIT_S)

    assert process.returncode == 0, said
    away, back = said.strip().splitlines()
    assert away.startswith(f"resay: brokers {own_broker.address} must answer; ")
    assert away.endswith("; waiting until they do")
    assert back.startswith("resay: brokers answer again; they were away for ")


@pytest.mark.kafka
@pytest.mark.slow
def test_told_to_end_while_brokers_are_away_it_ends_cleanly(own_broker: Broker, topic: str, follower: Follower):
    """SIGTERM ends a following ingest with 0 also when nobody answers."""
    place = fill(own_broker.address, topic, {0: [record("t1")]})
    process, port = follower(place, "--rejects-topic", "none")
    _wait_for(port, process, 'resay_events_accepted_total{source="kafka"} 1.0')

    own_broker.kill()
    _wait_for(port, process, 'resay_source_up{source="kafka"} 0.0')
    process.send_signal(signal.SIGTERM)
    out, said = process.communicate(timeout=child.WAIT_S)

    assert (process.returncode, json.loads(out)["read"]) == (0, 1), said


@pytest.mark.kafka
def test_a_topic_of_rejects_that_is_not_there_is_said_once(broker: str, topic: str, tmp_path: Path):
    """With the customary name the table alone is used, and said; a name that somebody wrote must be right."""
    place = fill(broker, topic, {0: [b"bad", b"worse"], 1: [b"worst", record("t1")]})

    usual = child.resay("ingest", "--source", str(place), "--json", home=tmp_path / "usual")
    named = child.resay("ingest", "--source", str(place), "--rejects-topic", "nowhere", home=tmp_path / "named")
    none = child.resay("ingest", "--source", str(place), "--rejects-topic", "none", home=tmp_path / "none")

    assert json.loads(usual.stdout)["rejected"] == 3
    assert usual.stderr.count(f"there is no topic {topic}-rejects") == 1
    assert (named.returncode, named.stdout) == (1, "")
    assert "topic 'nowhere' must be there" in named.stderr
    assert "there is no topic" not in none.stderr


@pytest.mark.kafka
def test_a_stream_sends_its_rejects_too(broker: str, topic: str, follower: Follower):
    """`resay stream` sends dead letters to the topic, and shows the same metrics."""
    place = fill(broker, topic, {0: [record("t1"), b"bad"]})
    create_topic(with_topic(place, f"{topic}-rejects"), 1)
    process, port = follower(place, command="stream")

    shown = _wait_for(port, process, 'resay_rejects_sent_total{source="kafka"} 1.0', 'resay_events_accepted_total{source="kafka"} 1.0')

    assert 'resay_source_up{source="kafka"} 1.0' in shown
    assert 'resay_consumer_lag_records{partition="0",source="kafka"} ' in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("turns.jsonl", "--rejects-topic", "r"), "--rejects-topic and --metrics-port must go with --source"),
        (("turns.jsonl", "--metrics-port", "0"), "--rejects-topic and --metrics-port must go with --source"),
        (("--source", "kafka://127.0.0.1:1/turns", "--rejects-topic", "turns"), "must be another topic than the one that is read"),
    ],
)
def test_wrong_usage_of_topics_is_said(tmp_path: Path, words: tuple[str, ...], said: str):
    """Status 2, and a sentence, before anything is connected to."""
    done = child.resay("ingest", *words, home=tmp_path)

    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())


def _wait_for(port: int, process: subprocess.Popen[str], *lines: str) -> str:
    """The metrics, once they hold these lines."""
    shown, deadline = "", time.monotonic() + 2 * child.WAIT_S
    while not all(line in shown for line in lines):
        assert process.poll() is None, "it must go on"
        assert time.monotonic() < deadline, f"it must come to show {lines}; it shows {shown}"
        time.sleep(0.1)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                shown = answer.read().decode()
        except OSError:
            continue
    return shown
