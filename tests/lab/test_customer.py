"""Customers: habits, second tries at the rates of people, and what they want."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from resay.lab.customer import Customer, Popularity, Try, first_wording, make_customer, next_wording, turns_until_rephrase
from resay.lab.world import World, read_world
from tests.lab.small_world import write_world

DRAWS = 20_000


@pytest.fixture
def world(tmp_path: Path) -> World:
    return read_world(write_world(tmp_path))


@pytest.fixture
def customer(world: World) -> Customer:
    return make_customer(world, "c1", rng=Random(3), sessions_daily=1.0)


def test_failed_requests_are_said_again_as_often_as_people_do():
    """Within one, two and three turns: 49, 60 and 64 % (DSTC2)."""
    rng = Random(1)
    lags = Counter(turns_until_rephrase(rng) for _ in range(DRAWS))

    within = [sum(lags[lag] for lag in range(1, turns + 1)) / DRAWS for turns in (1, 2, 3)]

    assert within == pytest.approx([0.492, 0.602, 0.644], abs=0.01)


def test_a_third_of_second_tries_are_in_the_same_words(world: World):
    """As in DSTC2; some of them open with a repair."""
    rng = Random(1)
    tries = Counter(next_wording(world.phrases_of("lights_on"), [3], rng).attempt for _ in range(DRAWS))

    assert (tries[Try.SAME_WORDS] + tries[Try.REPAIR]) / DRAWS == pytest.approx(0.316, abs=0.01)


def test_other_words_are_other_words(world: World):
    """Who puts it differently does not say what was just said."""
    rng = Random(1)
    wordings = [next_wording(world.phrases_of("lights_on"), [1, 3], rng) for _ in range(500)]

    assert {each.phrase for each in wordings if each.attempt is Try.OTHER_WORDS} == {2}


def test_first_tries_are_mostly_in_supported_wordings(world: World, customer: Customer):
    """Nine in ten (EVALUATION, section 2)."""
    rng = Random(1)
    phrases = world.phrases_of("lights_on")
    supported = sum(world.phrases[first_wording(customer, phrases, rng).phrase].supported for _ in range(DRAWS))

    assert supported / DRAWS == pytest.approx(0.9, abs=0.01)


def test_the_same_chance_makes_the_same_customer(world: World):
    """Nothing of a customer comes from anywhere but the chance that is handed in."""
    one, other = (make_customer(world, "c1", rng=Random(5), sessions_daily=1.0) for _ in range(2))

    assert one == other


def test_popular_goals_are_wanted_more_and_the_order_shifts(world: World):
    """There is a head and a tail, and it is not the same in every week."""
    popularity = Popularity(world, Random(2), weeks=6)
    customer = make_customer(world, "c1", rng=Random(9), sessions_daily=1.0)
    rng = Random(1)

    weeks = [Counter(popularity.goal(customer, week=week, room=None, rng=rng) for _ in range(2_000)) for week in (0, 5)]

    chance = (Random(1), Random(1))
    drawn = [
        [popularity.goal(customer, week=week, room=None, rng=own) for _ in range(500)] for week, own in zip((0, 5), chance, strict=True)
    ]

    assert drawn[0] != drawn[1]
    assert weeks[0].most_common()[0][1] > 2 * weeks[0].most_common()[-1][1]
    assert weeks[0] != weeks[1]
