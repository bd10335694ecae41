"""Made-up talk of any length, and what mining it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from markov.engine import Engine
from resay.commands.bench.mine_scale import Beside, beside_rows, in_turn, keep_facts, scale_rows
from resay.commands.bench.mine_talk import Talk, make_day
from resay.commands.engines import embedded
from resay.dialogue.tick import silent
from resay.store.lake import Lake
from resay.store.tables import CHAIN_TRIES, CHAIN_TURNS


def talk_of(folder: Path, talk: Talk, day: int, query: str) -> list[tuple[object, ...]]:
    """What a query finds in one day's talk."""
    with Lake(folder).connect() as connection:
        make_day(connection, talk, day)
        return connection.execute(query).fetchall()


def test_the_same_seed_makes_the_same_talk(tmp_path: Path):
    """And another one makes another, as another day does."""
    said = "select said from turns order by turn_id"

    talks = [talk_of(tmp_path, Talk(9_000, seed), day, said) for seed, day in ((1, 0), (1, 0), (2, 0), (1, 1))]

    assert talks[0] == talks[1]
    assert talks[0] not in talks[2:]
    assert [len(each) for each in talks] == [300] * 4


def test_second_tries_follow_refusals(tmp_path: Path):
    """Each link leads from a turn that was refused to the next of its session, in other words."""
    query = """
        select count(*), sum(cast(source.state like '?|%' and source.customer_id = target.customer_id and source.said <> target.said
            and epoch(target.event_time) - epoch(source.event_time) = 10 as int))
        from links
        join turns as source on source.turn_id = links.source_turn_id
        join turns as target on target.turn_id = links.target_turn_id
    """

    links, right = talk_of(tmp_path, Talk(30_000, 1), 3, query)[0]

    assert links == right
    assert links > 50


def test_all_days_are_kept(tmp_path: Path):
    """Each turn once, each second try with both of its turns."""
    lake = Lake(tmp_path)

    keep_facts(lake, Talk(9_000, 1))

    with lake.connect() as connection:
        turns = connection.execute(f"select count(*), count(distinct turn_id), count(distinct day) from {CHAIN_TURNS.name}").fetchall()
        tries = connection.execute(f"select count(*) > 0, bool_and(source_said <> target_said) from {CHAIN_TRIES.name}").fetchall()
    assert (turns, tries) == ([(9_000, 9_000, 30)], [(True, True)])


def test_a_size_is_told_by_stage():
    """The stages add up, and something is found."""
    rows = {(row.row, row.metric): row.value or 0.0 for row in scale_rows([60_000], seed=1, tick=silent)}

    stages = [rows[f"60,000 turns, {stage}", "seconds"] for stage in ("facts", "steps", "chain")]
    assert abs(rows["60,000 turns", "seconds"] - sum(stages)) < 1e-6
    assert min(stages) > 0
    assert rows["60,000 turns", "rewrites"] > 0
    assert 0 < rows["60,000 turns", "peak_gb"] < 8


def test_without_spark_the_row_says_so(tmp_path: Path):
    """A folder without jars is no reason to fail."""
    (row,) = beside_rows(Beside(3_000), jars=tmp_path, seed=1, tick=silent)

    assert (row.metric, row.value) == ("ratio", None)
    assert row.unit.startswith("not run: Delta's jars must be there")


def test_engines_are_run_in_turn(tmp_path: Path):
    """Each as often as is asked, the one after the other."""
    lake, opened = Lake(tmp_path), []
    keep_facts(lake, Talk(3_000, 1))

    @contextmanager
    def over(name: str, lake: Lake) -> Iterator[Engine]:
        opened.append(name)
        with embedded(lake) as engine:
            yield engine

    seconds = in_turn({name: partial(over, name) for name in ("one", "other")}, lake, runs=2, tick=silent)

    assert opened == ["one", "other", "one", "other"]
    assert {name: len(each) for name, each in seconds.items()} == {"one": 2, "other": 2}
