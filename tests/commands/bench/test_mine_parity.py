"""Comparing engines: what differs is counted and named, where Spark is missing the row says so, and random logs are what they must be."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from resay.commands.bench.mine_lake import write_talk
from resay.commands.bench.mine_parity import LOGS_AT_ONCE, SparkMissing, compare, names_of, parity_rows, spark_engines
from resay.commands.engines import embedded
from resay.dialogue.tick import silent
from resay.lab.made_turn import MadeTalk
from resay.lab.random_talk import random_log, random_logs
from resay.store.lake import Lake


@contextmanager
def losing(_lake: Lake):
    """An engine that does not see one of the logs."""
    with TemporaryDirectory() as folder:
        fewer = Lake(Path(folder))
        write_talk(fewer, sum(random_logs(names_of(0)[1:], 7), MadeTalk()))
        with embedded(fewer) as engine:
            yield engine


def test_one_engine_agrees_with_itself():
    """Nothing differs, and something was compared."""
    found = compare(embedded, random_logs(names_of(0), 7))

    assert found.logs == LOGS_AT_ONCE
    assert found.differences == ()
    assert found.rewrites >= 10
    assert found.declined >= 10


def test_an_engine_that_loses_a_log_is_found_out():
    """Rewrites, reasons and candidates are named one by one."""
    found = compare(losing, random_logs(names_of(0), 7))

    assert {each.split()[0] for each in found.differences} >= {"candidate", "record"}
    assert any("log0x0" in each for each in found.differences)


def test_without_jars_the_row_says_that_nothing_was_run(tmp_path: Path):
    """And the other parts of the bench go on."""
    (row,) = parity_rows(passes=1, jars=tmp_path, seed=7, tick=silent)

    assert (row.row, row.metric, row.value) == ("duckdb/spark", "differences", None)
    assert row.unit.startswith("not run: Delta's jars must be there; none in ")


def test_an_empty_folder_of_jars_is_told_from_a_missing_extra(tmp_path: Path):
    """Each says what would help."""
    with pytest.raises(SparkMissing, match="make spark"), spark_engines(tmp_path):
        pass


def test_logs_of_one_lake_share_no_customer_and_no_words():
    """So that each is a log of its own, though they lie together."""
    one, other = random_logs(["one", "two"], 7)

    assert not {each.customer for each in one.turns} & {each.customer for each in other.turns}
    assert not {each.text for each in one.turns} & {each.text for each in other.turns}
    assert not {each.turn_id for each in one.turns} & {each.turn_id for each in other.turns}


def test_logs_hold_what_steps_tell_apart():
    """Own rewrites, sessions for customers, unlabelled turns, links told twice, links of no chance and of more than one."""
    logs = random_logs(names_of(0), 7)
    turns, links = [each for log in logs for each in log.turns], [each for log in logs for each in log.links]

    assert any(each.original for each in turns)
    assert {each.customer_kind for each in turns} == {"account", "device", "session"}
    assert {each.outcome for each in turns} == {"success", "failure", "censored", None}
    assert {each.detector for each in links} == {"made-up/1", "made-up/2"}
    assert min(each.probability for each in links) == 0
    assert max(each.probability for each in links) > 1
    assert any(each.source.segment != each.target.segment for each in links)


def test_the_same_seed_makes_the_same_log():
    """On every machine."""
    assert random_log("one", Random("7/one")) == random_log("one", Random("7/one")) == random_logs(["one"], 7)[0]
