"""Fixtures of the real broker: one shared by all workers of a run, and one of one's own for tests that stop it."""

from __future__ import annotations

import fcntl
import gc
import logging
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.kafka import broker as kafka_broker
from tests.missing import give_up

GARBAGE_ROUNDS = 5
"""Suspended coroutines hold sockets, and are themselves only finished by a round; pytest's own number."""

START_S = kafka_broker.RESOLVE_S + kafka_broker.START_S


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real broker; its topics are shared, so a test makes up names of its own (`topic`).

    The first worker that asks starts it; it ends when the run does, however the run ends.
    """
    shared = "PYTEST_XDIST_WORKER" in os.environ
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if shared else base
    with (folder / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        address = folder / "kafka.address"
        if not address.exists():
            address.write_text(_start(folder / "kafka", while_pid=os.getppid() if shared else os.getpid()))
    yield address.read_text()


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[kafka_broker.Broker]:
    """A broker that a test may stop, kill and start again."""
    mine = kafka_broker.Broker(tmp_path / "kafka", brief=True)
    try:
        mine.start()
    except kafka_broker.BrokerTrouble as trouble:
        give_up(str(trouble))
    yield mine
    mine.kill()


@pytest.fixture
def left_open() -> Iterator[None]:
    """For tests in which connections fail: the library leaves those sockets to the garbage collector.

    Their warnings must not reach the next test. Goes with the mark `filterwarnings("ignore:unclosed:ResourceWarning")`.
    """
    factory = logging.getLogRecordFactory()

    def without_arguments(*arguments: Any, **keywords: Any) -> logging.LogRecord:
        # Captured records are kept until the run ends, and with their arguments they would keep the sockets.
        record = factory(*arguments, **keywords)
        record.msg, record.args, record.exc_info = record.getMessage(), None, None
        return record

    logging.setLogRecordFactory(without_arguments)
    yield
    logging.setLogRecordFactory(factory)
    for _ in range(GARBAGE_ROUNDS):
        gc.collect()


@pytest.fixture
def topic() -> str:
    """The name of a topic that no other test uses; it does not exist yet."""
    return f"turns-{uuid.uuid4().hex[:12]}"


def _start(folder: Path, *, while_pid: int) -> str:
    command = [sys.executable, kafka_broker.__file__, "--port", "0", "--folder", str(folder), "--while-pid", str(while_pid)]
    folder.mkdir()
    with (folder / "starter.log").open("w") as remarks:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=remarks, text=True, start_new_session=True
        )
    assert process.stdout is not None
    address = process.stdout.readline().strip()  # Nothing comes when it gives up, which it does by itself in bounded time.
    process.stdout.close()
    if not address:
        process.wait(START_S)
        give_up((folder / "starter.log").read_text().strip().splitlines()[-1])
    # The process outlives this worker on purpose; it watches the run.
    process.returncode = 0
    return address
