"""Topics with given records, on the broker of the fixtures. Apart from these, so that only tests that need it load the library."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime

from kafka import KafkaAdminClient, KafkaProducer

from ingest.kafka_cluster import create_topic, delete_topic
from ingest.kafka_place import KafkaPlace, read_place

GONE_S = 120.0
"""A machine that runs other tests beside may be many times slower than a quiet one."""


def fill(address: str, topic: str, records: Mapping[int, Sequence[bytes]], *, at: datetime | None = None) -> KafkaPlace:
    """Write records to the partitions of a topic, which is made where it is missing; `at` is their time for Kafka."""
    place = read_place(f"kafka://{address}/{topic}")
    create_topic(place, max(records) + 1)
    producer = KafkaProducer(bootstrap_servers=address, linger_ms=10, batch_size=262_144)
    when = int(at.timestamp() * 1000) if at else None
    sent = [producer.send(topic, raw, partition=partition, timestamp_ms=when) for partition, raws in records.items() for raw in raws]
    producer.flush()
    producer.close()
    assert all(each.succeeded() for each in sent), "every record must be on the broker"
    return place


def take_away(place: KafkaPlace) -> None:
    """Delete a topic, and wait until the broker knows it no more: it says yes before it is gone."""
    delete_topic(place)
    with closing(KafkaAdminClient(bootstrap_servers=list(place.servers))) as admin:
        deadline = time.monotonic() + GONE_S
        while place.topic in admin.list_topics():
            assert time.monotonic() < deadline, "a topic that was deleted must go"
            time.sleep(0.05)
