"""What a reviewer is told of two tables: each source in exactly one part, with the reason where something is gone."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from markov.difference import Changed, Gone, difference, riskier
from resay.dialogue.rewrite import Rewrite, Risk
from tests.builders import rewrite

LAMP = rewrite("lamp on now", "turn on the lamp")
MUSIC = rewrite("play madona", "play madonna")


def test_what_is_new_what_is_gone_and_why():
    """The reason is that of the rewrite's own id."""
    found = difference([LAMP], [MUSIC], {LAMP.rewrite_id: ("floor: 9 customers",), "other": ("no",)})

    assert (found.new, found.gone) == ((MUSIC,), (Gone(LAMP, ("floor: 9 customers",)),))
    assert (found.retargeted, found.refigured, found.same) == ((), (), 0)


def test_another_target_is_told_apart_from_other_figures():
    """What is said is looked at before what stands behind it; another spelling of the same words is no other target."""
    other = replace(LAMP, target="switch on the light", rewrite_id="other")
    more, spelt = replace(LAMP, support=40), replace(LAMP, target="Turn on the lamp!")

    assert difference([LAMP], [other], {}).retargeted == (Changed(LAMP, other),)
    assert difference([LAMP], [more], {}).refigured == (Changed(LAMP, more),)
    assert difference([LAMP], [spelt], {}).refigured == (Changed(LAMP, spelt),)


def test_the_turns_that_are_cited_are_no_difference():
    """They are a sample, and newer ones take the place of older ones every night."""
    assert difference([LAMP], [replace(LAMP, evidence=("t1", "t2"))], {}).same == 1


def test_the_same_source_in_two_contexts_is_two_rewrites():
    """One may go while the other stays."""
    asked = rewrite("lamp on now", "turn on the lamp", prompt_kind="which")

    found = difference([LAMP, asked], [LAMP], {})

    assert ([each.rewrite for each in found.gone], found.same) == ([asked], 1)


def test_only_what_moved_by_much_is_notable():
    """A tenth more customers are not, a chance that moved by a tenth is, and so is a higher risk whatever the figures."""
    little, much = replace(LAMP, support=13), replace(LAMP, success_as_said=LAMP.success_as_said + 0.1)
    risky = replace(LAMP, risk=Risk.HIGH)

    assert [Changed(LAMP, each).is_notable for each in (little, much, risky)] == [False, True, True]
    assert riskier(Changed(LAMP, risky))
    assert not riskier(Changed(risky, LAMP))


SOURCES = ("lamp", "radio", "door", "music")
TABLES = st.dictionaries(st.sampled_from(SOURCES), st.tuples(st.sampled_from(("a", "b")), st.integers(10, 12)))


def table(drawn: dict[str, tuple[str, int]]) -> list[Rewrite]:
    """The rewrites of a drawn table."""
    return [rewrite(source, target, support=support) for source, (target, support) in drawn.items()]


@given(TABLES, TABLES)
def test_every_source_stands_in_one_part(one: dict[str, tuple[str, int]], two: dict[str, tuple[str, int]]):
    """Nothing is told twice, nothing is left out; and the other way round what was new is gone."""
    found, back = difference(table(one), table(two), {}), difference(table(two), table(one), {})

    told = [each.source for each in found.new] + [each.rewrite.source for each in found.gone]
    told += [each.after.source for each in (*found.retargeted, *found.refigured)]
    assert len(told) == len(set(told))
    assert len(told) + found.same == len(one.keys() | two.keys())
    assert [each.source for each in found.new] == [each.rewrite.source for each in back.gone]
    assert found.same == back.same
