"""The hold-out: a share of eligible turns, the same ones every time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from resay.dialogue.rewrite import Heard
from rewrite_online.hold_out import NO_HOLD_OUT, HoldOut

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HEARD = Heard("t1", "ann", NOON, "Lights off!")


def test_the_share_is_kept():
    """Of 20,000 customers two in a hundred are held out on a day, give or take four standard errors (0.1 points each)."""
    held = sum(HoldOut(share=0.02).keeps(replace(HEARD, customer_id=f"c{number}")) for number in range(20_000))

    assert 320 <= held <= 480


def test_whoever_says_the_same_again_is_answered_the_same():
    """Another turn, another hour, other capitals: the customer, the words and the day are the same."""
    for number in range(50):
        first = replace(HEARD, customer_id=f"c{number}")
        again = replace(first, turn_id="t2", at=NOON + timedelta(hours=3), utterance="lights off")

        assert HoldOut(share=0.5).keeps(first) == HoldOut(share=0.5).keeps(again)


def test_nobody_carries_the_cost_for_good():
    """On other days, and for other words, it is drawn anew: nobody is held out every day, and nobody never."""
    on_days = [HoldOut(share=0.5).keeps(replace(HEARD, at=NOON + timedelta(days=day))) for day in range(60)]
    of_words = [HoldOut(share=0.5).keeps(replace(HEARD, utterance=f"words {number}")) for number in range(60)]

    assert 15 <= sum(on_days) <= 45
    assert 15 <= sum(of_words) <= 45


def test_another_salt_draws_other_turns():
    """Two experiments do not hold out the same turns."""
    turns = [replace(HEARD, customer_id=f"c{number}") for number in range(200)]

    assert [HoldOut(0.5, "a").keeps(turn) for turn in turns] != [HoldOut(0.5, "b").keeps(turn) for turn in turns]


def test_a_share_of_nothing_holds_nothing_and_of_all_holds_all():
    """The ends of the range are exact."""
    assert not NO_HOLD_OUT.keeps(HEARD)
    assert HoldOut(share=1.0).keeps(HEARD)
    assert HoldOut(share=1.0).keeps(replace(HEARD, customer_id="\ud800")), "an id that is no valid Unicode draws too"
