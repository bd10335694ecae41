"""Kafka's libraries alone, without us: what a bench measures beside a landing, and how it fills a topic quickly.

Knows how to read every record of a topic once and look at none; knows nothing of what they say, of groups or of the lake.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition  # type: ignore[import-untyped] # The library has no types.
from kafka.errors import KafkaError  # type: ignore[import-untyped]

from ingest.kafka_cluster import client_settings
from ingest.kafka_log import BYTES_A_FETCH, BYTES_A_PARTITION, POLL_S, RECORDS_A_POLL
from ingest.kafka_place import KafkaPlace
from ingest.source import SourceUnavailable

SILENCE_S = 30.0
"""A topic whose records are all there answers in milliseconds; after this something is wrong, and a bench must end."""

LINGER_MS = 20
BYTES_A_REQUEST = 262_144
UNSENT_RECORDS_MAX = 1_000_000
"""Records of a few hundred bytes that librdkafka may hold: a bench hands in fewer at once."""

SERVED_EVERY = 10_000
"""Records between two looks at what was acknowledged; often enough to keep memory flat."""


@dataclass(frozen=True, slots=True)
class BareReading:
    """What reading a whole topic took."""

    records: int
    seconds: float
    """From the first poll to the last record."""


def read_with_kafka_python(place: KafkaPlace, partitions: int, *, records: int) -> BareReading:
    """Poll until so many records came, count them and look at none; partitions are assigned, there is no group and nothing is committed.

    Settings that cost time are those of a landing: records a poll, bytes a fetch, checks by CRC-32C, committed records only.

    Raises: SourceUnavailable where records stop coming.
    """
    consumer = KafkaConsumer(
        **client_settings(place),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_poll_records=RECORDS_A_POLL,
        fetch_max_bytes=BYTES_A_FETCH,
        max_partition_fetch_bytes=BYTES_A_PARTITION,
        metrics_enabled=False,
    )
    try:
        consumer.assign([TopicPartition(place.topic, number) for number in range(partitions)])
        count, began = 0, time.monotonic()
        heard = began
        while count < records:
            before = count
            for polled in consumer.poll(timeout_ms=int(POLL_S * 1000)).values():
                count += len(polled)
            heard = _still_coming(place, heard, came=count > before)
        return BareReading(count, time.monotonic() - began)
    finally:
        consumer.close()


def read_with_confluent(place: KafkaPlace, partitions: int, *, records: int) -> BareReading | None:
    """The same with librdkafka, for comparison; nothing where its package is absent.

    Raises: SourceUnavailable where records stop coming.
    """
    try:
        from confluent_kafka import Consumer
        from confluent_kafka import TopicPartition as Partition
    except ModuleNotFoundError:
        return None
    consumer = Consumer({"bootstrap.servers": ",".join(place.servers), "group.id": "resay-bench-unused", "enable.auto.commit": False})
    try:
        consumer.assign([Partition(place.topic, number, 0) for number in range(partitions)])
        count, began = 0, time.monotonic()
        heard = began
        while count < records:
            polled = len(consumer.consume(RECORDS_A_POLL, POLL_S))
            count += polled
            heard = _still_coming(place, heard, came=polled > 0)
        return BareReading(count, time.monotonic() - began)
    finally:
        consumer.close()


def write_records(place: KafkaPlace, records: Iterable[tuple[int, bytes]]) -> None:
    """Write records, each with its partition, as fast as this machine can, not packed; acknowledged when this returns.

    Raises: SourceUnavailable.
    """
    try:
        from confluent_kafka import Producer
    except ModuleNotFoundError:
        _write_with_kafka_python(place, records)
        return
    producer = Producer(
        {
            "bootstrap.servers": ",".join(place.servers),
            "linger.ms": LINGER_MS,
            "queue.buffering.max.messages": UNSENT_RECORDS_MAX,
            "queue.buffering.max.kbytes": 1_048_576,
            "acks": "all",
        }
    )
    failed: list[object] = []

    def told(error: object, _record: object) -> None:
        if error is not None:
            failed.append(error)

    for number, (partition, raw) in enumerate(records):
        producer.produce(place.topic, raw, partition=partition, on_delivery=told)
        if number % SERVED_EVERY == 0:
            producer.poll(0)
    left = producer.flush(SILENCE_S)
    if left or failed:
        raise _unwritten(place, failed[0] if failed else f"{left:,} were not acknowledged in {SILENCE_S:g} s")


def _write_with_kafka_python(place: KafkaPlace, records: Iterable[tuple[int, bytes]]) -> None:
    producer = KafkaProducer(**client_settings(place), linger_ms=LINGER_MS, batch_size=BYTES_A_REQUEST, metrics_enabled=False)
    failed: list[KafkaError] = []
    try:
        for partition, raw in records:
            producer.send(place.topic, raw, partition=partition).add_errback(failed.append)
        producer.flush(timeout=SILENCE_S)
    except KafkaError as error:
        raise _unwritten(place, error) from error
    finally:
        producer.close(timeout=1)
    if failed:
        raise _unwritten(place, failed[0])


def _still_coming(place: KafkaPlace, heard: float, *, came: bool) -> float:
    """When records last came."""
    now = time.monotonic()
    if came:
        return now
    if now - heard > SILENCE_S:
        message = f"{place} must give all of its records; none came for {SILENCE_S:g} s; is the broker still there?"
        raise SourceUnavailable(message)
    return heard


def _unwritten(place: KafkaPlace, why: Any) -> SourceUnavailable:
    return SourceUnavailable(f"records must be written to {place}; {why}; is the broker's disk full?")
