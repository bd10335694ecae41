"""What follows from acts: second tries are of what was missed alone, within reach."""

from __future__ import annotations

from resay.lab.linked.acts import follow_of, informed, second_tries
from resay.lab.linked.session import Follow

NOTHING: frozenset[str] = frozenset()


def acts(*each: str) -> frozenset[str]:
    return frozenset(each)


def test_only_what_was_missed_is_a_first_try():
    """The same once more after it was understood is none."""
    wanted = acts("inform(size=small)")

    assert list(second_tries([wanted, wanted], [wanted, NOTHING])) == [(0, 1)]
    assert list(second_tries([wanted, wanted], [NOTHING, NOTHING])) == []


def test_the_first_turn_that_means_it_is_the_second_try():
    """Whatever stands between, within three turns; one missed value of two is enough."""
    missed, other = acts("inform(size=small)"), acts("request(price)")
    said = [acts("inform(size=small)", "inform(day=monday)"), other, missed, missed]

    assert list(second_tries(said, [missed, NOTHING, NOTHING, NOTHING])) == [(0, 2)]
    assert list(second_tries([missed, other, other, other, missed], [missed, *[NOTHING] * 4])) == []


def test_a_yes_once_more_is_no_second_try():
    """Nor a no: neither asks for anything."""
    for act in ("affirm()", "negate()"):
        assert list(second_tries([acts(act), acts(act)], [acts(act), NOTHING])) == []


def test_a_turn_is_told_by_what_it_shares_with_the_one_before():
    """By slots and values."""
    small = acts("inform(size=small)")

    assert follow_of(small, small) is Follow.REPEATED_SUCCESS
    assert follow_of(small, acts("inform(size=large)")) is Follow.CHANGED_MIND
    assert follow_of(small, acts("inform(day=monday)")) is Follow.REFINEMENT
    assert follow_of(small, acts("request(price)")) is Follow.TOPIC_SWITCH
    assert follow_of(acts("request(name)"), acts("request(price)")) is Follow.SAME_INTENT_OTHER_SLOT
    assert follow_of(small, NOTHING) is Follow.OTHER


def test_what_is_wanted_comes_in_one_order():
    """Sets have none that two runs share, and sessions must."""
    assert list(informed(acts("inform(b=1)", "inform(c=1)", "inform(a=1)", "request(d)"))) == ["a", "b", "c"]
