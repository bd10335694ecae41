"""Arms of a running experiment: control passes through, treatment is served, and both say so at the moment at which they could differ."""

from __future__ import annotations

import pytest

from resay.dialogue.rewrite import Action, Reason, RewriteAnswer
from rewrite_online.draw import Drawn
from rewrite_online.hold_out import NO_HOLD_OUT, HoldOut
from rewrite_online.rewriter import Live, Rewriter
from rewrite_online.table_layer import TableLayer
from tests.builders import BASE, asked, rewrite

ARMS = {
    "ann": Drawn("rewriting", "treatment", share=0.7, passes_through=False),
    "bob": Drawn("rewriting", "control", share=0.3, passes_through=True),
}
REWRITE = rewrite("play madona", "play madonna")
LIVE = Live(generation=7, layers=(TableLayer((REWRITE,)),))


def answer(customer: str, said: str = "play madona", *, hold_out: HoldOut = NO_HOLD_OUT) -> RewriteAnswer:
    """What a customer is answered while the experiment runs."""
    return Rewriter(lambda: LIVE, hold_out=hold_out, draw=ARMS.get).rewrite(asked(said, customer_id=customer), now=BASE, budget_s=60)


def test_the_control_arm_passes_through_and_says_which_rewrite_it_missed():
    """The words as they came, the rewrite that was ready, and the arm."""
    found = answer("bob")

    assert (found.action, found.utterance, found.reason) == (Action.PASS_THROUGH, "play madona", Reason.CONTROL_ARM)
    assert (found.experiment, found.arm, found.rewrite_id, found.layer) == ("rewriting", "control", REWRITE.rewrite_id, "table")


def test_the_treatment_arm_is_served_and_says_so():
    """In the answer, and in what the assistant is to log."""
    found = answer("ann")

    assert (found.action, found.utterance, found.reason) == (Action.REWRITE, "play madonna", Reason.REWRITTEN)
    applied = found.applied()
    assert applied is not None
    assert (applied.experiment, applied.arm) == ("rewriting", "treatment")


@pytest.mark.parametrize("said", ["play prince", "play madonna", ""])
@pytest.mark.parametrize("customer", ["ann", "bob"])
def test_nobody_is_exposed_where_the_arms_could_not_differ(customer: str, said: str):
    """No rewrite, or the very words of one: the answer names no experiment, in either arm."""
    found = answer(customer, said)

    assert (found.experiment, found.arm, found.propensity) == (None, None, 1.0)


@pytest.mark.parametrize("customer", ["ann", "bob"])
def test_the_hold_out_exposes_nobody(customer: str):
    """It is drawn before the arm, in both alike."""
    found = answer(customer, hold_out=HoldOut(share=1.0))

    assert (found.reason, found.experiment, found.arm) == (Reason.HOLD_OUT, None, None)


def test_who_is_in_no_experiment_is_served_as_ever():
    """Nothing is named, nothing withheld."""
    found = answer("eve")

    assert (found.reason, found.experiment, found.arm) == (Reason.REWRITTEN, None, None)


def test_the_chance_of_an_arm_is_part_of_the_chance_of_its_action():
    """Three in ten are in control; two in a hundred of either arm are held out."""
    hold_out = HoldOut(share=0.02, salt="holds out neither of the two")

    assert answer("bob", hold_out=hold_out).propensity == pytest.approx(0.98 * 0.3)
    assert answer("ann", hold_out=hold_out).propensity == pytest.approx(0.98 * 0.7)
    assert answer("eve", hold_out=hold_out).propensity == pytest.approx(0.98)


def test_a_draw_that_fails_leaves_the_words_as_they_are():
    """Who cannot be told to be in control must not be served as if they were not."""

    def fails(_customer_id: str) -> Drawn | None:
        raise ZeroDivisionError

    found = Rewriter(lambda: LIVE, hold_out=NO_HOLD_OUT, draw=fails).rewrite(asked(), now=BASE, budget_s=60)

    assert (found.action, found.reason, found.experiment) == (Action.PASS_THROUGH, Reason.BROKEN, None)
