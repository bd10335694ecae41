"""One process of `resay stream`, forked and not started, which can be told to die at a step of any of its parts, or at a moment between."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from resay.commands.chain import Chain
from resay.commands.settings import Settings
from resay.commands.stream_metrics import StreamMetrics
from resay.commands.stream_parts import Part, StreamOrders, Tally, run_parts

K = 3
"""Customers behind a rewrite: few, so that a few more turns make another table."""

LOADED_LATE = ("resay.training.encoder", "rewrite_online.fit_leanings", "rewrite_online.index")
"""What learning imports only when it needs it: most of a second in every process that learns."""

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.commands.stream_member", *LOADED_LATE])
"""Members are forked from a process that has imported everything and begun nothing: that takes milliseconds instead of seconds."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a member is to do."""

    home: Path
    source: str
    group: str
    parts: tuple[Part, ...] = tuple(Part)
    at: tuple[Part, str] | None = None
    """The step behind which it kills itself; nowhere where none is named."""
    delay_s: float = 0.0
    """How long behind the step: the blow may then fall within whatever comes next."""
    until_idle_s: float = 6.0


def start(orders: Orders) -> BaseProcess:
    """Start a member and come back at once."""
    process = _FORKS.Process(target=run, args=(orders,))
    process.start()
    return process


def run(orders: Orders) -> None:
    """Run the parts until they idle, SIGTERM comes, or the blow falls."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))

    def observe(part: Part, step: str) -> None:
        with steps_file(orders.home).open("a") as steps:
            steps.write(f"{os.getpid()} {part} {step}\n")
        if (part, step) == orders.at:
            _die(orders.delay_s)

    settings = Settings(orders.home, api_key=None, hash_key=None)
    source = orders.source if Part.INGEST in orders.parts else ""
    asking = StreamOrders(settings, orders.parts, source, group=orders.group, k=K, every_s=0.1, observe=observe)
    chain = Chain(stop=lambda: bool(asked), until_idle_s=orders.until_idle_s)
    run_parts(asking, chain, tally=Tally(), metrics=StreamMetrics("kafka"))


def steps_file(home: Path) -> Path:
    """Where members write down their steps: process, part and step, a line each."""
    return home / "steps.txt"


def steps_of(home: Path, process: BaseProcess) -> list[str]:
    """The steps that a member has taken, as `part step`."""
    path = steps_file(home)
    lines = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
    return [f"{part} {step}" for pid, part, step in lines if pid == str(process.pid)]


def _die(delay_s: float) -> None:
    if delay_s:
        threading.Timer(delay_s, os.kill, (os.getpid(), signal.SIGKILL)).start()
    else:
        os.kill(os.getpid(), signal.SIGKILL)
