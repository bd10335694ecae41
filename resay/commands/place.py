"""A Kafka topic as the command line names it: its address, its brokers' security, and the extra that reading and writing need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ingest.kafka_place import KafkaPlace, read_place, read_security
from ingest.source import SourceUnavailable

KafkaSettingsOption = Annotated[
    Path | None,
    typer.Option("--kafka-settings", metavar="FILE", help="Properties with TLS and login, as Kafka's own clients or librdkafka take them."),
]


def place_of(address: str, kafka_settings: Path | None) -> KafkaPlace:
    """The topic that the command line names, and how its brokers want to be spoken to.

    Raises: SourceUnavailable.
    """
    return read_place(address, read_security(kafka_settings) if kafka_settings else None)


@contextmanager
def kafka_needed() -> Iterator[None]:
    """A block that imports what needs the extra `kafka`.

    Raises: SourceUnavailable.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != "kafka":
            raise
        message = "reading and writing topics needs the extra `kafka`; it is not installed; try pip install 'resay[kafka]'?"
        raise SourceUnavailable(message) from error
