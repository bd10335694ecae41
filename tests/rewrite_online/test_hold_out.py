"""The hold-out: a share of turns, the same ones every time."""

from __future__ import annotations

from rewrite_online.hold_out import NO_HOLD_OUT, HoldOut


def test_the_share_is_kept():
    """Of 20,000 turns two in a hundred are held out, give or take four standard errors (0.1 points each)."""
    held = sum(HoldOut(share=0.02).keeps(f"turn-{number}") for number in range(20_000))

    assert 320 <= held <= 480


def test_a_turn_always_draws_the_same():
    """A request that is sent twice gets one answer."""
    drawn = {HoldOut(share=0.5).keeps("turn-7") for _ in range(10)}

    assert len(drawn) == 1


def test_another_salt_draws_other_turns():
    """Two experiments do not hold out the same turns."""
    turns = [f"turn-{number}" for number in range(200)]

    assert [HoldOut(0.5, "a").keeps(turn) for turn in turns] != [HoldOut(0.5, "b").keeps(turn) for turn in turns]


def test_a_share_of_nothing_holds_nothing_and_of_all_holds_all():
    """The ends of the range are exact."""
    assert not NO_HOLD_OUT.keeps("t")
    assert HoldOut(share=1.0).keeps("t")
    assert HoldOut(share=1.0).keeps("\ud800"), "an id that is no valid Unicode draws too"
