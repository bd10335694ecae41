"""The world in which a learner meets its own rewrites: what is right is what works, and what is said does not depend on the table."""

from __future__ import annotations

import pytest

from resay.lab.self_influence import CHANGES_ON, SAID_DAILY, Kind, Spoken, Wish, customers, talk_of_day, wishes

PEOPLE = customers(120)


def talk(wish: Wish, table: dict[str, str], days: range, *, seed: int = 7) -> list[Spoken]:
    """What is said of one wish on these days."""
    return [each for day in days for each in talk_of_day([wish], PEOPLE, table, day=day, seed=seed)]


def right(turns: list[Spoken], said: str) -> float:
    """How often first tries in these words end as they were meant."""
    of_wording = [each.right for each in turns if each.said == said and not each.again_of]
    return sum(of_wording) / len(of_wording)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("days", [range(CHANGES_ON), range(CHANGES_ON, 28)])
def test_what_should_be_put_in_place_of_a_wording_is_what_helps(kind: Kind, days: range):
    """Served, it fails less for every wording that it is for; where there is nothing, no other wording fails less by a fifth."""
    wish = Wish("aax thing", kind)
    table = wish.targets(days.start)
    as_said, served = talk(wish, {}, days), talk(wish, table, days)

    for source in table:
        assert right(served, source) > right(as_said, source) + 0.5
    for target in wish.wordings if wish.source not in table and kind is not Kind.MIXED else ():
        assert right(talk(wish, {wish.source: target}, days), wish.source) < right(as_said, wish.source) + 0.2


def test_a_mixed_wish_is_set_right_for_half():
    """So that a rewrite wins and loses as often."""
    wish = Wish("aax thing", Kind.MIXED)

    assert right(talk(wish, {wish.source: wish.wordings[0]}, range(28)), wish.source) == pytest.approx(0.45, abs=0.1)


def test_who_says_what_does_not_depend_on_the_table():
    """First tries are the same people, words and moments, whatever is served; and the same seed says the same."""
    asked = wishes(1)
    table = {each.source: each.wordings[0] for each in asked}
    first = [[(each.customer, each.said, each.second) for each in talk_of_day(asked, PEOPLE, served, day=3, seed=7) if not each.after]
             for served in ({}, table)]  # fmt: skip

    assert first[0] == first[1]
    assert len(first[0]) == 6 * (SAID_DAILY + 4)
    errands = [[(each.customer, each.said, each.second) for each in talk_of_day(asked, PEOPLE, served, day=3, seed=7) if each.is_errand]
               for served in ({}, table)]  # fmt: skip
    assert errands[0] == errands[1]
    assert 0.2 < len(errands[0]) / len(first[0]) < 0.5
    assert list(talk_of_day(asked, PEOPLE, {}, day=3, seed=7)) == list(talk_of_day(asked, PEOPLE, {}, day=3, seed=7))


def test_control_is_never_served():
    """The first tenth of the customers, whatever the table says; of the others nearly all are."""
    wish = Wish("aax thing", Kind.STEADY)
    turns = [each for each in talk(wish, {wish.source: wish.wordings[0]}, range(28)) if each.said == wish.source]

    control = [each.rewritten for each in turns if each.customer in PEOPLE[:12]]
    treated = [each.rewritten for each in turns if each.customer not in PEOPLE[:12]]

    assert control
    assert not any(control)
    assert 0.9 < sum(treated) / len(treated) < 1


def test_some_wrong_actions_are_taken_for_successes():
    """Who goes away without a word looks content; a refusal never does."""
    wish = Wish("aax thing", Kind.MIXED)
    served = [each for each in talk(wish, {wish.source: wish.wordings[0]}, range(28)) if each.rewritten]

    wrong = [each for each in served if each.state and not each.right]

    assert 0.15 < sum(each.succeeded for each in wrong) / len(wrong) < 0.45
    assert not any(each.succeeded for each in served if each.state is None)


def test_a_detector_mostly_tells_a_second_try_from_something_else():
    """And is never sure; the first turn of a session says nothing again."""
    turns = talk(Wish("aax thing", Kind.STEADY), {}, range(28))

    again, other, first = (
        [each.linked for each in turns if chosen(each)]
        for chosen in (lambda each: each.again_of, lambda each: each.is_errand, lambda each: not each.after)
    )

    assert 0.6 < sum(again) / len(again) < 0.8
    assert 0.1 < sum(other) / len(other) < 0.3
    assert set(first) == {0.0}
