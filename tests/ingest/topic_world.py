"""A topic on the real broker, for tests that hold a landing against its model. Apart, so that only tests that need it load the library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from ingest.kafka_cluster import create_topic, look_up
from ingest.kafka_log import KafkaLog
from ingest.kafka_place import read_place
from ingest.kafka_reading import KafkaReading
from ingest.kafka_sink import KafkaSink


class TopicWorld:
    """A fresh topic; every reader is the only member of a group of its own, so that all of them want all partitions."""

    def __init__(self, address: str, folder: Path) -> None:
        self.name = f"world-{folder.parent.name}"
        self.partitions = (f"{self.name}#0", f"{self.name}#1")
        self._place = read_place(f"kafka://{address}/{self.name}")
        create_topic(self._place, len(self.partitions))
        self._topic_id = look_up(self._place).topic_id
        self._groups = count()

    def grow(self, partition: str, raws: Sequence[bytes]) -> None:
        """Add records to the end of a partition."""
        sink = KafkaSink(self._place)
        for raw in raws:
            sink.send(raw, None, partition=int(partition.rpartition("#")[2]))
        sink.flush()
        sink.close()

    def open(self, positions: Callable[[str, str], int]) -> KafkaLog:
        """A reader of all that is there now."""
        reading = KafkaReading(f"{self.name}-{next(self._groups)}", gather_s=0.05)
        return KafkaLog(self._place, positions=positions, reading=reading)

    def key(self, partition: str) -> str:
        """The number and the topic's id."""
        return f"{partition.rpartition('#')[2]}@{self._topic_id}"

    def partition(self, stored: str) -> str:
        """The number."""
        return f"{self.name}#{stored.partition('@')[0]}"

    def index(self, _partition: str, position: int) -> int:
        """Positions count records, as there are no transactions."""
        return position
