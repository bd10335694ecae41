"""A member of a group in a process of its own, which can be told to die, or to stand still, at a step of its landing."""

from __future__ import annotations

import multiprocessing
import os
import signal
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

from ingest.kafka_log import KafkaLog
from ingest.kafka_place import KafkaPlace
from ingest.kafka_reading import KafkaReading
from ingest.landing import LandingRules, LandingStep, land, stored_position
from ingest.source import Batch
from resay.store.lake import Lake

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.ingest.kafka_member"])
"""Members are forked from a process that has imported everything and begun nothing: that takes milliseconds instead of seconds."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a member is to do."""

    home: Path
    place: KafkaPlace
    reading: KafkaReading
    records_a_batch: int = 20
    step: LandingStep | None = None
    """Where it is to be struck, behind the `times`-th time that it takes the step; nowhere where none is named."""
    times: int = 1
    blow: signal.Signals = signal.SIGKILL


def start(orders: Orders) -> BaseProcess:
    """Start a member and come back at once."""
    process = _FORKS.Process(target=run, args=(orders,))
    process.start()
    return process


def run(orders: Orders) -> None:
    """Land until all is read, SIGTERM comes, or the blow falls."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    lake = Lake(orders.home / "lake")
    taken: list[LandingStep] = []

    def observe(step: LandingStep, _batch: Batch) -> None:
        taken.append(step)
        with steps_file(orders.home).open("a") as steps:
            steps.write(f"{os.getpid()} {step}\n")
        if step is orders.step and taken.count(step) == orders.times:
            os.kill(os.getpid(), orders.blow)

    rules = LandingRules(clock=lambda: datetime.now(UTC), records_a_batch=orders.records_a_batch, conflicts_max=50, observe=observe)
    positions = lambda name, partition: stored_position(lake, name, partition)  # noqa: E731 - a name for what stands in one line.
    with closing(KafkaLog(orders.place, positions=positions, reading=orders.reading, stop=lambda: bool(asked))) as log:
        land(log, lake, rules=rules, stop=lambda: bool(asked))


def steps_file(home: Path) -> Path:
    """Where members write down their steps: process and step, a line each."""
    return home / "steps.txt"


def steps_of(home: Path, process: BaseProcess) -> list[str]:
    """The steps that a member has taken."""
    path = steps_file(home)
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.split()[1] for line in lines if line.split()[0] == str(process.pid)]
