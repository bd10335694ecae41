"""The checker on cohorts, at the borders of its rules: one customer decides. Facts stand here, as in `test_checker.py`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from markov.facts import Told
from tests.markov.talk import names
from tests.markov.test_checker import SOURCE, STATE, TARGET, broken, checked, facts, row, told, tried

FAN = ("turn on the fan", "fan|on|")

MOST = tried(names(60), cohorts=("us",))


def britons(count: int, *meant: str, **others: object) -> list[Told]:
    """So many customers of a cohort who mean the fan."""
    return tried(names(count, "b"), *(meant or FAN), **({"cohorts": ("all", "gb")} | others))


def content(count: int, **others: object) -> list[Told]:
    """So many customers of a cohort for whom the source does as it is said."""
    return [told(each, 0, SOURCE, "mine", "success", **({"cohorts": ("gb",)} | others)) for each in names(count, "b")]


def test_a_cohort_of_which_enough_mean_something_else_must_be_spared():
    """Ten are enough, nine are not; once it is spared, by ten who said it, all is well."""
    assert broken(facts(*MOST, *britons(9)), row()) == set()
    assert broken(facts(*MOST, *britons(10)), row()) == {"cohort"}
    assert broken(facts(*MOST, *britons(10)), row(not_cohorts=("gb",))) == set()
    assert broken(facts(*MOST, *britons(9)), row(not_cohorts=("gb",))) == {"floor"}


def test_a_quarter_of_a_cohort_is_enough():
    """Three of twelve mean what the target means; with two it is less. Each has one say, by the last time."""
    for agreeing, rules in ((3, set()), (2, {"cohort"})):
        meant = tried(names(agreeing, "a"), cohorts=("gb",))

        assert broken(facts(*MOST, *meant, *britons(12 - agreeing, cohorts=("gb",))), row()) == rules
    changed_their_mind = tried(names(10, "b"), cohorts=("all", "gb"), at=100)
    assert broken(facts(*MOST, *britons(10), *changed_their_mind), row()) == set()


def test_what_spared_customers_say_is_not_held_against_it():
    """As said it succeeds for more of them than there are others, and they mean something else: it must hold for the others."""
    fails = [told(each, 0, TARGET, STATE, "failure", cohorts=("us",)) for each in names(40, "t")]
    known = facts(*MOST[:48], *fails, *content(90), *britons(10, at=1000))

    assert broken(known, row(not_cohorts=("gb",))) == set()
    assert broken(known, row()) == {"cohort", "success"}


def test_nor_does_it_speak_for_it():
    """Nine others are below the floor, whoever else went from source to target; and no turn of those is cited."""
    few, spared = tried(names(9), cohorts=("us",)), tried(names(30, "b"), cohorts=("gb",))

    assert broken(facts(*few, *spared), row(not_cohorts=("gb",))) == {"floor"}
    assert broken(facts(*MOST, *spared), row(not_cohorts=("gb",), evidence=("b0@0", "b0@10"))) == {"evidence"}
    assert broken(facts(*MOST, *spared), row(not_cohorts=("gb",))) == set()


def test_young_accounts_are_named_like_others_and_sessions_are_not():
    """Ten who came yesterday are as many as others; a cohort of sessions may be one person."""
    newest = told("c0", 40 * 86_400, "hello")
    young = [replace(turn, event_time=newest.event_time) for turn in content(10)]
    known = facts(*MOST, *young, newest)
    known = replace(known, first_seen=known.first_seen | {turn.customer_id: turn.event_time for turn in young})

    assert broken(known, row(not_cohorts=("gb",))) == set()
    assert broken(replace(known, sessions=frozenset({"b3"})), row(not_cohorts=("gb",))) == {"floor"}


def test_only_those_count_who_said_the_source_itself():
    """After the same question, in these words, rewritten or not."""
    rewritten = [told(each, 0, SOURCE, STATE, "failure", cohorts=("gb",), rewritten=True) for each in names(10, "b")]
    others = [told(each, 0, TARGET, STATE, "success", cohorts=("gb",)) for each in names(10, "b")]

    assert broken(facts(*MOST, *rewritten), row(not_cohorts=("gb",))) == set()
    assert broken(facts(*MOST, *others), row(not_cohorts=("gb",))) == {"floor"}
    assert broken(facts(*MOST, *content(10, kind="which")), row(not_cohorts=("gb",))) == {"floor"}


@pytest.mark.parametrize(
    ("named", "rules"),
    [
        (("gb", "gb"), {"cohort"}),
        (("gb", "all"), {"cohort"}),
        (("", "gb"), {"cohort", "floor"}),
        (("gb", "friends of mr jones"), {"cohort", "floor", "personal"}),
        (tuple(sorted(f"cohort {number}" for number in range(65))), {"cohort", "floor"}),
    ],
)
def test_names_are_in_order_and_point_to_nobody(named: tuple[str, ...], rules: set[str]):
    """Each once, none empty, sixty-four at most."""
    assert broken(facts(*MOST, *content(10, cohorts=("all", "gb"))), row(not_cohorts=named)) == rules


def test_sixty_four_may_be_spared():
    """One more may not."""
    cohorts = tuple(sorted(f"cohort {number}" for number in range(64)))

    assert checked(facts(*MOST, *content(10, cohorts=cohorts)), row(not_cohorts=cohorts)).faults == ()
