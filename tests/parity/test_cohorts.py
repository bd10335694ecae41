"""Cohorts by both engines: the same sets, records, meanings and sparings from one lake."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from markov.candidate import Bar
from markov.duckdb_engine import DuckDBEngine
from markov.engine import Engine
from markov.mine import Mined, mine
from resay.dialogue.rewrite import Rewrite
from resay.store.lake import Lake
from tests.markov.talk import Said, alone, fill, mined, names
from tests.markov.test_cohorts import GB, LIT, MOST, NEW, SOURCE, US, in_vain, people, served, works
from tests.spark_session import needs_spark

TABLES = ("cohort_members", "cohort_fared", "cohort_triers", "cohort_speakers", "cohort_meanings", "cohort_backing", "cohort_evidence")


@pytest.fixture
def spark_over(spark) -> Callable[[Lake], AbstractContextManager[Engine]]:
    """The distributed engine."""
    from markov.spark_engine import engine_over

    return lambda lake: engine_over(lake, spark)


def told(engine: Engine, live: tuple[Rewrite, ...]) -> tuple[Mined, dict[str, list[str]]]:
    """What an engine mines, and its tables, without fingerprints."""
    found = mine(engine, Bar(), live=live)
    rows = {name: engine.rows(name).to_pylist() for name in TABLES}
    return found, {name: sorted(_plain(row) for row in of) for name, of in rows.items()}


def _plain(row: dict[str, Any]) -> str:
    return repr([(name, int(value) if name in {"won", "lost"} else value) for name, value in sorted(row.items()) if name != "customer"])


@needs_spark
def test_both_engines_spare_the_same_cohorts(spark_over, tmp_path: Path):
    """Some are hurt, some need none, some mean something else; some turns tell two cohorts, in this order and that, some none."""
    log = people(MOST, works(GB, names(10, "g")), in_vain((), names(3, "n")))
    live = mined(tmp_path / "live", log).rewrites
    log += served(US, names(60, "u"), day=8) + people(served(NEW, names(12, "w"), day=8, outcome="failure"))
    log += people(served(NEW[::-1], names(12, "v"), day=9, outcome="failure")) + served(US, names(30, "u"), day=9)
    log += alone(*(Said(each, 70, SOURCE, None, "failure", cohorts=US, day=9) for each in names(20, "u")))
    lake = fill(Lake(tmp_path / "lake"), log)

    with lake.connect() as connection:
        found, tables = told(DuckDBEngine(connection), live)
    with spark_over(lake) as engine:
        by_spark, tables_by_spark = told(engine, live)

    assert [(each.target, each.not_cohorts) for each in found.rewrites] == [(LIT, ("en-GB",))], (
        "all newcomers are British, and not only they are hurt"
    )
    assert tables_by_spark == tables
    assert by_spark == found
