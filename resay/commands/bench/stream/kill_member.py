"""A member of a group in a process of its own, which is told to die, or to stand still, at a step of its landing.

Knows how one member lands and writes down its steps; who is struck where, and what must then be in the lake, is `kills`' and the tests'.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from pathlib import Path

from ingest.kafka_log import KafkaLog
from ingest.kafka_place import KafkaPlace
from ingest.kafka_reading import KafkaReading
from ingest.landing import LandingRules, land, stored_position
from resay.commands.bench.stream.told_lake import ToldLake
from resay.store.lake import Lake

CONFLICTS_MAX = 1_000
"""Lost positions in a row: rivals that fight for one partition take it from each other again and again."""

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])
"""Members are forked from a process that has imported everything and begun nothing: that takes milliseconds instead of seconds."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a member is to do."""

    home: Path
    place: KafkaPlace
    reading: KafkaReading
    records_a_batch: int = 20
    step: str | None = None
    """Where it is to be struck, behind the `times`-th time that it takes the step; nowhere where none is named."""
    times: int = 1
    blow: signal.Signals = signal.SIGKILL
    bell: Pipe | None = None
    """Rung at that step in place of striking: whoever hears it strikes from outside, at any moment of what comes next."""
    lake: Callable[[Path, Callable[[str], None]], Lake] = ToldLake
    """How the lake is opened; another one plants a fault."""


def start(orders: Orders) -> BaseProcess:
    """Start a member and come back at once."""
    process = _FORKS.Process(target=run, args=(orders,))
    process.start()
    return process


def run(orders: Orders) -> None:
    """Land until all is read, SIGTERM comes, or the blow falls."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    tell = _teller(orders)
    lake = orders.lake(orders.home / "lake", tell)
    rules = LandingRules(
        clock=lambda: datetime.now(UTC),
        records_a_batch=orders.records_a_batch,
        conflicts_max=CONFLICTS_MAX,
        observe=lambda step, _batch: tell(step),
    )
    positions = lambda name, partition: stored_position(lake, name, partition)  # noqa: E731 - a name for what stands in one line.
    with closing(KafkaLog(orders.place, positions=positions, reading=orders.reading, stop=lambda: bool(asked))) as log:
        land(log, lake, rules=rules, stop=lambda: bool(asked))


def steps_of(home: Path, process: BaseProcess) -> list[str]:
    """The steps that a member has taken."""
    path = _steps_file(home, process.pid)
    return path.read_text().split() if path.exists() else []


def _teller(orders: Orders) -> Callable[[str], None]:
    """Writes down every step, and strikes or rings at the one that was ordered."""
    path = _steps_file(orders.home, os.getpid())
    path.parent.mkdir(parents=True, exist_ok=True)
    taken: Counter[str] = Counter()

    def tell(step: str) -> None:
        taken[step] += 1
        with path.open("a") as steps:
            steps.write(f"{step}\n")
        if step == orders.step and taken[step] == orders.times:
            if orders.bell is None:
                os.kill(os.getpid(), orders.blow)
            else:
                orders.bell.send_bytes(b"!")

    return tell


def _steps_file(home: Path, pid: int | None) -> Path:
    return home / "steps" / f"{pid}.txt"
