"""A burst: many turns at once before a landing that follows its topic, and how far behind it falls, and for how long.

Knows lag as the lake tells it, so that what the reader has fetched and not yet committed counts as behind.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from ingest.landing import stored_position
from resay.commands.bench.brokers import PARTITIONS, BenchTopic, bench_topic
from resay.commands.bench.children import ChildFailed, check_alive, started_child
from resay.commands.bench.report import BenchRow, count
from resay.commands.bench.stream.turn_maker import make_turns
from resay.commands.program import COMMAND_LINE
from resay.dialogue.errors import ResayError
from resay.dialogue.tick import Tick
from resay.store.lake import Lake

BURST_S = 20.0
"""A burst is what landing takes so long for, at the rate measured in the same run."""

BURST_TURNS = 200_000
"""The burst where no rate was measured: twenty seconds at 10,000 turns a second."""

AHEAD_TURNS = 1_000
"""Landed before the burst, so that the group has formed and the lake is there."""

LOOK_S = 0.25
"""How often the lake is asked; a look opens its log and takes a few hundredths of a second."""

CAUGHT_UP_S = 600.0
"""Longest wait for the lag to be gone: thirty times what it should take."""


@dataclass(frozen=True, slots=True)
class LagSample:
    """How far behind, at a moment."""

    at_s: float
    """Since the burst began to be sent."""
    lag: int
    """Records handed to the broker that are not yet committed to the lake."""


@dataclass(frozen=True, slots=True)
class Burst:
    """What a burst did."""

    turns: int
    sent_s: float
    """How long sending it took: at once, as far as the broker allows."""
    samples: tuple[LagSample, ...]
    """To the first without lag."""


def time_burst(address: str, rng: Random, *, turns: int, now: datetime, folder: Path, tick: Tick) -> Burst:
    """Send so many turns at once to a landing that runs, and watch until all are committed.

    Raises: SourceUnavailable, ChildFailed.
    """
    from ingest.kafka_bare import write_records

    ahead = make_turns(AHEAD_TURNS, rng, partitions=PARTITIONS, now=now)
    burst = make_turns(turns, rng, partitions=PARTITIONS, now=now)
    with TemporaryDirectory(dir=folder) as home, bench_topic(address, groups=1) as topic:
        words = ["ingest", "--source", topic.address, "--group", topic.group(0), "--follow", "--home", home, "--json"]
        lake = Lake(Path(home) / "lake")
        write_records(topic.place, ahead.records)
        with started_child(COMMAND_LINE, words, folder=folder) as child:

            def behind(sent: int) -> int:
                check_alive(child, words, folder=folder)
                return sent - landed_records(topic, lake)

            watch_lag(lambda: behind(AHEAD_TURNS))
            sender = _Sender(lambda records: write_records(topic.place, records), burst.records)
            sender.start()
            samples = watch_lag(lambda: behind(AHEAD_TURNS + sender.count), until=sender.is_done, told=lambda lag: tick(turns - lag, turns))
    return Burst(turns, sender.seconds, samples)


def burst_rows(burst: Burst) -> Iterator[BenchRow]:
    """The farthest behind, the time until nothing was behind, and how quickly the burst came."""
    yield count("burst", "lag_peak", max(each.lag for each in burst.samples), n=burst.turns)
    yield BenchRow("burst", "seconds", burst.samples[-1].at_s, n=burst.turns, unit="seconds")
    yield BenchRow("burst", "sent_s", burst.sent_s, n=burst.turns, unit="seconds")


def watch_lag(
    behind: Callable[[], int], *, until: Callable[[], bool] = lambda: True, told: Callable[[int], None] = lambda _lag: None
) -> tuple[LagSample, ...]:
    """Samples of the lag to the first of 0 once `until` holds.

    Raises: ChildFailed where that never comes.
    """
    began, samples = time.monotonic(), []
    while True:
        all_sent, lag = until(), behind()
        samples.append(LagSample(time.monotonic() - began, lag))
        told(lag)
        if all_sent and lag <= 0:
            return tuple(samples)
        if samples[-1].at_s > CAUGHT_UP_S:
            message = f"a landing must catch up within {CAUGHT_UP_S:g} s; it is {lag:,} records behind; is the machine too busy?"
            raise ChildFailed(message)
        time.sleep(LOOK_S)


def landed_records(topic: BenchTopic, lake: Lake) -> int:
    """How many records of a topic are committed, good and bad."""
    keys = [f"{number}@{topic.topic_id}" if topic.topic_id else str(number) for number in range(topic.partitions)]
    return sum(stored_position(lake, topic.place.topic, key) for key in keys)


class _Sender:
    """Sends records on a thread of its own, and counts what was handed over."""

    def __init__(self, write: Callable[[Iterator[tuple[int, bytes]]], None], records: Sequence[tuple[int, bytes]]) -> None:
        self._write, self._records = write, records
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._failed: list[ResayError] = []
        self.count = 0
        self.seconds = 0.0

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def is_done(self) -> bool:
        """Whether all is sent and acknowledged.

        Raises: SourceUnavailable where it cannot be.
        """
        if self._failed:
            raise self._failed[0]
        return not self._thread.is_alive()

    def _send(self) -> None:
        began = time.monotonic()
        try:
            self._write(self._counted())
        except ResayError as error:
            self._failed.append(error)
        self.seconds = time.monotonic() - began

    def _counted(self) -> Iterator[tuple[int, bytes]]:
        for record in self._records:
            yield record
            self.count += 1
