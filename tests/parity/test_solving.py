"""The contract of an engine that solves: in this process or on Spark's workers, the same chain has the same exits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from markov.absorb import exits
from markov.chain import Chain, build_chain
from markov.cut import Cut
from markov.duckdb_engine import DuckDBEngine
from markov.engine import Engine, StepFailed
from markov.group import BLOCKS, Blocks
from resay.store.lake import Lake
from tests.markov.test_chain import counted
from tests.spark_session import MARKS, needs_spark

Solving = Callable[[Blocks], Engine]

SMALL = Blocks(states=3, sources=2, cut=Cut(states_max=6))
"""Three components, or one, in a part, two sources in each; more than six states are cut."""


@pytest.fixture(params=["duckdb", pytest.param("spark", marks=MARKS)])
def solving(request: pytest.FixtureRequest, tmp_path: Path) -> Solving:
    """Makes an engine that solves with these limits."""
    if request.param == "duckdb":
        return lambda blocks: DuckDBEngine(request.getfixturevalue("connection"), blocks)
    from markov.spark_engine import SparkEngine

    session = request.getfixturevalue("spark")
    return lambda blocks: SparkEngine(session.newSession(), blocks)


@pytest.fixture
def connection(tmp_path: Path):
    """To a lake that holds nothing; solving needs none."""
    with Lake(tmp_path).connect() as opened:
        yield opened


def made_chain() -> Chain:
    """Twenty small components, one of twelve states in a circle, and states that stand alone."""
    moves = [(f"a{n}", f"b{n}", 1.0 + n) for n in range(20)] + [(f"b{n}", "success", 3.0) for n in range(20)]
    moves += [(f"b{n}", f"a{n}", 1.0) for n in range(20)] + [(f"a{n}", "failure", 1.0) for n in range(20)]
    moves += [(f"ring{n}", f"ring{(n + 1) % 12}", 5.0) for n in range(12)] + [(f"ring{n}", "success", 0.1 * n + 0.1) for n in range(12)]
    return build_chain(counted(*moves, *[(f"lone{n}", "success", 1.0) for n in range(3)], ("lone1", "failure", 3.0)))


@pytest.mark.parametrize("blocks", [BLOCKS, SMALL], ids=["usual", "small"])
def test_what_is_solved_elsewhere_is_what_is_solved_here(solving: Solving, blocks: Blocks):
    """To the bit: every chance, what is unknown, and how much was cut."""
    chain = made_chain()
    sources = list(range(len(chain.states)))

    found = solving(blocks).solve(chain, sources)

    here = exits(chain, sources, blocks=blocks)
    assert np.array_equal(found.chances.toarray(), here.chances.toarray())
    assert np.array_equal(found.unknown, here.unknown)
    assert found.states_cut == here.states_cut == (12 if blocks is SMALL else 0)


def test_nothing_is_solved_where_nothing_is_asked(solving: Solving):
    """A chain without sources, and no chain at all, take no worker."""
    empty = build_chain(counted())

    assert solving(BLOCKS).solve(made_chain(), []).chances.shape[0] == 0
    assert solving(BLOCKS).solve(empty, []).chances.shape == (0, 0)


@needs_spark
def test_what_a_worker_cannot_do_is_said_in_its_own_words(spark):
    """Two states that only lead to each other are no absorbing chain; the message says what the worker said, and asks about its Python."""
    from markov.spark_engine import SparkEngine

    circle = Chain(("a", "b"), sparse.csr_array(np.array([[0.0, 1.0], [1.0, 0.0]])), np.zeros((2, 2)), np.ones(2), ())

    with pytest.raises(
        StepFailed, match=r"RuntimeError: Factor is exactly singular; is resay installed in their Python \(PYSPARK_PYTHON\)"
    ):
        SparkEngine(spark.newSession()).solve(circle, [0])
