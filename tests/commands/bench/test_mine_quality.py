"""The made-up world in small: what learners are shown, and the published effect, that own rewrites ruin who does not know them."""

from __future__ import annotations

from pathlib import Path

import pytest

from resay.commands.bench.mine_learners import LEARNERS
from resay.commands.bench.mine_log import Links, View, day_of, write_day, write_greetings
from resay.commands.bench.mine_precision import mean_precision
from resay.commands.bench.mine_quality import Course, live_through, table_unserved
from resay.dialogue.tick import silent
from resay.lab.self_influence import Spoken, wishes
from resay.store.lake import Lake


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


FIRST = Spoken("t1", "c1", 0, 1.0, "lamp now", "lamp now", None, succeeded=False, right=False)
AGAIN = Spoken("t2", "c1", 0, 9.0, "lights please", "lights please", "home|lamp|", True, True, again_of="t1", after="t1", linked=0.7)
ELSE = Spoken("t3", "c1", 0, 21.0, "what time is it", "what time is it", "clock|time|", True, True, after="t2", linked=0.1)


@pytest.mark.parametrize(("links", "expected"), [(Links.DETECTED, [0.7, 0.1]), (Links.ALIKE, [1.0, 1.0])])
def test_a_learner_sees_what_a_detector_makes_of_the_next_turn_or_that_it_follows(links: Links, expected: list[float]):
    """And all that follows lies in one segment."""
    talk = day_of([FIRST, AGAIN, ELSE], View.OWN, links)

    assert [each.probability for each in talk.links] == expected
    assert {each.segment for each in talk.turns} == {"t1"}


def test_a_turn_that_is_left_out_takes_its_links_along():
    """What followed it begins a session."""
    rewritten = Spoken("t1", "c1", 0, 1.0, "lamp now", "lights please", None, succeeded=False, right=False)

    talk = day_of([rewritten, AGAIN, ELSE], View.LEFT_OUT, Links.DETECTED)

    assert [(each.source.turn_id, each.target.turn_id) for each in talk.links] == [("t2", "t3")]
    assert [each.segment for each in talk.turns] == ["t2", "t2"]


@pytest.mark.slow
def test_while_nothing_is_served_it_makes_no_difference_who_knows_rewrites():
    """There are none; and the miner finds what is right."""
    course, units = Course(wishes(1), 7, seed=7), [(float(number),) for number in range(6)]

    unaware, aware = (table_unserved(course, LEARNERS[name]) for name in ("chain+links", "self-aware"))

    assert unaware == aware
    assert (mean_precision([aware], units) or 0) > 0.3


@pytest.mark.slow
def test_own_rewrites_ruin_a_learner_that_does_not_know_them():
    """After four weeks it has lost most of a table that the self-aware one still has, and more tries fail."""
    course = Course(wishes(1), 7, seed=7)
    units = [(float(number),) for number in range(6)]

    unaware, aware = (live_through(course, LEARNERS[name], silent) for name in ("chain+links", "self-aware"))

    assert (mean_precision(aware.nights, units) or 0) > 1.27 * (mean_precision(unaware.nights, units) or 0)
    assert sum(wrong for wrong, _ in aware.failures.values()) < sum(wrong for wrong, _ in unaware.failures.values())
