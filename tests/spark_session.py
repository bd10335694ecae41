"""The fixture of Spark: one session a worker, as starting one takes ten seconds; every test makes engines of its own in it."""

from __future__ import annotations

import fcntl
import gc
import os
import signal
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deploy.spark.jars import JarsMissing, resolve_jars
from tests.missing import give_up

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SETTINGS = {
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""Small logs, for which compiling every step would take ten times as long as running it; the test of spark-submit runs it as it comes."""


@pytest.fixture(scope="session")
def spark_jars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of Delta's jars; one worker resolves them, as Maven's own store is not made for two at once."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (folder / "spark.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return resolve_jars()
        except JarsMissing as missing:
            give_up(str(missing))


@pytest.fixture(scope="session")
def shared_spark(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    try:
        from markov.spark_engine import Cluster, SparkUnavailable, spark_session
    except ModuleNotFoundError as error:
        # The lock of development names it, so that `make setup` installs it wherever tests are to be complete.
        give_up(f"the extra `spark` must be installed; {error}")
    jars = request.getfixturevalue("spark_jars")
    places = {name: str(tmp_path_factory.mktemp("spark")) for name in ("spark.local.dir", "spark.sql.warehouse.dir")}
    interrupted = signal.getsignal(signal.SIGINT)
    session = spark_session(Cluster("local[2]", jars, SETTINGS | places))
    # The library leaves sockets to the garbage collector, also when it stops.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            started = session.__enter__()
        except SparkUnavailable as trouble:
            give_up(str(trouble))
        # Spark takes Ctrl-C for itself, and every process that later tests start and interrupt would feel it.
        signal.signal(signal.SIGINT, interrupted)
    yield started
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        session.__exit__(None, None, None)
        gc.collect()


@pytest.fixture
def spark(shared_spark: SparkSession) -> Iterator[SparkSession]:
    """A running session; goes with `MARKS`."""
    yield shared_spark
    gc.collect()  # While warnings of this test are still its own.


MARKS = (pytest.mark.spark, pytest.mark.slow, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"))
"""Of every test that uses the session."""


def needs_spark(test: Callable[..., None]) -> Callable[..., None]:
    """A test with these marks."""
    for mark in MARKS:
        test = mark(test)
    return test
