"""Topics with given records, on the broker of the fixtures. Apart from these, so that only tests that need it load the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from kafka import KafkaProducer

from ingest.kafka_cluster import create_topic
from ingest.kafka_place import KafkaPlace, read_place


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
