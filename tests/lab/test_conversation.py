"""Sessions: customers say again what failed, not what worked, and only so often."""

from __future__ import annotations

from random import Random

import pytest

from resay.lab.conversation import Exchange, Opening, Stage, converse, false_wake
from resay.lab.customer import Customer, Try
from resay.lab.world import World
from tests.builders import BASE

AGAIN_AFTER_FAILURE = {Try.SAME_WORDS, Try.REPAIR, Try.OTHER_WORDS}
SESSIONS = 2_000


@pytest.fixture(scope="module")
def sessions(stage: Stage, customer: Customer) -> list[list[Exchange]]:
    rng = Random(1)
    return [converse(stage, customer, opening=Opening(f"s{number}", BASE), week=0, rng=rng) for number in range(SESSIONS)]


def test_only_what_failed_is_said_again(sessions: list[list[Exchange]]):
    """Before every second try there is a failed one at the same goal."""
    for session in sessions:
        for place, exchange in enumerate(session):
            if exchange.truth.attempt in AGAIN_AFTER_FAILURE:
                assert any(not each.truth.right and each.truth.goal == exchange.truth.goal for each in session[:place])


def test_a_repeated_success_follows_a_success(sessions: list[list[Exchange]]):
    """The volume up, and up: no sign of trouble."""
    repeats = [(session[place - 1], each) for session in sessions for place, each in enumerate(session) if each.truth.attempt is Try.AGAIN]

    assert repeats
    assert all(before.truth.right and before.truth.goal == after.truth.goal for before, after in repeats)


def test_customers_speak_over_refusals_only(sessions: list[list[Exchange]]):
    """Whoever interrupts says again what failed."""
    interrupted = [(session[place - 1], each) for session in sessions for place, each in enumerate(session) if each.turn.barge_in]

    assert interrupted
    assert all(not before.truth.right and before.turn.ended_at and after.turn.at < before.turn.ended_at for before, after in interrupted)


def test_giving_up_and_going_on_both_happen(sessions: list[list[Exchange]]):
    """Some sessions end in failure, some go on to another goal."""
    ends = {session[-1].truth.right for session in sessions}
    goals = {len({each.truth.goal for each in session}) for session in sessions}

    assert ends == {True, False}
    assert max(goals) > 1


def test_what_is_done_is_what_the_truth_says(sessions: list[list[Exchange]], world: World):
    """A turn is right when the action that the log tells is that of the goal."""
    for exchange in (each for session in sessions for each in session):
        wanted = world.goals[exchange.truth.goal].action
        told = f"{wanted.verb}:{'+'.join(wanted.targets)}" if wanted.targets else wanted.verb
        assert exchange.turn.response is not None
        assert exchange.truth.right == (exchange.turn.response.action == told)


def test_noise_that_is_refused_is_right(stage: Stage, customer: Customer, world: World):
    """Nobody wanted anything, and nothing was done."""
    heard = false_wake(stage, customer, sound=world.false_wakes[0], opening=Opening("s", BASE), rng=Random(1))

    assert heard.truth.right
    assert (heard.truth.goal, heard.truth.wanted, heard.truth.failure_point) == ("", None, "correct")
