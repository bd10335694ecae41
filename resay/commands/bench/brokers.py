"""Topics on a real broker that live for one measurement, and what the broker says of itself.

Knows how to make and remove them; what is written to them and measured there is not its business.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from ingest.kafka_place import SCHEME, KafkaPlace, read_place
from ingest.source import SourceUnavailable

REACH_S = 5.0
"""How long the broker may take to answer first: it is on this machine or beside it, and a wrong port is told soon."""

TOPIC_PREFIX = "resay-bench-"

PARTITIONS = 4

PACKAGES = ("kafka-python", "crc32c", "confluent-kafka")
"""Whose versions decide how fast the bare consumers are."""


@dataclass(frozen=True, slots=True)
class BenchTopic:
    """A topic that is there for one measurement."""

    place: KafkaPlace
    partitions: int
    topic_id: str

    @property
    def address(self) -> str:
        """`kafka://…/TOPIC`, for command lines."""
        return str(self.place)

    def group(self, number: int) -> str:
        """The name of a consumer group that goes with the topic."""
        return f"{self.place.topic}-{number}"


@contextmanager
def bench_topic(address: str, *, partitions: int = PARTITIONS, groups: int = 0) -> Iterator[BenchTopic]:
    """A fresh topic for the length of the block; removed however the block ends, with its groups `0`, `1`, … .

    Raises: SourceUnavailable.
    """
    from ingest.kafka_cluster import create_topic, delete_topic, forget_groups, look_up

    place = read_place(f"{address.rstrip('/')}/{TOPIC_PREFIX}{secrets.token_hex(6)}")
    try:
        create_topic(place, partitions, reach_s=REACH_S)
        topic = BenchTopic(place, partitions, look_up(place, reach_s=REACH_S).topic_id)
        yield topic
    finally:
        with suppress(SourceUnavailable):  # The broker is gone, or never was there; what went wrong is told already.
            delete_topic(place, reach_s=REACH_S)
            if groups:
                forget_groups(place, [f"{place.topic}-{number}" for number in range(groups)], reach_s=REACH_S)


def check_broker(address: str) -> None:
    """Make sure that a broker answers, before anything is made.

    Raises: SourceUnavailable.
    """
    if not address.startswith(SCHEME) or "/" in address.removeprefix(SCHEME).rstrip("/"):
        message = f"source must be written {SCHEME}HOST:PORT, without a topic, as a bench makes its own; got {address[:200]!r}"
        raise SourceUnavailable(message)
    try:
        with bench_topic(address, partitions=1):
            pass
    except ModuleNotFoundError as error:
        if error.name != "kafka":
            raise
        message = "measuring streams needs the extra `kafka`; it is not installed; try pip install 'resay[kafka]'?"
        raise SourceUnavailable(message) from error
    except SourceUnavailable as error:
        message = f"{error} (`make kafka` starts one on this machine)"
        raise SourceUnavailable(message) from error


def client_versions() -> str:
    """The versions of the packages that read topics, as a phrase."""
    return ", ".join(f"{name} {_version(name)}" for name in PACKAGES)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
