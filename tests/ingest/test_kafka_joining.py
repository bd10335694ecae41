"""A member whose answer to joining the group is lost by the library joins anew, on a real broker behind a slow network."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaProducer

from deploy.kafka.broker import Broker, find_ports
from ingest.kafka_log import KafkaLog
from ingest.kafka_reading import KafkaReading
from tests.kafka_proxy import SYNC_GROUP, Proxy
from tests.kafka_topic import fill

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.slow,
    pytest.mark.usefixtures("left_open"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


@pytest.fixture
def slow_network(tmp_path: Path) -> Iterator[tuple[Broker, Proxy]]:
    """A broker that tells clients the address of a proxy before it."""
    port, door = find_ports(2)
    broker = Broker(tmp_path / "kafka", port=port, extra=f"advertised.listeners=PLAINTEXT://127.0.0.1:{door}\n")
    broker.start()
    with Proxy(door, to=port) as proxy:
        yield broker, proxy
    broker.kill()


def test_a_member_whose_answer_was_lost_joins_anew(slow_network: tuple[Broker, Proxy], topic: str):
    """A poll that ends between the group's two answers, where the reason to join was a new partition, costs two sessions and no more.

    The library then forgets that it is joining (its own reason, new metadata, is gone once the leader has assigned), and waits for ever.
    """
    broker, proxy = slow_network
    place = fill(broker.address, topic, {0: [b"first"]})
    seen: list[bytes] = []
    done: dict[str, int] = {}
    deadline = [time.monotonic() + 120]

    def take(until: int) -> None:
        while len(seen) < until and (batch := log.next_batch(10, 1_000_000)):
            seen.extend(record.raw for record in batch.records)
            done[batch.partition] = batch.end

    reading = KafkaReading(topic, follow=True, gather_s=0.1, session_s=2)
    stop = lambda: time.monotonic() > deadline[0]  # noqa: E731 - a name for what stands in one line.
    with closing(KafkaLog(place, positions=lambda _name, number: done.get(number, 0), reading=reading, stop=stop)) as log:
        take(1)
        admin = KafkaAdminClient(bootstrap_servers=broker.address)
        admin.create_partitions({topic: 2})
        admin.close()
        producer = KafkaProducer(bootstrap_servers=broker.address)
        producer.send(topic, b"second", partition=1).get(60)
        producer.close()
        proxy.waits[SYNC_GROUP] = 1.0
        proxy.cut()  # The library looks at the topic anew when it connects anew.
        deadline[0] = time.monotonic() + 120
        take(2)

    assert proxy.waited >= 1
    assert seen == [b"first", b"second"]
