"""The distributed engine: Spark, over the Delta tables of a lake. The one door to pyspark (extra `spark`).

Knows in what Spark's SQL differs from the common dialect, and how Spark sees the lake. The steps are those of the embedded engine, word
for word; nothing here knows what they count.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from markov.absorb import Exits, exits
from markov.chain import Chain
from markov.engine import StepFailed
from markov.group import BLOCKS, Blocks
from markov.part import Part, Solved
from markov.part_bytes import decode_solved, encode_part, solve_bytes
from markov.steps import Step
from resay.dialogue.errors import ResayError
from resay.store.lake import Lake
from resay.store.reading import is_url
from resay.store.tables import TABLES, Home, Table
from resay.store.turns_view import Words, merged_turns

LOCAL_PARTITIONS = 8
"""Parts of a shuffle on one machine; Spark's default of 200 is for clusters, where it stands."""

TASK_MIB_MAX = 1024
"""A task may be so large: a part of a huge component is 60 MB for a million states. Spark's default is 128."""

REASON_CHARACTERS_MAX = 600
"""Spark's messages bring the whole plan along; its first lines say what is wrong."""

SPARK = Words(
    # max_by takes nulls for values, so that rows without one are left out first.
    first="min_by({column}, {order})",
    last="max_by({column}, {order}) filter (where {column} is not null)",
    carried="max_by({column}, {order}) filter (where {carrier} is not null)",
)


class SparkUnavailable(ResayError):
    """Spark cannot be started here, or cannot read the lake."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where Spark runs, and what it is given."""

    master: str | None = None
    """Spark's name for it, such as `local[2]` or `spark://HOST:7077`; nothing: as spark-submit was told, else all cores here."""
    jars: Path | None = None
    """Folder with Delta's jars; nothing where spark-submit was given them."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Spark's own settings; they win over ours."""


class SparkEngine:
    """Runs steps in one Spark session; tables live as long as the session, in the workers' memory or on their disks."""

    def __init__(self, session: SparkSession, blocks: Blocks = BLOCKS) -> None:
        self._session = session
        self._blocks = blocks

    def run(self, step: Step) -> None:
        """Make the table that a step describes, at once.

        Each table is cut off from how it was made. A view that is only cached still stands for its whole making: steps read steps, so
        that plans double with every join and take longer to read than to run. The price: with a worker its tables are lost, the step
        fails, and the learning is run again.

        Raises: StepFailed.
        """
        try:
            made = self._session.sql(in_dialect(step.sql)).localCheckpoint(eager=True)
        except (PySparkException, Py4JError) as error:
            message = f"step {step.name!r} must run on Spark; {_reason(error)}; its text: {step.sql}"
            raise StepFailed(message) from error
        made.createOrReplaceTempView(step.name)

    def name(self, step: Step) -> None:
        """Let a name stand for a select, which is run wherever the name is read.

        Raises: StepFailed.
        """
        try:
            self._session.sql(in_dialect(step.sql)).createOrReplaceTempView(step.name)
        except (PySparkException, Py4JError) as error:
            message = f"step {step.name!r} must be readable by Spark; {_reason(error)}; its text: {step.sql}"
            raise StepFailed(message) from error

    def load(self, name: str, rows: pa.Table) -> None:
        """Put rows under a name for later steps."""
        self._session.createDataFrame(rows).createOrReplaceTempView(name)

    def rows(self, name: str) -> pa.Table:
        """The rows of a table that a step made, brought here."""
        rows: pa.Table = self._session.table(name).toArrow()
        return rows

    def solve(self, chain: Chain, sources: Sequence[int]) -> Exits:
        """Where talk that begins in these rows of a chain succeeds: components are found here, and solved by the workers.

        Raises: StepFailed.
        """
        return exits(chain, sources, solve=self._on_workers, blocks=self._blocks)

    def _on_workers(self, parts: Iterable[Part]) -> Iterator[Solved]:
        """What the workers find, by the code of the embedded engine; their Python must have it installed."""
        raws = [encode_part(part) for part in parts]
        try:
            # One task for each part, so that the parts of a huge component go to several workers.
            found = self._session.sparkContext.parallelize(raws, max(1, len(raws))).map(solve_bytes).collect()
        except (PySparkException, Py4JError) as error:
            failed = _WORKERS_OWN.search(str(error))
            reason = failed[0] if failed else _reason(error)
            message = f"the chain must be solved by Spark's workers; {reason}; is resay installed in their Python (PYSPARK_PYTHON)?"
            raise StepFailed(message) from error
        return map(decode_solved, found)


@contextmanager
def spark_session(cluster: Cluster) -> Iterator[SparkSession]:
    """A session for as long as the block lasts; starting one takes some seconds.

    Raises: SparkUnavailable.
    """
    builder = SparkSession.builder.appName("resay")
    for name, value in _settings(cluster).items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except (PySparkException, Py4JError) as error:
        message = f"Spark must start; {_reason(error)}; is Java 17 or newer installed (JAVA_HOME), and is the master right?"
        raise SparkUnavailable(message) from error
    if session.sparkContext.master.startswith("local"):
        # Workers beside this process are of its kind; elsewhere Spark's own rule holds (PYSPARK_PYTHON, else the workers' `python3`).
        session.sparkContext.pythonExec = sys.executable
    try:
        yield session
    finally:
        session.stop()


@contextmanager
def engine_over(lake: Lake, session: SparkSession) -> Iterator[SparkEngine]:
    """An engine that sees a view for each table of the lake, and `turns`, where parts are merged; one snapshot for its whole life.

    Raises: SparkUnavailable.
    """
    # A session of its own has names of its own: two engines side by side do not see each other's tables.
    own = session.newSession()
    try:
        for table in TABLES:
            if table.home is Home.LAKE:
                _frame(own, lake, table).createOrReplaceTempView(table.name)
        own.sql(merged_turns(SPARK)).createOrReplaceTempView("turns")
    except (PySparkException, Py4JError) as error:
        message = f"lake {lake.root} must be readable by Spark; {_reason(error)}; were Delta's jars given, and do workers see the folder?"
        raise SparkUnavailable(message) from error
    yield SparkEngine(own)


def in_dialect(sql: str) -> str:
    """A step's text as Spark reads it: `1.0` is a double in the common dialect and a decimal in Spark, which would round quotients."""
    told = _TEXT_OR_DECIMAL.sub(lambda found: found[0] if found[0].startswith("'") else f"{found[0]}d", sql)
    return told.replace("fingerprint(", "xxhash64(")


_WORKERS_OWN = re.compile(r"^\w+(?:Error|Exception): .*$", re.MULTILINE)
"""What a worker's Python says is wrong: the last line of its own account, in the middle of Spark's."""

_TEXT_OR_DECIMAL = re.compile(r"'[^']*'|\b\d+\.\d+\b(?![eE])")


def _settings(cluster: Cluster) -> dict[str, str]:
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.log.level": "ERROR",
        "spark.rpc.message.maxSize": str(TASK_MIB_MAX),
        # Tables of ours are views; a folder for others would be made where the command happens to run.
        "spark.sql.warehouse.dir": f"file:{tempfile.gettempdir()}/resay-spark-warehouse",
    }
    if cluster.master is not None:
        settings["spark.master"] = cluster.master
    if cluster.jars is not None:
        settings["spark.jars"] = ",".join(str(jar.resolve()) for jar in sorted(cluster.jars.glob("*.jar")))
    if (cluster.master or "").startswith("local"):
        # One machine: nobody else is to reach it, and shuffles are small.
        settings |= {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": str(LOCAL_PARTITIONS),
            # Delta reads even the shortest log of a table in fifty tasks, where nobody says otherwise.
            "spark.databricks.delta.snapshotPartitions": str(LOCAL_PARTITIONS),
        }
    return settings | dict(cluster.settings)


def _frame(session: SparkSession, lake: Lake, table: Table) -> DataFrame:
    snapshot = lake.snapshot(table)
    if snapshot is None:
        return session.createDataFrame(table.schema().empty_table())
    return session.read.format("delta").option("versionAsOf", snapshot.version()).load(f"{_place(lake.root)}/{table.name}")


def _place(root: str) -> str:
    """A lake's root as Hadoop names it; without a scheme it would look for a local folder in the cluster's own file system."""
    if not is_url(root):
        return f"file:{Path(root).resolve()}"
    return root.replace("s3://", "s3a://", 1) if root.startswith("s3://") else root


def _reason(error: Exception) -> str:
    return " ".join(str(error).split("\n\nJVM stacktrace")[0].split())[:REASON_CHARACTERS_MAX]
