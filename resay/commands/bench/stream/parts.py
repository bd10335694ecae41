"""The parts of `resay bench stream`, one after the other on one broker, and their rows.

Knows what is measured and in which order; how is said in `throughput`, `burst`, `freshness` and `kills`.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from ingest.kafka_place import SCHEME
from resay.commands.bench.brokers import PARTITIONS, client_versions
from resay.commands.bench.report import BenchRow, count
from resay.commands.bench.stream.bare_consumers import CONFLUENT
from resay.commands.bench.stream.burst import BURST_S, BURST_TURNS, burst_rows, time_burst
from resay.commands.bench.stream.freshness import freshness_rows, others_turns, time_freshness
from resay.commands.bench.stream.throughput import RAW, throughput_rows, time_rounds
from resay.commands.bench.stream.turn_maker import LONGEST, SHORTEST, MadeTurns, make_turns
from resay.dialogue.tick import Tick

if TYPE_CHECKING:
    from resay.commands.bench.stream.kills import KillReport

TURNS = 200_000
"""Some seconds of landing, so that connecting and the last commit are little beside it."""

ROUNDS = 3
KILL_POINTS = 200
"""As the issue has it."""

TRIES = 5
"""Decisive turns a lake."""

SIZE_SHARE = 4
"""Rows by size have a quarter of the turns and one round: they say which way it goes."""

Progress = Callable[[str, str], AbstractContextManager[Tick]]
"""A bar with a title and a unit."""


class Part(StrEnum):
    """What may be measured alone."""

    THROUGHPUT = "throughput"
    BURST = "burst"
    FRESHNESS = "freshness"
    KILLS = "kills"


@dataclass(frozen=True, slots=True)
class StreamBench:
    """What to measure, how much of it, and where."""

    address: str
    """`kafka://HOST:PORT`."""
    parts: Sequence[Part]
    turns: int
    rounds: int
    burst: int
    """Turns of the burst; 0: what landing takes twenty seconds for."""
    tries: int
    customers: int
    """Who talked before in the larger lake."""
    kill_points: int
    seed: int
    folder: Path
    """For all that is made; whoever gives it removes it."""


def stream_rows(bench: StreamBench, *, now: datetime, bar: Progress) -> Iterator[BenchRow]:
    """The rows of all parts, as each is done.

    Raises: SourceUnavailable, ChildFailed, MiscountedLanding, and what a kill sweep raises.
    """
    rate = 0.0
    if Part.THROUGHPUT in bench.parts:
        for row in _throughput(bench, now=now, bar=bar):
            if (row.row, row.metric) == (RAW, "per_s"):
                rate = row.value or 0.0
            yield row
    if Part.BURST in bench.parts:
        turns = bench.burst or round(rate * BURST_S) or BURST_TURNS
        with bar("A burst", "turns") as tick:
            yield from burst_rows(time_burst(bench.address, Random(bench.seed), turns=turns, now=now, folder=bench.folder, tick=tick))
    if Part.FRESHNESS in bench.parts:
        for name, before in (("freshness/small", []), ("freshness", others_turns(now, customers=bench.customers, seed=bench.seed))):
            with bar(f"Freshness, {len(before):,} turns before", "rewrites") as tick:
                fresh = time_freshness(bench.address, Random(bench.seed), before=before, tries=bench.tries, folder=bench.folder, tick=tick)
            yield from freshness_rows(name, fresh)
    if Part.KILLS in bench.parts and bench.kill_points:
        with bar("Killing members", "kills") as tick:
            yield from kill_rows(_sweep(bench, tick))


def kill_rows(report: KillReport) -> Iterator[BenchRow]:
    """What was killed, and what the lake lacks or has twice; dead letters are counted apart."""
    yield count("kills", "kill_points", report.kill_points, n=report.records)
    for metric in ("lost", "doubled", "rejects_lost", "rejects_doubled"):
        yield count("kills", metric, getattr(report, metric), n=report.records)
    yield BenchRow("kills", "seconds", report.seconds, n=report.kill_points, unit="seconds")


def machine_words(machine: str) -> str:
    """The machine with what else decides these figures: libraries, and how busy it was."""
    return f"{machine}, {client_versions()}, load {os.getloadavg()[0]:.1f} at the start"


def record_rows(made: MadeTurns) -> Iterator[BenchRow]:
    """What the records are like."""
    lengths = sorted(len(raw) for _, raw in made.records)
    number = len(lengths)
    for metric, value in (("bytes_mean", made.bytes_mean), ("bytes_p50", statistics.median(lengths)), ("bytes_max", lengths[-1])):
        yield BenchRow("records", metric, value, n=number, unit="bytes")
    yield count("records", "bad", made.bad, n=number)
    yield count("records", "repeated", made.repeated, n=number)


def stream_remarks(rows: Sequence[BenchRow]) -> Iterator[str]:
    """What people must know to read the rows."""
    figures = {(row.row, row.metric): row for row in rows}
    mean, ratio = figures.get(("records", "bytes_mean")), figures.get((RAW, "ratio"))
    if mean is None or ratio is None:
        return
    yield (
        f"Records: {mean.n:,}, {SHORTEST} B to {LONGEST:,} B, evenly over the logarithm, {mean.value:,.0f} B in the mean; not packed; "
        f"{PARTITIONS} partitions. {RAW} is `resay ingest` from the first poll to the last commit, good turns only, over a kafka-python "
        "consumer that is assigned all partitions, polls, counts and looks at nothing; ranges are the least and the most of the rounds."
    )
    if (f"bare/{CONFLUENT}", "per_s") not in figures:
        yield f"bare/{CONFLUENT} is left out: its package is not installed (pip install confluent-kafka)."


def _sweep(bench: StreamBench, tick: Tick) -> KillReport:
    from resay.commands.bench.stream.kills import sweep  # It needs the extra `kafka`, which other benches do not.

    servers = bench.address.removeprefix(SCHEME).rstrip("/")
    return sweep(servers, points=bench.kill_points, seed=bench.seed, folder=bench.folder / "kills", tick=tick)


def _throughput(bench: StreamBench, *, now: datetime, bar: Progress) -> Iterator[BenchRow]:
    rng = Random(bench.seed)
    with bar("Making turns", "turns"):
        made = make_turns(bench.turns, rng, partitions=PARTITIONS, now=now)
    yield from record_rows(made)
    with bar("Landing, beside bare consumers", "rounds") as tick:
        rounds = time_rounds(bench.address, made, rounds=bench.rounds, folder=bench.folder, tick=tick)
    yield from throughput_rows(rounds)
    for name, size in (("ingest/212B", SHORTEST), ("ingest/2KB", LONGEST)):
        alike = make_turns(max(bench.turns // SIZE_SHARE, 2), rng, partitions=PARTITIONS, now=now, sizes=(size, size))
        with bar(f"Records of {size:,} bytes", "rounds") as tick:
            rounds = time_rounds(bench.address, alike, rounds=1, folder=bench.folder, tick=tick)
        yield from throughput_rows(rounds, name)
