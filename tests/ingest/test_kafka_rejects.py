"""Dead letters in a topic of their own, on a real broker."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from deploy.kafka.broker import Broker
from ingest.kafka_cluster import NoTopic, create_topic
from ingest.kafka_log import KafkaLog
from ingest.kafka_place import KafkaPlace, with_topic
from ingest.kafka_reach import Reach
from ingest.kafka_reading import KafkaReading
from ingest.kafka_rejects import KafkaRejects
from ingest.landing import LandingReport, LandingRules, LandingStep, land, stored_position
from ingest.row import Refused
from ingest.source import Batch, SourceUnavailable
from resay.store.lake import Lake
from tests.builders import record
from tests.fakes import FakeClock
from tests.kafka_topic import fill, take_away

pytestmark = pytest.mark.kafka


@pytest.fixture
def places(broker: str, topic: str) -> tuple[KafkaPlace, KafkaPlace]:
    """A topic of four records, two of them bad, and the topic of its dead letters."""
    place = fill(broker, topic, {0: [record("t1"), b"not json"], 1: [b"\xff\xfe", record("t2")]})
    rejects = with_topic(place, f"{topic}-rejects")
    create_topic(rejects, 1)
    return place, rejects


def test_dead_letters_go_to_their_topic(places: tuple[KafkaPlace, KafkaPlace], tmp_path: Path):
    """Each with its bytes as they came, keyed by where it stood, and with what is wrong, where, and how long it was in headers."""
    place, rejects = places

    report = _land(place, rejects, tmp_path)

    letters = _letters(rejects)
    assert (report.accepted, report.rejected) == (2, 2)
    assert {letter.key.decode() for letter in letters} == _keys_in_table(tmp_path)
    by_origin = {dict(letter.headers)["origin"].decode(): letter for letter in letters}
    assert {origin: letter.value for origin, letter in by_origin.items()} == {
        f"{place.topic}/0@1": b"not json",
        f"{place.topic}/1@0": b"\xff\xfe",
    }
    said = dict(by_origin[f"{place.topic}/0@1"].headers)
    assert said["reason"].startswith(b"record must be one JSON object")
    assert (said["length"], "cut" in said) == (b"8", False)


@pytest.mark.slow
@pytest.mark.parametrize("blow", ["kept", "sent"])
def test_killed_around_the_sending_no_letter_is_missing(blow: str, places: tuple[KafkaPlace, KafkaPlace], tmp_path: Path):
    """Killed (`kill -9`) before or after letters were sent: the batch is read again, and each letter is in the topic at least once."""
    place, rejects = places
    killed = multiprocessing.get_context("forkserver").Process(target=_land_and_die, args=(place, rejects, tmp_path, blow))
    killed.start()
    killed.join(60)
    kept, sent = _keys_in_table(tmp_path), [letter.key.decode() for letter in _letters(rejects)]

    report = _land(place, rejects, tmp_path, group="next")

    after = [letter.key.decode() for letter in _letters(rejects)]
    assert killed.exitcode == -signal.SIGKILL
    assert (len(kept), len(sent)) == (1, 1 if blow == "sent" else 0)
    assert (report.accepted, report.rejected) == (2, 2)
    assert set(after) == _keys_in_table(tmp_path)
    assert len(after) == len(sent) + 2


def test_a_missing_topic_is_said_when_it_is_asked_for(broker: str, topic: str):
    """A topic of rejects that is not there is named, and none is made."""
    place = fill(broker, topic, {0: [b"x"]})

    with pytest.raises(NoTopic, match=f"topic '{topic}-rejects' must be there"):
        KafkaRejects(with_topic(place, f"{topic}-rejects"), topic, reading=KafkaReading())


def test_a_topic_that_is_taken_away_is_said_once(places: tuple[KafkaPlace, KafkaPlace], tmp_path: Path):
    """Where the topic goes while we run, one sentence says so, and the landing goes on with the table alone."""
    place, rejects = places
    said: list[str] = []
    reading = KafkaReading(place.topic)
    with closing(KafkaRejects(rejects, place.topic, reading=reading, reach=Reach(said.append))) as topic:
        take_away(rejects)

        report = _land_with(topic, place, tmp_path, reading=reading, records_a_batch=1)

    assert (report.accepted, report.rejected, len(_keys_in_table(tmp_path))) == (2, 2, 2)
    assert [sentence.partition(";")[0] for sentence in said] == [f"topic '{rejects.topic}' must be there on {place.servers[0]}"]


@pytest.mark.parametrize(("longest", "cut"), [(1_048_588, False), (2_000, True)])
def test_a_letter_longer_than_the_topic_takes_is_cut(longest: int, cut: bool, broker: str, topic: str, tmp_path: Path):
    """As much of it goes as the topic takes beside key and headers, and a header says so; its whole is in the table."""
    raw = os.urandom(3_000)
    place = fill(broker, topic, {0: [raw]})
    rejects = with_topic(place, f"{topic}-rejects")
    create_topic(rejects, 1, message_bytes_max=longest)

    _land(place, rejects, tmp_path)

    (letter,) = _letters(rejects)
    said = dict(letter.headers)
    assert raw.startswith(letter.value)
    assert said["length"] == b"3000"
    assert said.get("cut") == (str(len(letter.value)).encode() if cut else None)
    assert len(letter.value) > (1_300 if cut else 2_999)


def test_a_topic_with_no_room_for_headers_costs_nothing(broker: str, topic: str, tmp_path: Path):
    """Where not even a letter without a body fits, one sentence says so; the table has it."""
    place = fill(broker, topic, {0: [b"bad", b"worse"]})
    rejects = with_topic(place, f"{topic}-rejects")
    create_topic(rejects, 1, message_bytes_max=100)
    said: list[str] = []
    reading = KafkaReading(topic)

    with closing(KafkaRejects(rejects, topic, reading=reading, reach=Reach(said.append))) as letters:
        report = _land_with(letters, place, tmp_path, reading=reading)

    assert (report.rejected, len(_keys_in_table(tmp_path)), _letters(rejects)) == (2, 2, [])
    assert len(said) == 1
    assert "such letters go to table `rejects` only" in said[0]


@pytest.mark.slow
@pytest.mark.usefixtures("left_open")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_letters_wait_for_brokers_that_are_away(own_broker: Broker, topic: str, tmp_path: Path):
    """While the brokers are away nothing is committed; when they are back the letters go, and then the parts."""
    place = fill(own_broker.address, topic, {0: [record("t1"), b"bad"]})
    rejects = with_topic(place, f"{topic}-rejects")
    create_topic(rejects, 1)
    said: list[str] = []
    batch = _taken(place)
    back = threading.Timer(8, own_broker.start)
    with closing(KafkaRejects(rejects, topic, reading=KafkaReading(topic, follow=True), reach=Reach(said.append))) as letters:
        own_broker.stop()
        back.start()

        report = _land_batch(batch, tmp_path, letters)

    back.join()
    assert (report.accepted, report.rejected) == (1, 1)
    assert {letter.key.decode() for letter in _letters(rejects)} == _keys_in_table(tmp_path)
    assert [sentence.partition(";")[0] for sentence in said][:1] == [f"brokers {own_broker.address} must answer"]
    assert "answer again" in said[-1]


@pytest.mark.slow
@pytest.mark.usefixtures("left_open")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize(("follow", "stopped"), [(False, False), (True, True)])
def test_letters_that_cannot_be_sent_keep_the_position(follow: bool, stopped: bool, own_broker: Broker, topic: str, tmp_path: Path):
    """Where brokers stay away longer than a bounded reading waits, or we are stopped, it is said; parts and position stay out."""
    place = fill(own_broker.address, topic, {0: [record("t1"), b"bad"]})
    rejects = with_topic(place, f"{topic}-rejects")
    create_topic(rejects, 1)
    batch = _taken(place)
    reading = KafkaReading(topic, follow=follow, patience_s=1, reach_s=1)
    with closing(KafkaRejects(rejects, topic, reading=reading, stop=lambda: stopped)) as letters:
        _land_batch(batch, tmp_path / "before", letters)  # So that connections are open that then break.
        own_broker.kill()

        with pytest.raises(SourceUnavailable, match=r"must answer|must be usable"):
            _land_batch(batch, tmp_path / "after", letters)

    assert len(_keys_in_table(tmp_path / "after")) == 1
    assert stored_position(Lake(tmp_path / "after"), topic, batch.partition) == 0


def _land(place: KafkaPlace, rejects: KafkaPlace, home: Path, *, group: str = "") -> LandingReport:
    reading = KafkaReading(f"{place.topic}{group}", session_s=6)
    with closing(KafkaRejects(rejects, place.topic, reading=reading)) as letters:
        return _land_with(letters, place, home, reading=reading)


def _land_with(
    letters: KafkaRejects, place: KafkaPlace, home: Path, *, reading: KafkaReading, records_a_batch: int = 10_000
) -> LandingReport:
    lake = Lake(home)

    def rejected(refused: Sequence[Refused]) -> None:
        letters.send(refused)

    rules = LandingRules(clock=FakeClock(), rejected=rejected, records_a_batch=records_a_batch)
    with closing(KafkaLog(place, positions=lambda name, partition: stored_position(lake, name, partition), reading=reading)) as log:
        return land(log, lake, rules=rules)


class _OneBatch:
    """A source that has a batch in hand, as a topic has when its brokers go away behind it."""

    def __init__(self, name: str, batch: Batch) -> None:
        self.name = name
        self._batches = [batch]

    def partitions(self) -> Sequence[str]:
        return [each.partition for each in self._batches]

    def seek(self, partition: str, position: int) -> None:
        assert position == self._batches[0].start

    def next_batch(self, _records_max: int, _bytes_max: int, **_hurry: object) -> Batch | None:
        return self._batches.pop() if self._batches else None

    def close(self) -> None:
        pass


def _taken(place: KafkaPlace) -> Batch:
    with closing(KafkaLog(place, positions=lambda *_: 0, reading=KafkaReading(place.topic))) as log:
        batch = log.next_batch(100, 1_000_000)
    assert batch is not None
    return batch


def _land_batch(batch: Batch, home: Path, letters: KafkaRejects) -> LandingReport:
    def rejected(refused: Sequence[Refused]) -> None:
        letters.send(refused)

    topic = batch.records[0].origin.partition("/")[0]
    return land(_OneBatch(topic, batch), Lake(home), rules=LandingRules(clock=FakeClock(), rejected=rejected))


def _land_and_die(place: KafkaPlace, rejects: KafkaPlace, home: Path, blow: str) -> None:
    """Land, and be killed behind the keeping of letters, or behind the sending of them."""
    lake, reading = Lake(home), KafkaReading(place.topic)
    topic = KafkaRejects(rejects, place.topic, reading=reading)

    def observe(step: LandingStep, _batch: Batch) -> None:
        if blow == "kept" and step is LandingStep.LETTERS_KEPT:
            os.kill(os.getpid(), signal.SIGKILL)

    def rejected(refused: Sequence[Refused]) -> None:
        topic.send(refused)
        os.kill(os.getpid(), signal.SIGKILL)

    rules = LandingRules(clock=lambda: datetime.now(UTC), observe=observe, rejected=rejected)
    land(KafkaLog(place, positions=lambda name, partition: stored_position(lake, name, partition), reading=reading), lake, rules=rules)


def _keys_in_table(home: Path) -> set[str]:
    with Lake(home).connect() as connection:
        rows = connection.execute("select source || '#' || partition || '#' || position from rejects").fetchall()
    assert len(rows) == len(set(rows))
    return {key for (key,) in rows}


def _letters(rejects: KafkaPlace) -> list[Any]:
    return list(_read(rejects))


def _read(place: KafkaPlace) -> Iterator[Any]:
    at = TopicPartition(place.topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=list(place.servers), auto_offset_reset="earliest", enable_auto_commit=False)
    consumer.assign([at])
    (end,) = consumer.end_offsets([at]).values()
    while consumer.position(at) < end:
        for records in consumer.poll(timeout_ms=200).values():
            yield from records
    consumer.close()
