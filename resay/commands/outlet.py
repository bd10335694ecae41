"""Where records that we make go: a topic, a file in a folder, or standard output. Knows how to write, and nothing of what is written."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ingest.kafka_place import SCHEME
from resay.commands.place import kafka_needed, place_of
from resay.lab.log_files import BrokenLog, prepare

PIPE = "-"


class Outlet(Protocol):
    """Where records go."""

    def send(self, raw: bytes, key: bytes | None, /) -> str:
        """Hand in a record; answers why it is refused, or nothing."""

    def flush(self) -> None:
        """Wait until all that was handed in is kept."""

    def close(self) -> None:
        """Let go of it."""


class NobodyReads(Exception):
    """Whoever read our standard output is gone."""


def open_outlet(to: str, *, kafka_settings: Path | None, partitions: int, now: datetime) -> Outlet:
    """The topic, folder or pipe that the command line names.

    Raises: SourceUnavailable, BrokenLog.
    """
    if to == PIPE:
        return _Pipe()
    if not to.startswith(SCHEME):
        return _File(Path(to), f"turns-{now:%Y%m%dT%H%M%S%f}.jsonl")
    place = place_of(to, kafka_settings)
    with kafka_needed():
        from ingest.kafka_cluster import create_topic
        from ingest.kafka_sink import KafkaSink
    if partitions:
        create_topic(place, partitions)
    return KafkaSink(place)


class _File:
    """A file of its own in a folder; every record is there whole, whenever one looks."""

    def __init__(self, folder: Path, name: str) -> None:
        prepare(folder)
        self._path = folder / name
        self._file = self._path.open("xb", buffering=0)

    def send(self, raw: bytes, _key: bytes | None, /) -> str:
        line = raw + b"\n"
        try:
            written = self._file.write(line)
        except OSError as error:
            message = f"{self._path} must be writable; {error}; is the disk full?"
            raise BrokenLog(message) from error
        if written != len(line):
            message = f"{self._path} must take whole records; it took {written} of {len(line)} bytes; is the disk full?"
            raise BrokenLog(message)
        return ""

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self._file.close()


class _Pipe:
    """Standard output, a record a line."""

    def send(self, raw: bytes, _key: bytes | None, /) -> str:
        try:
            sys.stdout.buffer.write(raw + b"\n")
            sys.stdout.buffer.flush()
        except BrokenPipeError as error:
            # What Python still holds for the pipe goes nowhere, and without a word.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise NobodyReads from error
        return ""

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass
