"""Average precision by hand, and the published effect in small: who takes its own rewrites for customers' words loses its table."""

from __future__ import annotations

from pathlib import Path

import pytest

from resay.commands.bench.mine_log import View, write_day, write_greetings
from resay.commands.bench.mine_quality import Course, Night, average_precision, live_through, mean_precision
from resay.dialogue.tick import silent
from resay.lab.self_influence import Spoken, wishes
from resay.store.lake import Lake

ALL = {0: 1, 1: 1, 2: 1}


def night(*scored: tuple[float, int, bool]) -> Night:
    """A table for three wishes, each of which wants one rewrite."""
    return Night(tuple((score, f"wish {number}", number, right) for score, number, right in scored), {0: 1, 1: 1, 2: 1})


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (night((0.9, 0, True), (0.8, 1, True), (0.7, 2, True)), 1.0),
        (night((0.9, 0, True)), 1 / 3),
        (night((0.9, 0, False), (0.8, 1, True)), (1 / 2) / 3),
        (night((0.8, 0, False), (0.9, 1, True)), 1 / 3),
        (night(), 0.0),
    ],
)
def test_what_is_missing_and_what_is_wrong_costs(table: Night, expected: float):
    """Precision at each right rewrite, by falling score, over all that are wanted."""
    assert average_precision(table, ALL) == pytest.approx(expected)


def test_where_nothing_is_wanted_nothing_can_be_told():
    """Neither one nor zero."""
    assert average_precision(Night((), {}), ALL) is None
    assert mean_precision([Night((), {})], [(0.0,)]) is None


def test_a_wish_that_is_drawn_twice_counts_twice():
    """As intervals draw wishes."""
    assert average_precision(night((0.9, 0, True), (0.8, 1, False)), {0: 2, 1: 1}) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        (View.OWN, [("lights please", "lamp now"), ("hello", None)]),
        (View.HIDDEN, [("lamp now", None), ("hello", None)]),
        (View.LEFT_OUT, [("hello", None)]),
    ],
)
def test_a_view_decides_what_is_seen_of_rewritten_turns(tmp_path: Path, view: View, shown: list[tuple[str, str | None]]):
    """Marked, as if they had been understood as they were said, or not at all."""
    lake = Lake(tmp_path)
    rewritten = Spoken("t1", "c1", 0, 1.0, "lamp now", "lights please", "home|lamp|", succeeded=True, right=True)

    write_greetings(lake, ["c1"])
    write_day(lake, [rewritten], view)

    with lake.connect() as connection:
        seen = connection.execute("select utterance, original from turns order by event_time desc").fetchall()
    assert seen == shown


@pytest.mark.slow
def test_own_rewrites_ruin_a_learner_that_does_not_know_them():
    """After four weeks it has lost most of a table that the self-aware one still has, and more tries fail."""
    course = Course(wishes(1), 7, seed=7)
    units = [(float(number),) for number in range(6)]

    unaware, aware = (live_through(course, view, silent) for view in (View.HIDDEN, View.OWN))

    assert (mean_precision(aware.nights, units) or 0) > 1.27 * (mean_precision(unaware.nights, units) or 0)
    assert sum(wrong for wrong, _ in aware.failures.values()) < sum(wrong for wrong, _ in unaware.failures.values())
