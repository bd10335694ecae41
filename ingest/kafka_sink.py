"""Records into a Kafka topic, keyed by customer: all of a customer's turns lie in one partition, in order.

Knows how to send and what a topic refuses; knows nothing of what records say beyond whose they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from kafka import KafkaProducer  # type: ignore[import-untyped] # The library has no types.
from kafka.errors import KafkaError, MessageSizeTooLargeError  # type: ignore[import-untyped]
from kafka.record.default_records import DefaultRecordBatchBuilder  # type: ignore[import-untyped]

from ingest.kafka_cluster import client_settings, in_our_words, look_up, opening, overheard
from ingest.kafka_place import KafkaPlace
from ingest.kafka_reading import REACH_S
from resay.dialogue.codec import ID_CHARS_MAX

LINGER_S = 0.02
"""How long a record waits for company in a request."""

BYTES_A_REQUEST = 262_144
"""Records of one partition that travel together; gzip gains little beyond it."""

UNSENT_BYTES_MAX = 33_554_432
"""Handed in and not yet acknowledged; the library itself has no limit."""

DELIVERY_S = 60.0
"""How long a record may take to be acknowledged, with all retries; a broker's restart takes less."""


LENGTH_BYTES_MAX = 5
"""The length of a value takes so many bytes at most."""

Headers = Sequence[tuple[str, bytes]]


class _Owner(msgspec.Struct):
    customer_id: str


_owner = msgspec.json.Decoder(_Owner)


def key_of(raw: bytes) -> bytes | None:
    """The key of a record: its customer; none where the record does not say, as a record that cannot be read has no order to keep."""
    try:
        return _owner.decode(raw).customer_id[:ID_CHARS_MAX].encode()
    except (msgspec.MsgspecError, UnicodeError):
        return None


class KafkaSink:
    """A topic to send records to; a record that was acknowledged is kept by as many brokers as the topic asks for."""

    def __init__(self, place: KafkaPlace, *, delivery_s: float = DELIVERY_S, reach_s: float = REACH_S) -> None:
        """Find the topic and connect.

        Raises: SourceUnavailable.
        """
        self._place = place
        self._unsent = 0
        self._failed: list[KafkaError] = []
        self._topic = look_up(place, reach_s=reach_s)
        with overheard() as remarks, in_our_words(place, remarks), opening(self._settings(delivery_s)) as settings:
            self._producer = KafkaProducer(**settings)

    def send(self, raw: bytes, key: bytes | None, *, partition: int | None = None, headers: Headers = ()) -> str:
        """Hand in a record; answers why the topic refuses it, or nothing. The key decides the partition where none is named.

        Raises: SourceUnavailable where the brokers are gone.
        """
        try:
            future = self._producer.send(self._place.topic, raw, key=key, partition=partition, headers=list(headers))
        except MessageSizeTooLargeError:
            # The library's own check: a record that the broker refuses would end its idempotent producer for good.
            return f"record must fit into {self._topic.message_bytes_max:,} bytes (max.message.bytes of the topic); got {len(raw):,}"
        except KafkaError as error:
            self._failed.append(error)
            self.flush()
            return ""
        future.add_errback(self._failed.append)
        self._unsent += len(raw)
        if self._unsent >= UNSENT_BYTES_MAX:
            self.flush()
        return ""

    def room(self, key: bytes, headers: Headers) -> int:
        """How many bytes beside this key and these headers the topic takes; below zero where it takes not even these."""
        beside = DefaultRecordBatchBuilder.estimate_size_in_bytes(key, b"", list(headers))
        return self._topic.message_bytes_max - int(beside) - LENGTH_BYTES_MAX

    def flush(self) -> None:
        """Wait until all that was handed in is acknowledged.

        Raises: SourceUnavailable where some of it was not.
        """
        with overheard() as remarks, in_our_words(self._place, remarks):
            self._producer.flush()
            self._unsent = 0
            if self._failed:
                raise self._failed[0]

    def close(self) -> None:
        """Close the connections; what was not acknowledged by then is given up."""
        with overheard(), suppress(KafkaError):
            self._producer.close(timeout=1)

    def _settings(self, delivery_s: float) -> dict[str, Any]:
        shared = client_settings(self._place)
        return shared | {
            "acks": "all",
            "compression_type": "gzip",  # Python's own; lz4 and zstd need libraries that a reader may not have.
            "linger_ms": int(LINGER_S * 1000),
            "batch_size": min(BYTES_A_REQUEST, self._topic.message_bytes_max // 2),
            "max_request_size": self._topic.message_bytes_max,
            "delivery_timeout_ms": int(delivery_s * 1000),
            "max_block_ms": int(delivery_s * 1000),
            "request_timeout_ms": min(shared["request_timeout_ms"], int(delivery_s * 1000 / 2)),
            "allow_auto_create_topics": False,
            "metrics_enabled": False,
        }


@dataclass(frozen=True, slots=True)
class Pace:
    """So many records a second, evenly."""

    per_s: float
    clock: Callable[[], float]
    sleep: Callable[[float], None]

    def wait(self, start: float, sent: int) -> None:
        """Sleep until the next record is due; `start` is when the first was sent."""
        due = start + sent / self.per_s
        if (early := due - self.clock()) > 0:
            self.sleep(early)
