"""How fast records land, beside a consumer that only reads them: the same warm topic, by turns, each in a process of its own.

Knows rounds and ratios; records are made by `turn_maker`, processes are those of `children`.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from resay.commands.bench.brokers import BenchTopic, bench_topic
from resay.commands.bench.children import Ran, run_child
from resay.commands.bench.report import BenchRow
from resay.commands.bench.stream.bare_consumers import CONFLUENT, KAFKA_PYTHON
from resay.commands.bench.stream.turn_maker import MadeTurns
from resay.commands.program import COMMAND_LINE
from resay.dialogue.errors import ResayError
from resay.dialogue.tick import Tick

RAW = "ingest/raw"
"""The row that the bar is for."""


class MiscountedLanding(ResayError):
    """A landing did not make of the records what they are."""


@dataclass(frozen=True, slots=True)
class Timed:
    """One run over a whole topic."""

    count: int
    """Turns that landed, or records that were read."""
    seconds: float
    """From the first poll to the last commit, or to the last record."""
    wall_s: float
    """From the start of the process to its end."""
    cpu_s: float

    @property
    def per_s(self) -> float:
        """The rate that rows give."""
        return self.count / self.seconds

    @property
    def whole_per_s(self) -> float:
        """The rate with the start and the end of the process."""
        return self.count / self.wall_s


@dataclass(frozen=True, slots=True)
class Round:
    """Ours and the bare ones, one after the other."""

    ours: Timed
    bare: Timed
    other: Timed | None
    """confluent-kafka, where it is installed."""


def time_rounds(address: str, made: MadeTurns, *, rounds: int, folder: Path, tick: Tick) -> list[Round]:
    """So many rounds over one topic, which is read once before so that it is warm; ours lands in a fresh home each time.

    Raises: SourceUnavailable, ChildFailed, MiscountedLanding.
    """
    from ingest.kafka_bare import write_records

    timed: list[Round] = []
    with bench_topic(address, groups=rounds) as topic:
        write_records(topic.place, made.records)
        _bare(KAFKA_PYTHON, topic, made, folder=folder)
        for number in range(rounds):
            tick(number, rounds)
            # The one that goes first finds the machine as the last round left it: they take turns.
            ours = _landed(topic, made, number, folder=folder) if number % 2 == 0 else None
            bare = _bare(KAFKA_PYTHON, topic, made, folder=folder)
            assert bare is not None, "kafka-python must be there: ours uses it"
            other = _bare(CONFLUENT, topic, made, folder=folder)
            timed.append(Round(ours or _landed(topic, made, number, folder=folder), bare, other))
        tick(rounds, rounds)
    return timed


def throughput_rows(rounds: Sequence[Round], name: str = RAW) -> Iterator[BenchRow]:
    """Medians over rounds, the least and the most as ends; a ratio is that of one round's two runs."""
    ours = [each.ours for each in rounds]
    yield _spread(name, "ratio", [each.ours.per_s / each.bare.per_s for each in rounds], n=ours[0].count, unit="ratio")
    yield from _rates(name, ours)
    if name != RAW:
        return
    whole = [each.ours.whole_per_s / each.bare.whole_per_s for each in rounds]
    yield _spread("ingest/whole-process", "ratio", whole, n=ours[0].count, unit="ratio")
    yield _spread("ingest/whole-process", "per_s", [each.whole_per_s for each in ours], n=ours[0].count, unit="per_s")
    yield _spread("ingest/whole-process", "seconds", [each.wall_s for each in ours], n=ours[0].count, unit="seconds")
    yield from _rates(f"bare/{KAFKA_PYTHON}", [each.bare for each in rounds])
    others = [each.other for each in rounds if each.other is not None]
    if others:
        yield from _rates(f"bare/{CONFLUENT}", others)


def _spread(row: str, metric: str, values: Sequence[float], *, n: int, unit: str) -> BenchRow:
    """The median of a few runs; its ends are the least and the most, as three runs have no interval."""
    return BenchRow(row, metric, statistics.median(values), min(values), max(values), n, unit)


def _rates(name: str, runs: Sequence[Timed]) -> Iterator[BenchRow]:
    count = runs[0].count
    yield _spread(name, "per_s", [each.per_s for each in runs], n=count, unit="per_s")
    yield _spread(name, "seconds", [each.seconds for each in runs], n=count, unit="seconds")
    yield _spread(name, "cpu_s", [each.cpu_s for each in runs], n=count, unit="seconds")


def _landed(topic: BenchTopic, made: MadeTurns, number: int, *, folder: Path) -> Timed:
    """What `resay ingest` takes, as operators run it."""
    with TemporaryDirectory(dir=folder) as home:
        words = ["ingest", "--source", topic.address, "--group", topic.group(number), "--home", home, "--tolerant", "--json"]
        ran = run_child(COMMAND_LINE, words, folder=folder)
    told = tuple(ran.told[name] for name in ("accepted", "rejected", "duplicates"))
    if told != (made.good, made.bad, made.repeated):
        message = (
            f"a landing must find {made.good:,} new, {made.bad:,} bad and {made.repeated:,} repeated records; "
            f"it found {told[0]:,}, {told[1]:,} and {told[2]:,}; is this a defect of ours?"
        )
        raise MiscountedLanding(message)
    return _timed(ran, made.good)


def _bare(client: str, topic: BenchTopic, made: MadeTurns, *, folder: Path) -> Timed | None:
    words = [client, topic.address, str(topic.partitions), str(len(made.records))]
    ran = run_child("resay.commands.bench.stream.bare_consumers", words, folder=folder)
    return _timed(ran, ran.told["records"]) if ran.told else None


def _timed(ran: Ran, count: int) -> Timed:
    return Timed(count, ran.told["seconds"], ran.wall_s, ran.cpu_s)
