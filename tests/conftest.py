"""Fixtures that tests of several packages share."""

from tests.kafka_broker import broker, own_broker, topic
from tests.places import open_folder, tiny_disk

__all__ = ["broker", "open_folder", "own_broker", "tiny_disk", "topic"]
