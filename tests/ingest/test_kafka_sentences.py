"""What operators read when a topic or its brokers are not as they should be, word by word, from the real broker."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from threading import Timer

import pytest

from deploy.kafka.broker import Broker
from ingest.kafka_cluster import create_topic
from ingest.kafka_log import KafkaLog
from ingest.kafka_place import KafkaPlace, read_place
from ingest.kafka_reading import KafkaReading
from ingest.kafka_sink import KafkaSink
from ingest.source import SourceUnavailable
from tests.kafka_topic import fill

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.usefixtures("left_open"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

Opening = Callable[[KafkaPlace], object]


def read(place: KafkaPlace) -> KafkaLog:
    return KafkaLog(place, positions=lambda *_: 0, reading=KafkaReading(place.topic, gather_s=0.05, reach_s=1, patience_s=1))


OPENINGS: list[Opening] = [read, KafkaSink]


@pytest.mark.parametrize("opening", OPENINGS, ids=["read", "write"])
def test_a_missing_topic(opening: Opening, broker: str, topic: str):
    """It is named, with its brokers, and with what makes one."""
    with pytest.raises(SourceUnavailable) as told:
        opening(read_place(f"kafka://{broker}/{topic}"))

    assert str(told.value) == (
        f"topic '{topic}' must be there on {broker}; there is none; is its name right? (resay produce --partitions makes one)"
    )


@pytest.mark.parametrize("opening", [read, lambda place: create_topic(place, 1, reach_s=1)], ids=["read", "make"])
@pytest.mark.parametrize(("server", "why"), [("127.0.0.1:1", "111 ECONNREFUSED"), ("nowhere.invalid:9092", "DNS Resolution failure")])
def test_a_wrong_broker(opening: Opening, server: str, why: str):
    """Its address is named, with what the network said."""
    with pytest.raises(SourceUnavailable) as told:
        opening(read_place(f"kafka://{server}/turns"))

    assert str(told.value) == f"brokers {server} must answer; {why}; are host and port right, and does Kafka run there?"


def test_a_record_longer_than_its_topic_takes(broker: str, topic: str):
    """It is refused with the limit and its length; those before and behind it are written."""
    place = read_place(f"kafka://{broker}/{topic}")
    create_topic(place, 1, message_bytes_max=2_000)

    with closing(KafkaSink(place)) as sink:
        said = [sink.send(raw, None) for raw in (b"a", b"x" * 3_000, b"b")]
        sink.flush()

    assert said == ["", "record must fit into 2,000 bytes (max.message.bytes of the topic); got 3,000", ""]
    assert _contents(place) == [b"a", b"b"]


@pytest.mark.slow
def test_a_broker_that_stops_and_stays_away(own_broker: Broker, topic: str):
    """Reading and writing end with a sentence, when their patience does."""
    place = fill(own_broker.address, topic, {0: [b"a"]})

    with closing(read(place)) as log, closing(KafkaSink(place, delivery_s=2)) as sink:
        own_broker.stop()
        with pytest.raises(SourceUnavailable) as reading:
            log.next_batch(10, 1_000)
        with pytest.raises(SourceUnavailable) as writing:
            sink.send(b"b", None)

    sentence = f"brokers {own_broker.address} must answer; {{}}; are host and port right, and does Kafka run there?"
    assert str(reading.value) == sentence.format("111 ECONNREFUSED")
    # The library gives a first record up before it says why.
    assert str(writing.value) in {sentence.format("111 ECONNREFUSED"), sentence.format("nothing answers")}


@pytest.mark.slow
def test_a_broker_that_stops_and_comes_back_under_a_writer(own_broker: Broker, topic: str):
    """What was handed in while it was away is written when it is back: all of it, once, in order."""
    place = fill(own_broker.address, topic, {0: []})
    raws = [b"%d" % number for number in range(300)]

    with closing(KafkaSink(place)) as sink:
        for raw in raws[:100]:
            sink.send(raw, None)
        own_broker.kill()
        for raw in raws[100:]:
            sink.send(raw, None)
        back = Timer(1, own_broker.start)
        back.start()
        sink.flush()
        back.join()

    assert _contents(place) == raws


def _contents(place: KafkaPlace) -> list[bytes]:
    """What is in the topic's one partition."""
    raws: list[bytes] = []
    with closing(KafkaLog(place, positions=lambda *_: len(raws), reading=KafkaReading(place.topic, gather_s=0.05))) as log:
        while batch := log.next_batch(1_000, 1_000_000):
            raws += [record.raw for record in batch.records]
    return raws
