"""Which engine mines, as the command line names it: the embedded one, or Spark, which needs its extra and Java."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from markov.duckdb_engine import DuckDBEngine
from markov.engine import Engine
from resay.dialogue.errors import ResayError
from resay.store.lake import Lake

EngineOver = Callable[[Lake], AbstractContextManager[Engine]]
"""Opens an engine over a lake, for one mining."""


class EngineMissing(ResayError):
    """The engine that was asked for cannot be used here."""


class EngineName(StrEnum):
    """Engines that run the miner's steps."""

    DUCKDB = "duckdb"
    SPARK = "spark"


EngineOption = Annotated[
    EngineName,
    typer.Option("--engine", help="What runs the miner's steps; `spark` needs the extra `spark` and Java. Both come to the same."),
]
MasterOption = Annotated[
    str | None,
    typer.Option(
        "--master", metavar="URL", help="Spark's master, such as `local[2]`.", show_default="as spark-submit says, else all cores here"
    ),
]
JarsOption = Annotated[
    Path | None,
    typer.Option("--spark-jars", metavar="DIR", help="Folder of Delta's jars (`make spark`).", show_default="as spark-submit says"),
]
SparkOption = Annotated[
    list[str] | None, typer.Option("--spark", metavar="NAME=VALUE", help="A setting of Spark's own, such as `spark.driver.memory=4g`.")
]


@dataclass(frozen=True, slots=True)
class AskedEngine:
    """An engine as the command line asks for it."""

    name: EngineName = EngineName.DUCKDB
    master: str | None = None
    jars: Path | None = None
    settings: Sequence[str] = ()
    """`NAME=VALUE`, each."""


@contextmanager
def embedded(lake: Lake) -> Iterator[Engine]:
    """DuckDB, in this process."""
    with lake.connect() as connection:
        yield DuckDBEngine(connection)


def engine_over(asked: AskedEngine) -> EngineOver:
    """The engine that was asked for; Spark starts when mining does, and ends with it.

    Raises: EngineMissing.
    """
    if asked.name is EngineName.DUCKDB:
        return embedded
    settings = dict(_setting(each) for each in asked.settings)
    if asked.jars is not None and not list(asked.jars.glob("*.jar")):
        message = f"folder {asked.jars} must hold Delta's jars; it holds none; what does `make spark` print?"
        raise EngineMissing(message)
    try:
        from markov import spark_engine  # an extra that takes a second to load
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"pyspark", "py4j"}:
            raise
        message = "mining on Spark needs the extra `spark`; it is not installed; try pip install 'resay[spark]'?"
        raise EngineMissing(message) from error
    cluster = spark_engine.Cluster(asked.master, asked.jars, settings)

    @contextmanager
    def on_spark(lake: Lake) -> Iterator[Engine]:
        with spark_engine.spark_session(cluster) as session, spark_engine.engine_over(lake, session) as engine:
            yield engine

    return on_spark


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.startswith("spark."):
        message = f"a setting of Spark must be spark.NAME=VALUE; got {text!r}; is it `--spark spark.driver.memory=4g`?"
        raise EngineMissing(message)
    return name, value
