"""One customer with more turns than all others together decides nothing, and keeps nobody waiting."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from markov.candidate import Bar
from markov.duckdb_engine import DuckDBEngine
from markov.facts import BEHIND_MAX, CUSTOMER_TURNS_MAX, read_facts
from markov.mine import Mined, mine
from markov.proof import Verdict
from markov.verify import TRIES_MAX, Rules, verify
from resay.store.lake import Lake
from resay.store.tables import LINKS, OUTCOMES, SEGMENTS, TURN_PARTS, Table
from tests.builders import BASE
from tests.markov.talk import fill, names, opening, planted

TURNS = 100_000
"""A machine that says something every ten seconds for twelve days; what took time with the square of it would take hours."""

GAP_S = 10


def flood(lake: Lake, turns: int, *, one_goal: bool) -> None:
    """A customer who is refused what others say too, and who then asks for the fan, over and over, in one goal or in many."""
    fill(lake, opening(["flood"]))
    number = np.arange(turns)
    begin = BASE + timedelta(days=1)
    at = pa.array(np.datetime64(begin.astimezone(UTC).replace(tzinfo=None), "us") + number * np.timedelta64(GAP_S, "s"))
    tries, follows = number % 2 == 0, number % 2 == 1
    ids = pa.array([f"flood{each:07}" for each in number])
    last = tries | (number == turns - 1) if one_goal else tries
    shared = {"turn_id": ids, "customer_id": ["flood"] * turns, "event_time": at}
    said = np.where(tries, "lamp on now", "turn on the fan").tolist()
    outcome = np.where(follows, "success", "failure").tolist()
    lake.append(
        TURN_PARTS,
        rows(
            TURN_PARTS,
            **shared,
            part=["whole"] * turns,
            source=["test"] * turns,
            partition=["test#0"] * turns,
            position=number,
            landed_at=at,
            customer_kind=["account"] * turns,
            utterance=said,
            canonical=said,
            interpretation=[None if each else "fan|on|" for each in tries],
            status=np.where(follows, "done", "failed").tolist(),
            body=["{}"] * turns,
        ),
    )
    lake.append(OUTCOMES, rows(OUTCOMES, **shared, outcome=outcome, defect=tries.astype(float), labeller=["truth/1"] * turns))
    goals = ["flood"] * turns if one_goal else [f"flood{each:07}" for each in number - number % 2]
    lake.append(SEGMENTS, rows(SEGMENTS, **shared, segment_id=goals, ordinal=[0] * turns, outcome=outcome, labeller=["truth/1"] * turns))
    linked = number[last & (number + 1 < turns)]
    lake.append(
        LINKS,
        rows(
            LINKS,
            source_turn_id=ids.take(pa.array(linked)),
            target_turn_id=ids.take(pa.array(linked + 1)),
            customer_id=["flood"] * len(linked),
            event_time=at.take(pa.array(linked)),
            probability=[0.9] * len(linked),
            span_start=[0] * len(linked),
            span_end=[9] * len(linked),
            detector=["truth/1"] * len(linked),
        ),
    )


def rows(table: Table, **columns: object) -> pa.Table:
    """Rows of a table; columns that are not named are null."""
    schema = table.schema()
    size = max(len(each) for each in columns.values())  # type: ignore[arg-type]
    return pa.table({name: columns.get(name, pa.nulls(size)) for name in schema.names}).cast(schema)


def mined(lake: Lake) -> Mined:
    """What the miner makes of a lake."""
    with lake.connect() as connection:
        return mine(DuckDBEngine(connection), Bar())


@pytest.mark.slow
@pytest.mark.parametrize("one_goal", [False, True], ids=["many-goals", "one-goal"])
def test_one_customer_decides_nothing_however_much_he_says(tmp_path: Path, one_goal: bool):
    """Twelve customers mean the lamp: it is proposed and proven, though he meant the fan fifty thousand times."""
    lake = fill(Lake(tmp_path), planted(customers=names(12)))
    flood(lake, TURNS, one_goal=one_goal)

    rewrites = mined(lake).rewrites
    with lake.connect() as connection:
        proof = verify(rewrites, read_facts(connection, rewrites), Rules(), now=BASE, clock=lambda: 0.0)

    assert [(each.source, each.target, each.support) for each in rewrites] == [("lamp on now", "turn on the lamp", 12)]
    assert proof.verdict is Verdict.PROVEN


@pytest.mark.slow
def test_one_customer_alone_teaches_nothing(tmp_path: Path):
    """He is one below the floor, whatever he says how often."""
    lake = Lake(tmp_path)
    flood(lake, TURNS, one_goal=False)

    assert (mined(lake).rewrites, mined(lake).sources) == ((), 0)


@pytest.mark.parametrize("one_goal", [False, True], ids=["many-goals", "one-goal"])
def test_the_checker_reads_few_turns_of_one_customer(tmp_path: Path, one_goal: bool):
    """His newest turns, what came behind them, and what is cited, however old; and since when he is known."""
    lake = fill(Lake(tmp_path), planted(customers=names(12)))
    flood(lake, 4_000, one_goal=one_goal)
    (found,) = mined(lake).rewrites
    cited = ("flood0000100", "flood0000101")

    with lake.connect() as connection:
        facts = read_facts(connection, [replace(found, evidence=(*found.evidence, *cited))])

    his = {turn.turn_id for turn in facts.turns.values() if turn.customer_id == "flood"}
    assert {"flood0003998", "flood0003999", *cited} <= his
    assert "flood0000300" not in his
    assert CUSTOMER_TURNS_MAX <= len(his) <= 3 * CUSTOMER_TURNS_MAX
    assert facts.first_seen["flood"] <= BASE
    assert set(found.evidence) <= facts.turns.keys()


def test_as_much_is_read_behind_a_source_as_is_looked_at():
    """Otherwise the checker would miss how a goal ended."""
    assert BEHIND_MAX >= TRIES_MAX
