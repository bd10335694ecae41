"""Why wordings fail: counted from verdicts of turns that failed, each customer once, and again when somebody leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from markov.failing import WINDOW_DAYS, told_again, with_failing
from markov.hearing import hear_all
from markov.verify import Rules
from resay.dialogue.rewrite import Risk
from resay.dialogue.wording import Failing, Wording
from resay.store.lake import Lake
from resay.store.tables import FAILURE_POINTS
from tests.markov.talk import Log, Said, alone, fill, names, opening

SAID = "what is the weather"
STATE = "weather|get|"
WORDING = Wording(SAID, "", STATE, Risk.LOW, 12, 12.0, 0.2, 20_000)


def classified(folder: Path, log: Log, points: Mapping[str, str]) -> Lake:
    """A lake with a verdict of nine in ten on each turn of each customer, by their number."""
    lake = fill(Lake(folder), opening({each.customer for each in log.turns}) + log)
    names_ = ("false_wake", "asr", "nlu", "er", "result", "correct")
    rows = []
    for turn in log.turns:
        point = points.get(turn.customer)
        if point:
            chances = {name: 0.9 if name == point else 0.02 for name in names_}
            rows.append(
                {"turn_id": turn.turn_id, "customer_id": turn.customer, "event_time": turn.when, "point": point, "model": "m"} | chances
            )
    lake.append(FAILURE_POINTS, pa.Table.from_pylist(rows, schema=FAILURE_POINTS.schema()))
    hear_all(lake)
    return lake


def failing(lake: Lake, wording: Wording = WORDING) -> Failing | None:
    with lake.connect() as connection:
        return with_failing(connection, [wording], Rules())[0].failing


def failed(customers: list[str], *, times: int = 1, **changed: object) -> Log:
    turns = [Said(each, 60 + number, SAID, STATE, "failure") for each in customers for number in range(times)]
    return alone(*(replace(turn, **changed) for turn in turns))  # type: ignore[arg-type]


def test_shares_are_of_customers_and_not_of_turns(tmp_path: Path):
    """One who failed twenty times weighs as much as one who failed once."""
    loud, others = failed(["c0"], times=20), failed(names(12)[1:])
    points = {"c0": "nlu"} | dict.fromkeys(names(12)[1:], "result")

    found = failing(classified(tmp_path, loud + others, points))

    assert found is not None
    assert (found.customers, found.result, found.correct) == (12, pytest.approx((11 * 0.9 + 0.02) / 12, abs=0.001), 0.02)


@pytest.mark.parametrize(("told", "customers"), [(10, 10), (9, None)])
def test_fewer_than_the_floor_tell_nothing(tmp_path: Path, told: int, customers: int | None):
    """Whoever has no verdict does not tell."""
    found = failing(classified(tmp_path, failed(names(12)), dict.fromkeys(names(told), "result")))

    assert (found and found.customers) == customers


@pytest.mark.parametrize(
    "changed",
    [{"outcome": "success"}, {"original": "weather please"}, {"customer_kind": "session"}, {"text": "how warm is it"}, {"kind": "what"}],
)
def test_only_what_customers_said_themselves_in_vain_counts(tmp_path: Path, changed: dict[str, str]):
    """Not what succeeded, what we said for them, what nobody knows whose it is, or other words."""
    lake = classified(tmp_path, failed(names(12), **changed), dict.fromkeys(names(12), "result"))

    assert failing(lake) is None


def test_without_verdicts_nothing_is_told(tmp_path: Path):
    """As where nobody ever ran `resay classify`."""
    assert failing(classified(tmp_path, failed(names(12)), {})) is None


def test_what_was_down_long_ago_is_forgotten(tmp_path: Path):
    """A fault that is repaired must not keep words from help for ever."""
    later = alone(Said("other", 0, "hello", "chat|hello|", day=WINDOW_DAYS))
    lake = classified(tmp_path, failed(names(12)) + later, dict.fromkeys(names(12), "result"))

    assert failing(lake) is None


def test_whoever_leaves_is_taken_off_to_the_bit(tmp_path: Path):
    """As if they had never been; below the floor nothing is told."""
    points = dict.fromkeys(names(11), "result") | {"c0": "correct"}
    lake, never = classified(tmp_path / "gone", failed(names(11)), points), classified(tmp_path / "never", failed(names(11)[1:]), points)
    with lake.connect() as connection:
        before = with_failing(connection, [WORDING], Rules())

    lake.take_out("c0")
    hear_all(lake)
    with lake.connect() as connection:
        after = told_again(connection, before, Rules())
    lake.take_out("c1")
    hear_all(lake)
    with lake.connect() as connection:
        at_last = told_again(connection, after, Rules())

    assert after[0].failing == failing(never)
    assert (before[0].failing and before[0].failing.customers, at_last) == (11, [WORDING])


def test_what_was_told_nothing_is_told_nothing_again(tmp_path: Path):
    """An older generation does not come to know what was found out since."""
    lake = classified(tmp_path, failed(names(12)), dict.fromkeys(names(12), "result"))

    with lake.connect() as connection:
        assert told_again(connection, [WORDING], Rules()) == [WORDING]
