"""Random logs, many in one lake, so that one pass of all steps serves forty of them: DuckDB and Spark come to the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from resay.commands.bench.mine_lake import write_talk
from resay.commands.bench.mine_parity import BAR, LOGS_AT_ONCE, names_of, parity_of
from resay.lab.made_turn import MadeTalk
from resay.lab.random_talk import random_logs
from resay.store.lake import Lake
from tests.child import run
from tests.parity.test_engine import Over, compared, duckdb_over, spark_over
from tests.spark_session import needs_spark

__all__ = ["spark_over"]


@needs_spark
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.exhaustive)])
def test_both_engines_mine_the_same_from_any_talk(seed: int, spark_over: Over, tmp_path: Path):
    """Every table, every rewrite, every reason and every record; with floors so low that much is decided."""
    lake = Lake(tmp_path)
    write_talk(lake, sum(random_logs(names_of(seed), seed), MadeTalk()))

    mined, tables = compared(duckdb_over, lake, BAR)
    by_spark, tables_by_spark = compared(spark_over, lake, BAR)

    assert len(mined.rewrites) >= 10
    assert len(mined.reasons) >= 10
    assert parity_of(mined, by_spark, logs=LOGS_AT_ONCE).differences == ()
    assert tables_by_spark == tables
    assert by_spark == mined


@needs_spark
def test_the_bench_has_a_session_of_its_own(spark_jars: Path, tmp_path: Path):
    """In a process that had no Spark before; and Ctrl-C is Python's again behind it."""
    code = (
        "import signal, sys; from pathlib import Path\n"
        "from markov.steps import Step\n"
        "from resay.commands.bench.mine_parity import spark_engines\n"
        "from resay.store.lake import Lake\n"
        "before = signal.getsignal(signal.SIGINT)\n"
        "with spark_engines(Path(sys.argv[1])) as over, over(Lake(Path(sys.argv[2]))) as engine:\n"
        "    engine.run(Step('told', 'select 1 as times'))\n"
        "    print(engine.rows('told').to_pylist())\n"
        "print(signal.getsignal(signal.SIGINT) is before)"
    )

    ran = run(code, spark_jars, tmp_path / "lake", home=tmp_path)

    assert ran.stdout.splitlines() == ["[{'times': 1}]", "True"], ran.stderr
