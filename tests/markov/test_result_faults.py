"""What the miner makes of turns whose result failed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from markov.hearing import hear_all
from resay.store.lake import Lake
from resay.store.tables import CHAIN_TRIES, FAILURE_POINTS
from tests.markov.talk import Said, fill, rephrased

FIRST = Said("c", 0, "turn on the lamp", "light|on|", "failure")
SECOND = Said("c", 9, "switch on the lamp", "light|on|")


def say_failed(lake: Lake, turn: Said, point: str) -> None:
    """Put a verdict into a lake."""
    chances = dict.fromkeys(("false_wake", "asr", "nlu", "er", "result", "correct"), 0.0) | {point: 1.0}
    row = {"turn_id": turn.turn_id, "customer_id": turn.customer, "event_time": turn.when, "point": point, "model": "made-up"} | chances
    lake.append(FAILURE_POINTS, pa.Table.from_pylist([row], schema=FAILURE_POINTS.schema()))


@pytest.mark.parametrize(("point", "tries"), [("result", 0), ("asr", 1)])
def test_no_second_try_is_learnt_from_where_the_result_failed(tmp_path: Path, point: str, tries: int):
    """That other words came after a lamp was offline says nothing of words; where they were misheard it does."""
    lake = fill(Lake(tmp_path), rephrased(FIRST, SECOND, probability=1.0))
    say_failed(lake, FIRST, point)

    hear_all(lake)

    assert lake.count(CHAIN_TRIES) == tries


def test_a_verdict_that_comes_later_takes_the_try_back(tmp_path: Path):
    """Turns are heard anew when their failure point is known."""
    lake = fill(Lake(tmp_path), rephrased(FIRST, SECOND, probability=1.0))
    hear_all(lake)
    before = lake.count(CHAIN_TRIES)

    say_failed(lake, FIRST, "result")
    hear_all(lake)

    assert (before, lake.count(CHAIN_TRIES)) == (1, 0)
