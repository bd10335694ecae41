"""Which cohorts refute a rewrite: by their own evidence, never by others', whatever they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markov.cohort_records import Fared, Inside, Meant
from markov.sparing import Judging, refuting
from markov.standing import Bounds
from tests.builders import rewrite

TODAY = date(2026, 11, 21)
JUDGING = Judging(Bounds(TODAY, source_success_max=0.5, target_success_min=0.5), customers_min=10, confidence=0.95)
LAMP = rewrite("lamp on now", "turn on the lamp")
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Group:
    """Customers who are of the same cohorts, and what became of the source for them, as said and as rewritten: wins and losses."""

    cohorts: frozenset[str]
    said: tuple[float, float] = (0, 0)
    rewritten: tuple[float, float] = (0, 0)
    people: int = 15
    counts: bool = True
    ago: int = 0
    meant: tuple[int, int] = (0, 0)
    """How many ended well, and how many of them by what the target means."""


def group(*cohorts: str, **others: object) -> Group:
    """Those of some cohorts."""
    return Group(frozenset(cohorts), **others)  # type: ignore[arg-type]


def inside(groups: Sequence[Group]) -> Inside:
    """What is known of them."""
    speakers: dict[frozenset[str], int] = {}
    for each in groups:
        speakers[each.cohorts] = speakers.get(each.cohorts, 0) + each.people
    return Inside(
        speakers=speakers,
        fared=[
            _fared(each, given, tried) for each in groups for given, tried in (("", each.said), (LAMP.target, each.rewritten)) if any(tried)
        ],
        meant=[Meant(each.cohorts, LAMP.target, *each.meant) for each in groups],
    )


def _fared(each: Group, given: str, tried: tuple[float, float]) -> Fared:
    wins, losses = tried
    heads = (each.people, min(each.people, ceil(wins)), min(each.people, ceil(losses)))
    day = TODAY - timedelta(days=each.ago)
    return Fared(each.cohorts, each.counts, given, [(day, int(wins * MILLION), int(losses * MILLION))], heads)


def spared(*groups: Group, judging: Judging = JUDGING) -> set[str]:
    """The cohorts that refute the rewrite."""
    return set(refuting(LAMP, inside(groups), judging))


HELPED = group("us", said=(0, 30), rewritten=(40, 4), people=60)
HURT = group("gb", said=(14, 1), rewritten=(4, 11))


def test_a_cohort_that_is_hurt_is_spared_and_no_other():
    """As said they succeed, as rewritten they fail; most people know nothing of that."""
    found = refuting(LAMP, inside([HELPED, HURT]), JUDGING)

    assert set(found) == {"gb"}
    assert found["gb"].startswith("as rewritten 29% of 15, as said 88% of 15; chance to be worth it 0.00")


def test_a_cohort_of_fewer_customers_than_the_floor_tells_nothing():
    """Nine people would be named."""
    assert spared(HELPED, replace(HURT, people=9)) == set()
    assert spared(HELPED, replace(HURT, people=10)) == {"gb"}


def test_a_few_spare_nobody_however_much_they_lose():
    """Two may be one household; and where others are served it too, it must have failed for half of them."""

    def lost(losers: int, *, of: int) -> set[str]:
        told = inside([group("gb", rewritten=(0, 15))])
        return set(refuting(LAMP, replace(told, fared=[replace(each, heads=(of, 0, losers)) for each in told.fared]), JUDGING))

    assert (lost(2, of=2), lost(3, of=3)) == (set(), {"gb"})
    assert (lost(6, of=13), lost(7, of=14)) == (set(), {"gb"})


def test_the_more_cohorts_are_looked_at_the_surer_each_must_be():
    """What is enough where there is one is chance where there are forty; what is sure stays sure."""
    others = [group(f"other {number}", rewritten=(14, 1)) for number in range(39)]
    unlucky = group("gb", rewritten=(3, 8))

    assert spared(unlucky) == {"gb"}
    assert spared(unlucky, *others) == set()
    assert spared(HURT, *others) == {"gb"}
    assert spared(unlucky, *(replace(each, people=9) for each in others)) == {"gb"}, "those of few are not looked at"


def test_a_cohort_is_not_taken_for_another_that_shares_its_customers():
    """All testers are British; only testers are hurt, and the British are not spared for their sake."""
    testers = group("gb", "testers", said=(20, 0), rewritten=(0, 20), people=20)
    british = group("gb", said=(0, 10), rewritten=(14, 1), people=20)

    assert spared(HELPED, testers, british) == {"testers"}
    assert spared(HELPED, testers, group("gb", said=(0, 9), rewritten=(0, 9), people=9)) == {"testers"}, "nine others tell nothing"


def test_two_names_of_the_same_customers_are_spared_together():
    """Nothing tells which of them it is."""
    assert spared(HELPED, replace(HURT, cohorts=frozenset({"gb", "isles"}))) == {"gb", "isles"}


def test_before_it_is_ever_served_what_they_say_themselves_decides():
    """As said it works for them, or they mean something else by it; what nobody there has tried is left to what holds for all."""
    works, means_else, silent = group("works", said=(14, 1)), group("else", said=(0, 15), meant=(15, 1)), group("silent")

    assert spared(HELPED, works, means_else, silent) == {"works", "else"}
    told = refuting(LAMP, inside([HELPED, works, means_else, silent]), JUDGING)
    assert told["else"] == "7% of 15 customers who ended well meant it; 4 cohorts looked at"


def test_who_succeeds_as_said_needs_something_else_than_the_rewrite():
    """Half of those whom it failed meant it; nine more do well without."""
    assert spared(group("gb", said=(0, 15), meant=(10, 5))) == set()
    assert spared(group("gb", said=(9, 6), meant=(10, 5))) == {"gb"}


def test_of_what_is_meant_too_one_must_be_surer_where_more_are_looked_at():
    """Four of sixteen, beside nobody and beside thirty-nine."""
    others = [group(f"other {number}", meant=(15, 15)) for number in range(39)]

    assert spared(group("gb", meant=(16, 4))) == {"gb"}
    assert spared(group("gb", meant=(16, 4)), *others) == set()


def test_fewer_than_a_quarter_who_mean_it_are_too_few_however_many_are_looked_at():
    """The checker would refuse the rewrite for all."""
    others = [group(f"other {number}", meant=(15, 15)) for number in range(39)]

    assert spared(group("gb", meant=(10, 2)), *others) == {"gb"}
    assert spared(group("gb", meant=(10, 3)), *others) == set()


def test_accounts_of_yesterday_do_not_take_it_from_those_for_whom_it_works():
    """Twenty new accounts lose what twelve old customers win by; without these they are believed."""
    crowd = group("gb", rewritten=(0, 60), people=20, counts=False)
    regulars = group("gb", said=(0, 5), rewritten=(30, 1), people=12)

    assert spared(crowd) == {"gb"}
    assert spared(crowd, regulars) == set()
    assert spared(replace(crowd, counts=True), regulars) == {"gb"}, "old accounts are, as far as they outweigh the others"


def test_a_cohort_is_let_in_again_when_what_it_showed_has_faded():
    """Its losses weigh less every week; who was spared waits until there is real doubt."""
    lost = group("gb", rewritten=(2, 12))
    others = [group(f"other {number}", rewritten=(14, 1)) for number in range(9)]
    spared_before = replace(JUDGING, spared=frozenset({"gb"}))

    assert spared(replace(lost, ago=14), *others) == set()
    assert spared(replace(lost, ago=14), *others, judging=spared_before) == {"gb"}
    assert spared(replace(lost, ago=42), *others, judging=spared_before) == set()


def test_a_cohort_is_let_in_again_when_it_turns():
    """Their assistant has forgotten the words again: as said they fail since yesterday, as everybody does."""
    before = group("gb", said=(60, 0), ago=6)
    since = group("gb", said=(0, 30), ago=0)
    spared_before = replace(JUDGING, spared=frozenset({"gb"}))

    assert spared(before, judging=spared_before) == {"gb"}
    assert spared(before, since, judging=spared_before) == set()


_amounts = st.integers(0, 20)
_groups = st.lists(
    st.builds(
        Group,
        cohorts=st.frozensets(st.sampled_from("abcde"), max_size=3),
        said=st.tuples(_amounts, _amounts),
        rewritten=st.tuples(_amounts, _amounts),
        people=st.integers(3, 20),
        counts=st.booleans(),
        ago=st.integers(0, 20),
        meant=st.integers(0, 12).flatmap(lambda all_told: st.tuples(st.just(all_told), st.integers(0, all_told))),
    ),
    max_size=7,
)


@given(groups=_groups, names=st.permutations("abcde"), was=st.frozensets(st.sampled_from("abcde")))
def test_names_decide_nothing(groups: list[Group], names: list[str], was: frozenset[str]):
    """The same evidence under other names, in another order, spares the same cohorts under their other names."""
    other = dict(zip("abcde", names, strict=True))
    renamed = [replace(each, cohorts=frozenset(other[name] for name in each.cohorts)) for each in reversed(groups)]

    found = refuting(LAMP, inside(groups), replace(JUDGING, spared=was))
    again = refuting(LAMP, inside(renamed), replace(JUDGING, spared=frozenset(other[name] for name in was)))

    assert {other[name]: reason for name, reason in found.items()} == again


@given(groups=_groups)
def test_only_cohorts_that_many_are_of_are_named(groups: list[Group]):
    """And nobody who tells no cohort decides for one."""
    found = refuting(LAMP, inside(groups), JUDGING)

    people = {name: sum(each.people for each in groups if name in each.cohorts) for name in found}
    assert all(number >= 10 for number in people.values())
    assert found == refuting(LAMP, inside([each for each in groups if each.cohorts]), JUDGING)


@pytest.mark.parametrize("groups", [[], [group()], [group(rewritten=(0, 40), people=40)]])
def test_where_no_turn_tells_a_cohort_nobody_is_spared(groups: list[Group]):
    """Whatever becomes of them."""
    assert refuting(LAMP, inside(groups), JUDGING) == {}
