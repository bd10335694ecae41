"""Rehearsals: rates counted over sessions that stand here in full."""

from __future__ import annotations

from pathlib import Path

import pytest

from resay.dialogue.tick import silent
from resay.lab.assistant import Assistant
from resay.lab.cast import Casting
from resay.lab.conversation import Exchange, Truth
from resay.lab.customer import Try
from resay.lab.rehearsal import Rehearsal, rehearse
from resay.lab.world import read_world
from tests.builders import turn
from tests.lab.small_world import write_world


def _exchange(session: str, goal: str, outcome: str, attempt: Try = Try.FIRST, *, main: bool = True) -> Exchange:
    truth = Truth("t", goal, None, outcome, "nlu", attempt, "", "us", main)
    return Exchange(turn("a", session_id=session), truth)


def test_rates_are_of_failed_turns_and_of_the_next_try_at_each():
    """The first failure is said again two turns later in other words, which works; the stressed one at once in the same, which does not."""
    rehearsal = Rehearsal()
    rehearsal.add(
        [
            _exchange("s1", "lights", "no_match"),
            _exchange("s1", "lock", "correct"),
            _exchange("s1", "lights", "correct", Try.OTHER_WORDS),
            _exchange("s2", "lights", "no_match", main=False),
            _exchange("s2", "lights", "no_match", Try.SAME_WORDS, main=False),
        ]
    )

    rates = {each.name: (each.of, each.share) for each in rehearsal.rates()}

    assert rates == {
        "turns of well-served voices that fail": (3, pytest.approx(1 / 3)),
        "failed turns said again within 1 turn": (3, pytest.approx(1 / 3)),
        "failed turns said again within 2 turns": (3, pytest.approx(2 / 3)),
        "failed turns said again within 3 turns": (3, pytest.approx(2 / 3)),
        "second tries that fail again": (2, 0.5),
        "those in other words": (1, 0.0),
        "those in the same words": (1, 1.0),
        "second tries in the same words": (2, 0.5),
    }


def test_the_same_goal_wanted_anew_is_no_second_try():
    """Nor is what was said in another session, or later than three turns."""
    rehearsal = Rehearsal()
    rehearsal.add(
        [_exchange("s1", "lights", "no_match"), _exchange("s1", "lights", "correct"), _exchange("s2", "lights", "correct", Try.OTHER_WORDS)]
    )
    rehearsal.add(
        [_exchange("s3", "lights", "no_match"), *[_exchange("s3", "lock", "correct")] * 3, _exchange("s3", "lights", "correct", Try.REPAIR)]
    )

    assert not rehearsal.lags


def test_nobody_who_spoke_is_said_of_no_share():
    """An empty world has no rates, and no nought."""
    assert {each.share for each in Rehearsal().rates()} == {None}


def test_customers_of_a_loop_talk(tmp_path: Path):
    """The same seed gives the same counts, another one others."""
    world = read_world(write_world(tmp_path))
    assistant = Assistant(world.home)

    one, again, other = (rehearse(world, assistant, Casting(seed, 30, 5), tick=silent) for seed in (1, 1, 2))

    assert one == again != other
    assert one.turns > 50
