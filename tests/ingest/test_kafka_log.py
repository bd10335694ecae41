"""A Kafka topic as a source, on a real broker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from deploy.kafka.broker import Broker
from ingest.kafka_log import KafkaLog
from ingest.kafka_place import KafkaPlace, read_place
from ingest.kafka_reading import KafkaReading
from ingest.landing import LandingRules, land, stored_position
from ingest.source import Batch, SourceUnavailable
from resay.store.lake import Lake
from tests.builders import BASE, record
from tests.fakes import FakeClock
from tests.kafka_topic import fill, take_away

pytestmark = pytest.mark.kafka


def test_all_partitions_are_read_to_their_ends(broker: str, topic: str):
    """A bounded reading gives every record of every partition once, in order, and then ends."""
    place = fill(broker, topic, {number: _raws(number, 50) for number in range(3)})

    batches = _read(place, KafkaReading(topic), records_max=20)

    by_partition = _by_partition(batches)
    assert {key.partition("@")[0]: raws for key, raws in by_partition.items()} == {str(number): _raws(number, 50) for number in range(3)}
    assert all(batch.start == batch.records[0].position and batch.end == batch.records[-1].position + 1 for batch in batches)
    assert {batch.records[0].origin for batch in batches if batch.start == 0} == {f"{topic}/{number}@0" for number in range(3)}


def test_reading_goes_on_where_the_lake_stands(broker: str, topic: str):
    """The positions that we give decide, not the offsets that Kafka keeps for the group."""
    place = fill(broker, topic, {0: _raws(0, 10)})
    _read(place, KafkaReading(topic))

    again = _read(place, KafkaReading(topic), positions=lambda *_: 7)

    assert [record.position for batch in again for record in batch.records] == [7, 8, 9]


def test_only_records_of_the_asked_times_are_read(broker: str, topic: str):
    """`since` passes over older records, `until` ends before later ones; what was passed over is declared done."""
    for day in range(4):
        place = fill(broker, topic, {0: _raws(day, 5)}, at=BASE + timedelta(days=day - 10))
    reading = KafkaReading(topic, since=BASE - timedelta(days=9), until=BASE - timedelta(days=7, hours=12))

    batches = _read(place, reading)

    assert [record.raw for batch in batches for record in batch.records] == _raws(1, 5) + _raws(2, 5)
    assert (batches[0].start, batches[-1].end) == (0, 15)


def test_nothing_at_hand_still_moves_the_position(broker: str, topic: str):
    """Where all records are older than asked for, the stretch is passed with a batch of none."""
    place = fill(broker, topic, {0: _raws(0, 5)}, at=BASE - timedelta(days=10))

    batches = _read(place, KafkaReading(topic, since=BASE - timedelta(days=1)))

    assert [(batch.start, batch.end, batch.records) for batch in batches] == [(0, 5, ())]


def test_records_of_aborted_transactions_are_not_read(broker: str, topic: str):
    """What a producer took back is passed over, and so are the marks of transactions, to the very end."""
    place = fill(broker, topic, {0: [b"first"]})
    for outcome in ("abort", "commit", "abort"):
        producer = KafkaProducer(bootstrap_servers=broker, transactional_id=topic)
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(topic, outcome.encode(), partition=0)
        producer.flush()
        producer.abort_transaction() if outcome == "abort" else producer.commit_transaction()
        producer.close()

    batches = _read(place, KafkaReading(topic))

    assert [record.raw for batch in batches for record in batch.records] == [b"first", b"commit"]
    assert batches[-1].end == 7


def test_an_open_transaction_holds_up_nothing_that_stands_before_it(broker: str, topic: str):
    """Many records that are on the brokers and not yet ours to read do not keep those at hand waiting for a full batch."""
    place = fill(broker, topic, {0: [b"before"], 1: [b"beside"]})
    with closing(KafkaProducer(bootstrap_servers=broker, transactional_id=topic)) as producer:
        producer.init_transactions()
        producer.begin_transaction()
        for raw in _raws(0, 300):
            producer.send(topic, raw, partition=0)
        producer.flush()
        with closing(_log(place, KafkaReading(topic, follow=True, gather_s=0.2), lambda *_: 0)) as log, _trickle(broker, topic, 1):
            batches = _batches(log, 100, until=lambda batch: batch.partition.startswith("0@"))
        producer.abort_transaction()

    assert list(batches[-1].raws) == [b"before"]


def test_partitions_do_not_wait_for_one_another(broker: str, topic: str):
    """Where a record comes to each of many partitions, all are handed out after the time that one waits, not one after the other."""
    place = fill(broker, topic, {number: [b"first"] for number in range(10)})
    seen: set[str] = set()
    with closing(_log(place, KafkaReading(topic, follow=True, gather_s=3.0), lambda *_: 0)) as log:
        began = time.monotonic()

        while len(seen) < 10:
            seen |= {batch.partition for batch in _batches(log, 100, until=lambda _batch: True)}

        assert time.monotonic() - began < 28


def test_a_topic_made_anew_is_another_one(broker: str, topic: str):
    """A topic that was deleted and made again begins at 0: its partitions have another name in the lake."""
    place = fill(broker, topic, {0: [b"old"]})
    (old,) = _read(place, KafkaReading(topic))
    take_away(place)
    fill(broker, topic, {0: [b"new"]})

    (new,) = _read(place, KafkaReading(topic), positions=lambda _name, partition: 1 if partition == old.partition else 0)

    assert new.partition != old.partition
    assert [record.raw for record in new.records] == [b"new"]


def test_records_that_the_topic_no_longer_holds_are_said(broker: str, topic: str):
    """Where retention was faster than we, the reading stops and says how many are gone; it goes on without them only when told to."""
    place = fill(broker, topic, {0: _raws(0, 10)})
    admin = KafkaAdminClient(bootstrap_servers=broker)
    admin.delete_records({TopicPartition(topic, 0): 6})
    admin.close()

    with pytest.raises(SourceUnavailable, match=r"must still hold records from 2, .* 4 were removed before they were read"):
        _read(place, KafkaReading(topic), positions=lambda *_: 2)
    went_on = _read(place, KafkaReading(topic, allow_gap=True), positions=lambda *_: 2)
    never_read = _read(place, KafkaReading(topic))

    assert [(batch.start, batch.end, len(batch.records)) for batch in went_on] == [(2, 10, 4)]
    assert [(batch.start, batch.end, len(batch.records)) for batch in never_read] == [(0, 10, 4)]


def test_a_lake_ahead_of_the_topic_is_said(broker: str, topic: str):
    """A position behind the end of a partition means that brokers have lost records: nothing is read over it."""
    place = fill(broker, topic, {0: _raws(0, 3)})

    with pytest.raises(SourceUnavailable, match="must reach to 9, where the lake stands; it ends at 3"):
        _read(place, KafkaReading(topic), positions=lambda *_: 9)


def test_a_record_longer_than_ours_may_be_is_kept_as_a_reject(broker: str, topic: str, tmp_path: Path):
    """Where a topic takes longer records than we do, such a record stops nothing: its beginning is kept, with its length."""
    admin = KafkaAdminClient(bootstrap_servers=broker)
    admin.create_topics({topic: {"num_partitions": 1, "configs": {"max.message.bytes": "6000000"}}})
    admin.close()
    producer = KafkaProducer(bootstrap_servers=broker, max_request_size=6_000_000)
    for raw in (record("t1"), record("t2", more="x" * 5_000_000), record("t3")):
        producer.send(topic, raw).get(10)
    producer.close()
    lake = Lake(tmp_path)
    place = read_place(f"kafka://{broker}/{topic}")

    with closing(_log(place, KafkaReading(topic), lambda name, partition: stored_position(lake, name, partition))) as log:
        report = land(log, lake, rules=LandingRules(clock=FakeClock()))

    assert (report.accepted, report.rejected) == (2, 1)
    with lake.connect() as connection:
        letters = connection.execute("select origin, raw_bytes, octet_length(raw) from rejects").fetchall()
    assert letters == [(f"{topic}/0@1", len(record("t2", more="x" * 5_000_000)), 1_048_576)]


def test_a_missing_topic_is_said(broker: str, topic: str):
    """A mistyped topic is named, and none is made."""
    with pytest.raises(SourceUnavailable, match=rf"topic '{topic}' must be there .*; there is none; is its name right"):
        _read(read_place(f"kafka://{broker}/{topic}"), KafkaReading(topic))


@pytest.mark.usefixtures("left_open")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_wrong_broker_is_said():
    """Where nothing listens, the address and the reason are named."""
    with pytest.raises(SourceUnavailable, match=r"brokers 127\.0\.0\.1:1 must answer; .*ECONNREFUSED; are host and port right"):
        KafkaLog(read_place("kafka://127.0.0.1:1/turns"), positions=lambda *_: 0, reading=KafkaReading(reach_s=1))


def test_following_waits_for_more_until_stopped(broker: str, topic: str):
    """With `follow` records are given as they come, within the time that they may gather, until it is stopped."""
    place = fill(broker, topic, {0: _raws(0, 2)})
    seen: list[bytes] = []

    def stop() -> bool:
        return len(seen) >= 4

    with closing(KafkaLog(place, positions=lambda *_: 0, reading=KafkaReading(topic, True, gather_s=0.2), stop=stop)) as log:
        while batch := log.next_batch(100, 1_000_000):
            seen += [record.raw for record in batch.records]
            if len(seen) == 2:
                fill(broker, topic, {0: _raws(1, 2)})
                started = time.monotonic()
        waited = time.monotonic() - started
        lag = dict(log.lag())

    assert seen == _raws(0, 2) + _raws(1, 2)
    assert waited < 30
    assert list(lag.values()) == [0]


def test_two_members_share_the_partitions(broker: str, topic: str):
    """Partitions are divided; when a member leaves, the other gets its share and goes on where the lake stands."""
    place = fill(broker, topic, {number: _raws(number, 10) for number in range(4)})
    stored: dict[str, int] = {}
    reading = KafkaReading(topic, follow=True, gather_s=0.1, session_s=2)
    seen: dict[str, list[bytes]] = {}

    def take(log: KafkaLog, until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 120
        stopping[0] = lambda: until() or time.monotonic() > deadline
        while batch := log.next_batch(5, 1_000_000):
            if batch.start == stored.get(batch.partition, 0):
                stored[batch.partition] = batch.end
                seen.setdefault(batch.partition, []).extend(record.raw for record in batch.records)
            else:
                log.seek(batch.partition, stored.get(batch.partition, 0))

    stopping: list[Callable[[], bool]] = [lambda: False]

    def member() -> KafkaLog:
        return KafkaLog(place, positions=lambda _name, partition: stored.get(partition, 0), reading=reading, stop=lambda: stopping[0]())

    first = member()
    take(first, lambda: len(stored) == 4 and set(stored.values()) == {10})
    second = member()
    shares = []
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and sorted(shares) != [2, 2]:
        for log in (first, second):
            until = time.monotonic() + 0.3
            take(log, lambda until=until: time.monotonic() > until)
        shares = [len(first.partitions()), len(second.partitions())]
    fill(broker, topic, {number: _raws(number + 10, 10) for number in range(4)})
    take(first, lambda: sum(stored.values()) >= 60)
    first.close()
    take(second, lambda: sum(stored.values()) == 80)
    second.close()

    assert sorted(shares) == [2, 2]
    assert {key.partition("@")[0]: raws for key, raws in seen.items()} == {
        str(number): _raws(number, 10) + _raws(number + 10, 10) for number in range(4)
    }


@pytest.mark.usefixtures("left_open")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_broker_that_stops_and_comes_back_loses_nothing(own_broker: Broker, topic: str):
    """While the broker is away the reading waits; when it is back it goes on."""
    place = fill(own_broker.address, topic, {0: _raws(0, 30)})
    seen: list[bytes] = []
    deadline = [time.monotonic() + 120]

    def take(until: int) -> None:
        while len(seen) < until and (batch := log.next_batch(10, 1_000_000)):
            seen.extend(record.raw for record in batch.records)

    reading = KafkaReading(topic, follow=True, gather_s=0.1)
    with closing(KafkaLog(place, positions=lambda *_: len(seen), reading=reading, stop=lambda: time.monotonic() > deadline[0])) as log:
        take(30)
        own_broker.stop()
        deadline[0] = time.monotonic() + 1
        take(31)
        own_broker.start()
        fill(own_broker.address, topic, {0: _raws(1, 30)})
        deadline[0] = time.monotonic() + 120
        take(60)

    assert seen == _raws(0, 30) + _raws(1, 30)


@pytest.mark.usefixtures("left_open")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_bounded_reading_gives_up_on_a_broker_that_stays_away(own_broker: Broker, topic: str):
    """Where the broker does not come back, a bounded reading ends with a sentence."""
    place = fill(own_broker.address, topic, {0: _raws(0, 10)})

    with closing(_log(place, KafkaReading(topic, patience_s=1), lambda *_: 0)) as log:
        own_broker.kill()
        with pytest.raises(SourceUnavailable, match=r"must answer; .*; are host and port right, and does Kafka run there"):
            log.next_batch(10, 1_000_000)


def _raws(seed: int, number: int) -> list[bytes]:
    return [b"%d-%d" % (seed, ordinal) for ordinal in range(number)]


def _log(place: KafkaPlace, reading: KafkaReading, positions: Callable[[str, str], int]) -> KafkaLog:
    return KafkaLog(place, positions=positions, reading=reading)


def _read(
    place: KafkaPlace,
    reading: KafkaReading,
    *,
    records_max: int = 1_000,
    positions: Callable[[str, str], int] = lambda *_: 0,
) -> list[Batch]:
    batches: list[Batch] = []
    done: dict[str, int] = {}

    def stored(name: str, partition: str) -> int:
        return done.get(partition, positions(name, partition))

    with closing(_log(place, reading, stored)) as log:
        while batch := log.next_batch(records_max, 1_000_000):
            batches.append(batch)
            done[batch.partition] = batch.end
    return batches


def _batches(log: KafkaLog, records_max: int, *, until: Callable[[Batch], bool]) -> list[Batch]:
    """Batches up to the first of which this holds, which must come soon."""
    batches: list[Batch] = []
    deadline = time.monotonic() + 120
    while not (batches and until(batches[-1])):
        assert time.monotonic() < deadline, "it must come"
        batches += [batch] if (batch := log.next_batch(records_max, 1_000_000)) else []
    return batches


@contextmanager
def _trickle(address: str, topic: str, partition: int) -> Iterator[None]:
    """A block in which a record comes to a partition every 20 ms."""
    ended = threading.Event()

    def send() -> None:
        with closing(KafkaProducer(bootstrap_servers=address, linger_ms=0)) as producer:
            while not ended.wait(0.02):
                producer.send(topic, b"more", partition=partition)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _by_partition(batches: list[Batch]) -> dict[str, list[bytes]]:
    by_partition: dict[str, list[bytes]] = {}
    for batch in batches:
        by_partition.setdefault(batch.partition, []).extend(record.raw for record in batch.records)
    return by_partition
