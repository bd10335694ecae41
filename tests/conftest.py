"""Fixtures that tests of several packages share."""

from tests.browser import browser
from tests.kafka_broker import broker, left_open, own_broker, topic
from tests.places import open_folder, tiny_disk

__all__ = ["broker", "browser", "left_open", "open_folder", "own_broker", "tiny_disk", "topic"]
