"""How the miner's work grows: seconds and memory from labels to proposals, over made-up talk of a million turns and more; and beside Spark.

Each size runs in a process of its own, so that its peak is its own. The making of the talk is not counted.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import pyarrow as pa

from markov.absorb import Exits
from markov.candidate import Bar
from markov.chain import Chain
from markov.duckdb_engine import DuckDBEngine
from markov.engine import Engine
from markov.mine import mine
from markov.steps import HEARD, TRIES, Step, fact_steps
from resay.commands.bench.mine_parity import SparkMissing, spark_engines
from resay.commands.bench.mine_talk import DAYS, Talk, make_day
from resay.commands.bench.report import BenchRow
from resay.commands.engines import EngineOver
from resay.dialogue.tick import Tick
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.tables import CHAIN_TRIES, CHAIN_TURNS

SIZES = (1_000_000, 10_000_000, 100_000_000)
"""Turns (EVALUATION 4)."""

MEMORY = "5GB"
"""What DuckDB may take before it spills to disk: of the eight that are allowed, the rest is for the chain and for Python."""

AS_SHIPPED: Mapping[str, str] = {"spark.ui.showConsoleProgress": "false", "spark.driver.memory": "6g"}
"""Spark's own settings but for the memory that it is given: here it is to be as quick as it can."""

WARM = 100_000
"""Turns that Spark mines first: its session is warm then, and its code compiled."""

KEPT = {CHAIN_TURNS: HEARD, CHAIN_TRIES: TRIES}


@dataclass(frozen=True, slots=True)
class Beside:
    """How both engines are run over one talk."""

    turns: int = 10_000_000
    """As EVALUATION 4 asks."""
    runs: int = 3
    """Of each, in turn."""
    settings: Mapping[str, str] = field(default_factory=lambda: AS_SHIPPED)
    """Spark's."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What one size took."""

    turns: int
    seconds: dict[str, float]
    """By stage."""
    peak_gb: float
    rewrites: int
    states: int


@dataclass(slots=True)
class Timed:
    """An engine that says how long its steps took."""

    engine: Engine
    seconds: float = 0.0

    def run(self, step: Step) -> None:
        """Make the table that a step describes."""
        began = time.perf_counter()
        self.engine.run(step)
        self.seconds += time.perf_counter() - began

    def name(self, step: Step) -> None:
        """Let a name stand for a select."""
        self.engine.name(step)

    def load(self, name: str, rows: pa.Table) -> None:
        """Put rows under a name for later steps."""
        self.engine.load(name, rows)

    def rows(self, name: str) -> pa.Table:
        """The rows of a table that a step made."""
        return self.engine.rows(name)

    def solve(self, chain: Chain, sources: Sequence[int]) -> Exits:
        """Where talk that begins in these rows of a chain succeeds."""
        return self.engine.solve(chain, sources)


def scale_rows(sizes: Sequence[int], *, seed: int, tick: Tick) -> Iterator[BenchRow]:
    """Seconds of each stage and in all, turns a second, and peak memory, size by size."""
    for done, size in enumerate(sizes):
        tick(done, len(sizes))
        # A process that has mined before would count its peak too.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            scale = pool.submit(measured, Talk(size, seed)).result()
        yield from _told(scale)
    tick(len(sizes), len(sizes))


def beside_rows(asked: Beside, *, jars: Path | None, seed: int, tick: Tick) -> Iterator[BenchRow]:
    """How many times as long Spark takes over the same kept rows: medians of runs in turn, in a warm session of two cores."""
    row = f"duckdb/spark, {asked.turns:,} turns"
    with TemporaryDirectory(prefix="resay-") as folder:
        small, lake = Lake(Path(folder) / "small"), Lake(Path(folder) / "lake")
        keep_facts(small, Talk(min(asked.turns, WARM), seed))
        keep_facts(lake, Talk(asked.turns, seed))
        try:
            with spark_engines(jars, asked.settings) as spark:
                with spark(small) as engine:
                    mine(engine, Bar(), kept=True)
                seconds = in_turn({"duckdb": _limited, "spark": spark}, lake, runs=asked.runs, tick=tick)
        except SparkMissing as missing:
            yield BenchRow(row, "ratio", None, n=asked.turns, unit=f"not run: {missing}")
            return
    for name, took in seconds.items():
        yield BenchRow(f"{row}, {name}", "seconds", median(took), min(took), max(took), n=asked.runs, unit="s")
    yield BenchRow(row, "ratio", median(seconds["spark"]) / median(seconds["duckdb"]), n=asked.runs, unit="times")


def in_turn(engines: Mapping[str, EngineOver], lake: Lake, *, runs: int, tick: Tick) -> Mapping[str, list[float]]:
    """Seconds of each mining, engine after engine and again: what else the machine does meets them all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    for run in range(runs):
        for place, (name, over) in enumerate(engines.items()):
            tick(len(engines) * run + place, len(engines) * runs)
            began = time.perf_counter()
            with over(lake) as engine:
                mine(engine, Bar(), kept=True)
            seconds[name].append(time.perf_counter() - began)
    return seconds


def measured(talk: Talk) -> Scale:
    """Mine a talk, and say what it took."""
    with TemporaryDirectory(prefix="resay-") as folder:
        lake = Lake(folder)
        facts = keep_facts(lake, talk)
        began = time.perf_counter()
        with _limited(lake) as embedded_engine:
            engine = Timed(embedded_engine)
            mined = mine(engine, Bar(), kept=True)
        took = time.perf_counter() - began
    seconds = {"facts": facts, "steps": engine.seconds, "chain": took - engine.seconds, "all": facts + took}
    return Scale(talk.turns, seconds, _peak_gb(), len(mined.rewrites), mined.states)


def keep_facts(lake: Lake, talk: Talk) -> float:
    """Hear all days one by one, and keep what the chain is counted from, as nights do; seconds, without the making of the talk."""
    seconds = 0.0
    with lake.connect() as connection:
        _limit(connection)
        engine = DuckDBEngine(connection)
        for day in range(DAYS):
            make_day(connection, talk, day)
            began = time.perf_counter()
            for step in fact_steps():
                engine.run(step)
            for table, name in KEPT.items():
                lake.append(table, engine.rows(name).select(table.schema().names).cast(table.schema()))
            seconds += time.perf_counter() - began
    return seconds


@contextmanager
def _limited(lake: Lake) -> Iterator[Engine]:
    """The embedded engine, within its memory."""
    with lake.connect() as connection:
        _limit(connection)
        yield DuckDBEngine(connection)


def _limit(connection: Connection) -> None:
    connection.execute(f"set memory_limit = '{MEMORY}'")
    # Nothing reads rows in the order in which they were made, and keeping it takes memory.
    connection.execute("set preserve_insertion_order = false")


def _told(scale: Scale) -> Iterator[BenchRow]:
    row = f"{scale.turns:,} turns"
    for stage, seconds in scale.seconds.items():
        yield BenchRow(row if stage == "all" else f"{row}, {stage}", "seconds", seconds, n=scale.turns, unit="s")
    yield BenchRow(row, "turns_a_second", scale.turns / scale.seconds["all"], n=scale.turns, unit="1/s")
    yield BenchRow(row, "peak_gb", scale.peak_gb, n=scale.turns, unit="GB")
    yield BenchRow(row, "rewrites", scale.rewrites, n=scale.states, unit="count")


def _peak_gb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in kilobytes, macOS in bytes.
    return peak / (1e9 if sys.platform == "darwin" else 1e6)
