"""The contract of an engine, kept by DuckDB and by Spark: one plan, and from one lake the same counts and the same rewrites."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from markov.candidate import Bar
from markov.duckdb_engine import DuckDBEngine
from markov.engine import Engine, StepFailed
from markov.mine import Mined, mine
from markov.steps import HEARD, TRIES, Step
from resay.store.lake import Lake
from tests.builders import BASE
from tests.markov.talk import Log, Said, alone, fill, names, opening, planted, rephrased
from tests.spark_session import MARKS, needs_spark
from tests.store.test_turns import store
from tests.strategies import turn_parts

Over = Callable[[Lake], AbstractContextManager[Engine]]

EXAMPLES = 4
"""Random lists of parts a run: each is one step of Spark, which takes a second or two."""

_a_few = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
# Every example makes an engine of its own; what the fixture gives is the session, which is one for all.

TABLES = (
    HEARD,
    TRIES,
    "promising",
    "ways",
    "spellings",
    "readings",
    "wanted",
    "split_places",
    "placed_fared",
    "placed_backing",
    "placed_evidence",
)
"""Made by the steps before the chain is solved, and told in words; what goes by fingerprints shows in the weights of `wanted`."""


@contextmanager
def duckdb_over(lake: Lake) -> Iterator[Engine]:
    """The embedded engine."""
    with lake.connect() as connection:
        yield DuckDBEngine(connection)


@pytest.fixture
def spark_over(spark) -> Over:
    """The distributed engine."""
    from markov.spark_engine import engine_over

    return lambda lake: engine_over(lake, spark)


@pytest.fixture(params=["duckdb", pytest.param("spark", marks=MARKS)])
def over(request: pytest.FixtureRequest) -> Over:
    """Opens an engine over a lake."""
    return duckdb_over if request.param == "duckdb" else request.getfixturevalue("spark_over")


def compared(over: Over, lake: Lake, bar: Bar) -> tuple[Mined, dict[str, list[tuple[Any, ...]]]]:
    """What an engine mines from a lake, and its tables; fractions to a billionth, which is more than anything is counted in."""
    with over(lake) as engine:
        mined = mine(engine, bar)
        tables = {name: _rows(engine.rows(name)) for name in TABLES}
    return mined, tables


def _rows(table: pa.Table) -> list[tuple[Any, ...]]:
    # Fingerprints differ between engines.
    names = sorted(set(table.column_names) - {"customer", "entry", "state_told"})
    return sorted((tuple(_plain(row[name]) for name in names) for row in table.to_pylist()), key=repr)


def _plain(value: object) -> object:
    """Sums of whole numbers are of another type in every engine."""
    return round(float(value), 9) if isinstance(value, int | float | Decimal) else value


def test_a_step_reads_what_was_loaded_and_what_other_steps_made(over: Over, tmp_path: Path):
    """Rows go in and come out as they were, in any script."""
    rows = pa.table({"said": ["play björk", "灯をつけて", "🙂"], "times": pa.array([1, 2, 3], pa.int64())})

    with over(Lake(tmp_path)) as engine:
        engine.load("loaded", rows)
        engine.run(Step("often", "select said, times from loaded where times > 1"))
        engine.run(Step("oftener", "select said, times / 4.0 as share from often where times > 2"))
        often, oftener = engine.rows("often").to_pylist(), engine.rows("oftener").to_pylist()

    assert sorted(each["said"] for each in often) == ["灯をつけて", "🙂"]
    assert oftener == [{"said": "🙂", "share": 0.75}]


def test_a_step_that_is_made_again_is_made_anew(over: Over, tmp_path: Path):
    """The name stands for the newest rows."""
    with over(Lake(tmp_path)) as engine:
        for times in (1, 2):
            engine.load("loaded", pa.table({"times": [times]}))
            engine.run(Step("told", "select times from loaded"))
        rows = engine.rows("told").to_pylist()

    assert rows == [{"times": 2}]


def test_a_step_that_cannot_run_is_named(over: Over, tmp_path: Path):
    """The error holds the step's name and its text."""
    with over(Lake(tmp_path)) as engine, pytest.raises(StepFailed, match=r"(?s)'lost'.*select nowhere from nothing"):
        engine.run(Step("lost", "select nowhere from nothing"))


def test_an_empty_lake_teaches_nothing(over: Over, tmp_path: Path):
    """Tables that were never written are empty."""
    with over(Lake(tmp_path)) as engine:
        mined = mine(engine, Bar())
        heard = engine.rows(HEARD)

    assert (mined.rewrites, mined.sources, heard.num_rows) == ((), 0, 0)


def test_two_engines_side_by_side_do_not_meet(over: Over, tmp_path: Path):
    """Equal names in two lakes are two tables, and an engine sees its lake as it was when it was made."""
    one, two = fill(Lake(tmp_path / "one"), alone(Said("c", 0, "hello", "chat|hello|"))), Lake(tmp_path / "two")
    counting = Step("told", "select count(*) as times from turns")

    with over(one) as first, over(two) as second:
        fill(one, alone(Said("c", 9, "hello", "chat|hello|")))
        first.run(counting)
        second.run(counting)
        told = [engine.rows("told").to_pylist() for engine in (first, second)]

    assert told == [[{"times": 1}], [{"times": 0}]]


def made_log() -> Log:
    """Talk with all that the steps tell apart: scripts, prompts, rooms, sessions, our own rewrites, weak links, chains of tries."""
    log = planted(customers=names(12)) + opening(names(12, "e"))
    artist = planted(
        customers=names(12, "d"), source="鳴らして björk", target="play björk", reading="music|play|björk 🙂", kind="ask_artist"
    )
    door = planted(customers=names(12, "s"), source="door open", target="open the door", customer_kind="session")
    log += _by_others(artist, "x") + _by_others(door, "y")
    for number, customer in enumerate(names(12, "e")):
        first = Said(customer, 300, "it's dark", None, "failure", room="kitchen")
        middle = Said(customer, 310, f"garbled '{number}\\", None, "failure")
        log += rephrased(first, middle, Said(customer, 320, "turn on the lamp", "light|on|", room="kitchen"), probability=0.8)
        log += rephrased(first, Said(customer, 330, "lamp bright", "light|on|", "censored"), probability=0.25)
    for where, device, text, reading in (("kitchen", "speaker", "radio up", "media|radio|"), ("lounge", "tv", "tv up", "media|tv|")):
        for customer in names(14, where):
            first = Said(customer, 400, "up", None, "failure", room=where, device_type=device)
            log += opening([customer]) + rephrased(first, replace(first, at=410, text=text, reading=reading, outcome="success"))
    ours = (Said(each, 9000, "turn on the lamp", "light|on|", original="lamp on now", day=3) for each in names(8))
    return log + alone(*ours, Said("c1", 9500, "", None, "failure"))


def _by_others(log: Log, prefix: str) -> Log:
    """The log with other people for its bystanders, who would otherwise say two things at once."""
    named = {turn: replace(turn, customer=f"{prefix}{turn.customer}") for turn in log.turns if turn.customer.startswith("other")}
    return Log(tuple(named.get(turn, turn) for turn in log.turns), log.links)


@needs_spark
def test_both_engines_mine_the_same_from_made_talk(spark_over: Over, tmp_path: Path):
    """Every table, every rewrite, every reason and every record."""
    lake = fill(Lake(tmp_path), made_log())

    mined, tables = compared(duckdb_over, lake, Bar())
    by_spark, tables_by_spark = compared(spark_over, lake, Bar())

    assert {each.source for each in mined.rewrites} >= {"lamp on now", "鳴らして björk"}
    assert {(each.source, each.room, each.target) for each in mined.rewrites if each.room} == {
        ("up", "kitchen", "radio up"),
        ("up", "lounge", "tv up"),
    }
    assert tables_by_spark == tables
    assert by_spark == mined


@needs_spark
@_a_few
@given(
    parts=st.lists(
        turn_parts(
            turn_ids=st.sampled_from([f"t{number}" for number in range(20)]),
            moments=st.integers(0, 3).map(lambda second: BASE + timedelta(seconds=second)),
        ),
        min_size=20,
        max_size=60,
    )
)
def test_both_engines_merge_parts_to_the_same_turns(parts, spark_over: Over, tmp_path_factory: pytest.TempPathFactory):
    """Whatever the parts carry, and whichever of them come at one time."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    store(lake, parts)
    reading = Step("read", "select * from turns")

    with duckdb_over(lake) as one, spark_over(lake) as other:
        one.run(reading)
        other.run(reading)
        rows, rows_by_spark = _rows(one.rows("read")), _rows(other.rows("read"))

    assert rows_by_spark == rows
