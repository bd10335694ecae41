"""Whether both engines mine the same: random logs, many in one lake, mined by DuckDB and by Spark, and the tables compared."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from markov.candidate import Bar
from markov.mine import Mined, mine
from markov.steps import Floors
from resay.commands.bench.mine_lake import write_talk
from resay.commands.bench.report import BenchRow, count
from resay.commands.engines import EngineOver, embedded
from resay.dialogue.errors import ResayError
from resay.dialogue.tick import Tick
from resay.lab.made_turn import MadeTalk
from resay.lab.random_talk import random_logs
from resay.store.lake import Lake

ROW = "duckdb/spark"

LOGS_AT_ONCE = 40
"""Logs in one lake: a pass of all steps takes Spark about ten seconds on two cores, with one small log in the lake or with forty."""

PASSES = 2
"""Lakes compared, where nothing else is asked."""

BAR = Bar(floors=Floors(customers_min=2, account_age_days=3), target_success_min=0.3, gain_min=(0.02, 0.1))
"""So low that logs of a dozen customers come to rewrites."""

SMALL = {
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""Of Spark's settings: for small logs, for which compiling a step takes ten times as long as running it."""

CHECKOUT = Path(__file__).parents[3]

JARS = re.compile(r"jars-[0-9a-f]{12}")
"""Folder in which `make spark` leaves Delta's jars, within `.spark` of a checkout."""


class SparkMissing(ResayError):
    """Spark cannot be started here; the text is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Parity:
    """What comparing came to."""

    logs: int
    rewrites: int
    """That either engine mined."""
    declined: int
    """Wordings that either engine looked at, and found no rewrite for."""
    differences: tuple[str, ...]
    """Each in words: a rewrite, a reason or a record that is not the same."""


def parity_rows(*, passes: int, jars: Path | None, seed: int, tick: Tick) -> Iterator[BenchRow]:
    """Logs, rewrites and reasons compared, and how many of these differ; where there is no Spark, a row that says so."""
    found: list[Parity] = []
    try:
        with spark_engines(jars) as other:
            for number in range(passes):
                tick(number, passes)
                found.append(compare(other, random_logs(names_of(number), seed)))
    except SparkMissing as missing:
        yield BenchRow(ROW, "differences", None, n=0, unit=f"not run: {missing}")
        return
    compared = sum(each.rewrites + each.declined for each in found)
    yield count(ROW, "logs", sum(each.logs for each in found), n=passes)
    yield count(ROW, "rewrites", sum(each.rewrites for each in found), n=compared)
    yield count(ROW, "declined", sum(each.declined for each in found), n=compared)
    yield count(ROW, "differences", sum(len(each.differences) for each in found), n=compared)


def names_of(number: int) -> list[str]:
    """The names of the logs of one lake, other ones than in any other lake."""
    return [f"log{number}x{place}" for place in range(LOGS_AT_ONCE)]


def compare(other: EngineOver, logs: Sequence[MadeTalk], one: EngineOver = embedded) -> Parity:
    """What two engines mine from one lake in which these logs lie."""
    with TemporaryDirectory(prefix="resay-bench-") as folder:
        lake = Lake(Path(folder))
        write_talk(lake, sum(logs, MadeTalk()))
        with one(lake) as engine:
            mined = mine(engine, BAR)
        with other(lake) as engine:
            again = mine(engine, BAR)
    return parity_of(mined, again, logs=len(logs))


def parity_of(one: Mined, other: Mined, *, logs: int) -> Parity:
    """How two minings differ: in rewrites with all that is told of them, in reasons, in candidates, and in records."""
    rewrites = [{each.rewrite_id: each for each in mined.rewrites} for mined in (one, other)]
    reasons = [dict(mined.reasons) for mined in (one, other)]
    weighed = [{(each.source, each.candidate.wording): each for each in mined.weighed} for mined in (one, other)]
    records = [dict(mined.standings) for mined in (one, other)]
    differences = [
        *(f"rewrite {each}" for each in _unlike(rewrites)),
        *(f"reason for {each}" for each in _unlike(reasons)),
        *(f"candidate {each}" for each in _unlike(weighed)),
        *(f"record of {each}" for each in _unlike(records)),
    ]
    return Parity(logs, len({*rewrites[0], *rewrites[1]}), len({*reasons[0], *reasons[1]}), tuple(differences))


@contextmanager
def spark_engines(jars: Path | None, settings: Mapping[str, str] = SMALL) -> Iterator[EngineOver]:
    """Engines of one session, as starting one takes ten seconds.

    Raises: SparkMissing.
    """
    folder = jars or _jars_here()
    if folder is None or not list(folder.glob("*.jar")):
        message = f"Delta's jars must be there; none in {folder or CHECKOUT / '.spark'}; does `make spark` bring them?"
        raise SparkMissing(message)
    try:
        from markov import spark_engine  # an extra that takes a second to load
    except ModuleNotFoundError as error:
        message = f"the extra `spark` must be installed; {error}"
        raise SparkMissing(message) from error
    with TemporaryDirectory(prefix="resay-bench-") as scratch:
        places = {"spark.local.dir": scratch, "spark.sql.warehouse.dir": f"file:{scratch}/warehouse"}
        # Spark takes Ctrl-C for itself, also for what is run after it.
        interrupted = signal.getsignal(signal.SIGINT)
        opened = spark_engine.spark_session(spark_engine.Cluster("local[2]", folder, {**settings, **places}))
        try:
            session = opened.__enter__()
        except spark_engine.SparkUnavailable as trouble:
            raise SparkMissing(str(trouble)) from trouble
        try:
            yield lambda lake: spark_engine.engine_over(lake, session)
        finally:
            session.stop()
            signal.signal(signal.SIGINT, interrupted)


def _jars_here() -> Path | None:
    """Where `make spark` leaves them, in a checkout; the newest, where there are several."""
    found = [each for each in (CHECKOUT / ".spark").glob("jars-*") if JARS.fullmatch(each.name)]
    return max(found, key=lambda each: each.stat().st_mtime, default=None)


def _unlike(both: Sequence[Mapping[Any, object]]) -> list[str]:
    one, other = both
    return [str(key) for key in dict.fromkeys([*one, *other]) if one.get(key) != other.get(key)]
