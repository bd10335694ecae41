"""Back-pressure: however slowly batches are taken, what waits in memory is bounded; on a real broker."""

from __future__ import annotations

import os
import time
from contextlib import closing

import pytest

from ingest.kafka_log import BUFFER_BYTES_MAX, BYTES_A_FETCH, KafkaLog
from ingest.kafka_reading import KafkaReading
from tests.kafka_topic import fill

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

RAW_BYTES = 500_000


def test_a_slow_lake_keeps_what_is_read_bounded(broker: str, topic: str):
    """With more on the topic than may wait, and a taker that asks for all and then sleeps, no more than the limit and one fetch is held.

    Everything comes in the end, in order.
    """
    number = BUFFER_BYTES_MAX * 3 // 4 // RAW_BYTES
    for start in range(0, number, 20):
        raws = [b"%08d" % ordinal + os.urandom(RAW_BYTES - 8) for ordinal in range(start, min(start + 20, number))]
        place = fill(broker, topic, {0: raws, 1: raws})
    held: list[int] = []
    seen: dict[str, list[int]] = {}

    with closing(KafkaLog(place, positions=lambda *_: 0, reading=KafkaReading(topic, gather_s=60))) as log:
        while batch := log.next_batch(1_000_000, 1_000_000_000_000):
            records = list(batch.records)
            held.append(log.held_bytes() + sum(record.length for record in records))
            seen.setdefault(batch.partition[0], []).extend(int(record.raw[:8]) for record in records)
            before = log.held_bytes()
            time.sleep(1)  # The lake.
            assert log.held_bytes() == before

    assert seen == {"0": list(range(number)), "1": list(range(number))}
    assert BUFFER_BYTES_MAX <= max(held) <= BUFFER_BYTES_MAX + BYTES_A_FETCH
