"""What answers know of trials: a share first, none of what was rolled back, and the chance of each told."""

from __future__ import annotations

from resay.dialogue.rewrite import Layer, RewriteAnswer
from rewrite_online.hold_out import NO_HOLD_OUT, USUAL_HOLD_OUT, HoldOut
from rewrite_online.on_trial import OnTrial
from rewrite_online.rewriter import Live, Rewriter
from rewrite_online.table_layer import TableLayer
from tests.builders import BASE, asked, rewrite

REWRITE = rewrite("play madona", "play madonna")


def answers(trials: OnTrial, *, hold_out: HoldOut = USUAL_HOLD_OUT) -> list[RewriteAnswer]:
    """What 400 customers are answered."""
    live = Live(generation=1, layers=(TableLayer((REWRITE,)),), trials=trials)
    rewriter = Rewriter(lambda: live, hold_out=hold_out, clock=lambda: 0.0)
    return [rewriter.rewrite(asked(customer_id=f"c{number}"), now=BASE, budget_s=60) for number in range(400)]


def test_a_rewrite_on_trial_is_said_to_its_share_and_the_chance_is_told():
    """Whoever is held out from a promoted one is held out from one on trial, too."""
    tried, promoted = answers(OnTrial(share=0.3)), answers(OnTrial(share=0.3, promoted=frozenset({REWRITE.rewrite_id})))

    assert 80 <= sum(each.reason == "rewritten" for each in tried) <= 160
    assert {(each.reason, round(each.propensity, 6)) for each in tried} == {("rewritten", 0.3), ("hold_out", 0.7)}
    assert {(each.reason, round(each.propensity, 6)) for each in promoted} == {("rewritten", 0.98), ("hold_out", 0.02)}
    assert all(one.reason == "hold_out" for one, other in zip(tried, promoted, strict=True) if other.reason == "hold_out")


def test_the_share_of_the_usual_hold_out_changes_nothing():
    """To the answer: a service that tries at once answers as one that tries nothing."""
    said = [[(each.reason, each.propensity) for each in answers(trials)] for trials in (OnTrial(), OnTrial(share=0.98))]

    assert said[0] == said[1]


def test_what_was_rolled_back_is_not_said_even_to_who_tries():
    """Where nothing is held out, either; the rewrite is named."""
    found = answers(OnTrial(taken_back=frozenset({REWRITE.rewrite_id})), hold_out=NO_HOLD_OUT)[0]

    assert (found.reason, found.action, found.rewrite_id) == ("taken_back", "pass_through", REWRITE.rewrite_id)


def test_nobody_who_tries_is_held_out():
    """A share is for customers, not for people who ask what would be said."""
    assert {each.reason for each in answers(OnTrial(share=0.1), hold_out=NO_HOLD_OUT)} == {"rewritten"}


def test_what_customers_taught_or_succeeded_with_is_their_own():
    """Trials are of the table; what is rolled back there is not said by the layer of all either."""
    trials = OnTrial(share=0.3, taken_back=frozenset({REWRITE.rewrite_id}))

    assert [layer for layer in Layer if trials.refuses(layer, REWRITE, asked().heard)] == [Layer.TABLE, Layer.GLOBAL]
    assert [layer for layer in Layer if trials.held_out(layer, REWRITE)] == [Layer.TABLE]
