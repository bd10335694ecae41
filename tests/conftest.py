"""Fixtures that tests of several packages share."""

from tests.kafka_broker import broker, own_broker, topic

__all__ = ["broker", "own_broker", "topic"]
