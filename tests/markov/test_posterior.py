"""Two Betas and the chance that one is the better: against chance itself, and against a world that changes."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from markov.posterior import UNTRIED, Beta, Day, added, believed, better, since_change

TODAY = date(2026, 11, 21)


def ago(days: int, wins: float, losses: float) -> Day:
    """A day so many days before today."""
    return Day(TODAY - timedelta(days=days), wins, losses)


@pytest.mark.parametrize("margin", [0.0, 0.1])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Beta(9, 2), Beta(2, 9)),
        (Beta(1.5, 1), Beta(40, 3)),
        (UNTRIED, Beta(3, 60)),
        (Beta(900, 100), Beta(88, 12)),
        (Beta(5, 5), Beta(5, 5)),
    ],
)
def test_the_chance_to_be_better_is_what_drawing_finds(one: Beta, other: Beta, margin: float):
    """400,000 drawn pairs agree to within five standard errors of theirs."""
    rng = np.random.default_rng(7)
    drawn = rng.beta(one.wins, one.losses, 400_000) > rng.beta(other.wins, other.losses, 400_000) + margin

    assert better(one, other, margin=margin) == pytest.approx(drawn.mean(), abs=0.004)


@given(*[st.floats(1, 500)] * 4)
def test_one_of_two_is_the_better(a: float, b: float, c: float, d: float):
    """The two chances are one together."""
    one, other = Beta(a, b), Beta(c, d)

    assert better(one, other) + better(other, one) == pytest.approx(1.0, abs=0.01)


def test_nothing_tried_is_even():
    """Of two that nobody has said each is the better with one half."""
    assert better(UNTRIED, UNTRIED) == pytest.approx(0.5)


def test_a_success_counts_half_after_a_half_life():
    """Eight successes of two weeks ago are four, of four weeks ago two."""
    assert believed([ago(14, 8, 0)], today=TODAY) == Beta(5, 1)
    assert believed([ago(28, 8, 0)], today=TODAY) == Beta(3, 1)
    assert believed([ago(0, 8, 4)], today=TODAY) == Beta(9, 5)


def test_a_clock_ahead_of_ours_counts_once():
    """A turn from tomorrow is no more than one of today."""
    assert believed([ago(-3, 8, 0)], today=TODAY) == Beta(9, 1)


_days = st.lists(st.builds(ago, st.integers(0, 60), st.integers(0, 50), st.integers(0, 50)), max_size=20)


@given(_days, _days)
def test_days_of_two_records_add_up(one: list[Day], other: list[Day]):
    """Counted together or counted apart and then added: the same posterior."""
    together = believed(added([*one, *other]), today=TODAY)
    apart = [believed(each, today=TODAY) for each in (one, other)]

    assert together.wins == pytest.approx(sum(each.wins for each in apart) - 1)
    assert together.losses == pytest.approx(sum(each.losses for each in apart) - 1)


def test_what_was_before_a_change_is_forgotten():
    """Ten days in vain, then one day on which all succeed: the assistant has learnt it, and ten days are no argument."""
    days = [*(ago(number, 0, 20) for number in range(10, 0, -1)), ago(0, 12, 0)]

    assert since_change(days) == (ago(0, 12, 0),)


def test_a_change_is_seen_in_a_trickle():
    """Of one or two held-out turns a day four are enough where nothing ever succeeded before."""
    days = [*(ago(number, 0, 2) for number in range(20, 3, -1)), ago(3, 1, 0), ago(2, 1, 0), ago(1, 1, 0), ago(0, 1, 0)]

    assert [each.wins for each in since_change(days)] == [1, 1, 1, 1]


def test_a_change_in_the_middle_of_a_day_takes_that_day_with_it():
    """The assistant learnt it at noon, or the day of the log is not the customers' day: half of it tells of neither time."""
    days = [*(ago(number, 0, 14) for number in range(10, 1, -1)), ago(1, 6, 6), ago(0, 13, 0)]

    assert since_change(days) == (ago(0, 13, 0),)


def test_the_last_of_two_changes_counts():
    """It worked, it broke, it works again."""
    days = [ago(9, 30, 0), ago(8, 30, 0), ago(7, 0, 30), ago(6, 0, 30), ago(5, 30, 0), ago(4, 30, 0)]

    assert since_change(days) == (ago(5, 30, 0), ago(4, 30, 0))


def test_one_lucky_day_is_no_change():
    """A wording that succeeds now and then did so twice today."""
    days = [*(ago(number, 1, 4) for number in range(10, 0, -1)), ago(0, 2, 1)]

    assert since_change(days) == tuple(days)


def test_steady_wordings_are_seldom_forgotten_for_nothing():
    """Of 400 that never change fewer than one in ten forgets anything in eight weeks."""
    rng = np.random.default_rng(7)
    forgot = 0
    for _ in range(400):
        chance = rng.uniform()
        wins = rng.binomial(5, chance, 56)
        days = [ago(55 - place, float(won), float(5 - won)) for place, won in enumerate(wins)]
        forgot += len(since_change(days)) < len(days)

    assert forgot < 40


def test_no_day_is_no_change():
    """Nothing, and a single day, are what they are."""
    assert since_change([]) == ()
    assert since_change([ago(0, 1, 1)]) == (ago(0, 1, 1),)
