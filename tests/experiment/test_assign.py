"""Assignment: fixed by a hash, even, independent between experiments, and never moved by growing; exposure: the first moment, once."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.experiment.assign import CONTROL, TREATMENT, Draw, Share, drawn, overlapping
from resay.experiment.exposure import Exposed, Exposure, exposed
from tests.builders import BASE

CUSTOMERS = [f"customer-{number}" for number in range(4_000)]


def exposure(customer: str, arm: str, minutes: int) -> Exposure:
    """A moment, so many minutes after the base."""
    return Exposure(customer, arm, BASE + timedelta(minutes=minutes))


def test_a_customer_is_always_in_the_same_arm():
    """These places are written down in logs: a change of the hash would move everybody."""
    draw = Draw("wording-2026-11")

    assert [draw.arm_of(f"customer-{number}") for number in range(6)] == [CONTROL, TREATMENT, CONTROL, CONTROL, TREATMENT, CONTROL]
    assert drawn("customer-0", "salt") == pytest.approx(0.7406218110859287, abs=1e-12)


def test_shares_are_kept():
    """A tenth, three tenths, six tenths: within three standard errors."""
    draw = Draw("three", arms=(Share("a", 0.1), Share("b", 0.3), Share("c", 0.6)))
    arms = [draw.arm_of(each) for each in CUSTOMERS]

    assert [arms.count(each) / 4_000 for each in "abc"] == pytest.approx([0.1, 0.3, 0.6], abs=0.024)


@pytest.mark.parametrize("others", [{}, {"layer": "other"}], ids=["one layer", "two layers"])
def test_arms_of_two_experiments_are_independent(others: dict[str, str]):
    """Of those who are treated by one, half are treated by the other."""
    one, other = Draw("one"), Draw("other", **others)  # type: ignore[arg-type]
    treated = [each for each in CUSTOMERS if one.arm_of(each) == TREATMENT]

    both = sum(other.arm_of(each) == TREATMENT for each in treated)

    assert both / len(treated) == pytest.approx(0.5, abs=0.035)


def test_a_stretch_that_is_used_again_does_not_carry_its_arms_on():
    """A later experiment on the same tenth of customers mixes those whom the earlier one treated."""
    earlier, later = Draw("earlier", start=0.2, end=0.4), Draw("later", start=0.2, end=0.4)
    members = [each for each in CUSTOMERS if earlier.arm_of(each)]
    same = sum(earlier.arm_of(each) == later.arm_of(each) for each in members)

    assert all(later.arm_of(each) for each in members)
    assert len(members) / 4_000 == pytest.approx(0.2, abs=0.02)
    assert same / len(members) == pytest.approx(0.5, abs=0.06)


def test_a_stretch_that_grows_moves_nobody():
    """Who was in an arm stays there; others come in."""
    small, grown = Draw("one", end=0.1), Draw("one", end=0.6)

    assert all(grown.arm_of(each) == small.arm_of(each) for each in CUSTOMERS if small.arm_of(each))
    assert sum(grown.arm_of(each) is not None for each in CUSTOMERS) > 2_000


def test_experiments_of_one_layer_share_nobody():
    """Two stretches, no customer in both; and where stretches overlap, it is said."""
    first, second, third = Draw("first", end=0.5), Draw("second", start=0.5), Draw("third", start=0.4, end=0.6)

    assert not [each for each in CUSTOMERS if first.arm_of(each) and second.arm_of(each)]
    assert overlapping([first, second]) == []
    assert overlapping([second, third, first]) == [("first", "third"), ("third", "second")]
    assert overlapping([first, Draw("elsewhere", layer="other")]) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"arms": (Share("a", 1.0),)},
        {"arms": (Share("a", 0.5), Share("a", 0.5))},
        {"arms": (Share("a", 0.5), Share("b", 0.4))},
        {"arms": (Share("a", 1.0), Share("b", 0.0))},
        {"start": 0.5, "end": 0.5},
        {"end": 1.1},
        {"layer": "x" * 49},
    ],
)
def test_a_draw_that_makes_no_sense_is_refused(wrong: dict[str, object]):
    """One arm, an arm twice, shares that do not come to one, an empty arm, an empty stretch, a name that no key holds."""
    with pytest.raises(AssertionError):
        Draw("experiment", **wrong)  # type: ignore[arg-type]


def test_a_customer_counts_from_the_first_moment_on():
    """Turns before the arms could differ count for no arm; that moment itself counts."""
    seen = exposed([exposure("ann", TREATMENT, 9), exposure("ann", TREATMENT, 5), exposure("bob", CONTROL, 7)])

    assert [seen.counts("ann", BASE + timedelta(minutes=minute)) for minute in (4, 5, 9)] == [None, TREATMENT, TREATMENT]
    assert seen.counts("bob", BASE) is None
    assert seen.counts("eve", BASE) is None
    assert seen.sizes() == {TREATMENT: 1, CONTROL: 1}


def test_who_was_in_two_arms_counts_for_none():
    """On one day or on two; the size of the arm in which they began stays, so that they are missed."""
    together = exposed([exposure("ann", CONTROL, 5), exposure("ann", TREATMENT, 3)])
    apart = exposed([exposure("ann", CONTROL, 5)]) + exposed([exposure("ann", TREATMENT, 3)])

    for seen in (together, apart):
        assert seen.crossed == {"ann"}
        assert seen.counts("ann", BASE + timedelta(hours=1)) is None
        assert seen.sizes() == {TREATMENT: 1}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([CONTROL, TREATMENT]), st.integers(0, 9)), max_size=9), st.integers(0, 9))
def test_days_of_exposures_add_up_in_any_order(moments: list[tuple[str, str, int]], cut: int):
    """Cut anywhere, put together either way, and again: always the same."""
    each = [exposure(*moment) for moment in moments]
    whole = exposed(each)

    parts = [exposed(each[:cut]), exposed(each[cut:]), exposed(each[:cut])]

    for order in permutations(parts):
        assert sum(order, Exposed()) == whole
