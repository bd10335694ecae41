"""Exploration: few near misses are said, none of them risky, and what was drawn is logged with its chance."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resay.dialogue.rewrite import Action, Layer, Reason, Rewrite, RewriteAnswer, Risk
from rewrite_online.draw import Drawn
from rewrite_online.explore import SHARE_MAX, USUAL_EXPLORATION, Exploration, TooMuchExploring
from rewrite_online.gate import GLOBAL_BARS, NEAR_MISS_MIN, Vetoes, near_miss
from rewrite_online.hold_out import NO_HOLD_OUT, HoldOut
from rewrite_online.rewriter import Live, Rewriter
from tests.builders import BASE, asked, rewrite
from tests.rewrite_online.test_global_layer import layer

DOUBTED = {"turn on the light": GLOBAL_BARS[Risk.LOW].success_min - 0.05, "play the radio": 0.05}
"""Just not sure enough."""

CUSTOMERS = [f"c{number}" for number in range(4_000)]


def answers(share: float, *, chances: dict[str, float] = DOUBTED, **others: object) -> list[RewriteAnswer]:
    """What many customers are answered who say the same."""
    told = Live(generation=1, layers=(layer(chances),), **{name: each for name, each in others.items() if name != "draw"})  # type: ignore[arg-type]
    drawing = {"draw": others["draw"]} if "draw" in others else {}
    rewriter = Rewriter(lambda: told, hold_out=NO_HOLD_OUT, exploration=Exploration(low=share), clock=lambda: 0.0, **drawing)  # type: ignore[arg-type]
    requests = [asked("turn on that lite", customer_id=each) for each in CUSTOMERS[:400]]
    return [rewriter.rewrite(each, now=BASE, budget_s=600) for each in requests]


def test_the_drawn_share_of_customers_is_tried_on():
    """By hash: as many as asked for, the same ones whenever they are asked, and others than are held out."""
    heard = [asked("turn on that lite", customer_id=each).heard for each in CUSTOMERS]
    exploration = Exploration(low=0.05)

    tried = [exploration.tries(each, Risk.LOW) for each in heard]

    assert 150 <= sum(tried) <= 250
    assert tried == [exploration.tries(each, Risk.LOW) for each in heard]
    assert tried != [HoldOut(share=0.05).keeps(each) for each in heard]


def test_near_misses_are_said_and_logged_with_their_chance():
    """Who is tried on and who is not: both draws are told, so that either can be weighed."""
    found = answers(SHARE_MAX)

    tried = [each for each in found if each.reason is Reason.NEAR_MISS]
    passed = [each for each in found if each.reason is not Reason.NEAR_MISS]
    assert 5 <= len(tried) <= 40
    assert {(each.action, each.utterance, each.layer, each.propensity) for each in tried} == {
        (Action.REWRITE, "turn on the light", Layer.GLOBAL, SHARE_MAX)
    }
    assert all(each.applied() is not None for each in tried)
    assert {(each.action, each.reason, each.propensity) for each in passed} == {(Action.PASS_THROUGH, Reason.BELOW_MARGIN, 1.0 - SHARE_MAX)}


def test_nothing_is_tried_where_none_is_asked_for():
    """And then nothing was drawn."""
    assert {(each.reason, each.propensity) for each in answers(0.0)} == {(Reason.BELOW_MARGIN, 1.0)}


def test_what_is_sure_enough_is_no_near_miss():
    """It is said to all, and no chance is involved."""
    assert {each.reason for each in answers(SHARE_MAX, chances={"turn on the light": 0.9})} == {Reason.REWRITTEN}


def test_what_is_mostly_wrong_is_not_tried():
    """Below the least chance nothing is found out that is worth the harm."""
    hopeless = {"turn on the light": NEAR_MISS_MIN - 0.01}

    assert {each.reason for each in answers(SHARE_MAX, chances=hopeless)} == {Reason.BELOW_MARGIN}


@pytest.mark.parametrize(
    "others",
    [
        {"vetoes": Vetoes.of([("", "turn on the light")])},
        {"needless": lambda _request, _rewrite: True},
        {"failed_before": lambda _request, _rewrite: True},
        {"draw": lambda _customer: Drawn("e", "treatment", 0.5)},
    ],
)
def test_what_speaks_against_a_rewrite_speaks_against_trying_it(others: dict[str, object]):
    """Vetoes, what is needless, what failed this customer; and nobody in an experiment is tried on."""
    assert Reason.NEAR_MISS not in {each.reason for each in answers(SHARE_MAX, **others)}


def test_risky_actions_are_never_tried():
    """Whatever share is set."""
    missed: Rewrite = rewrite(success_as_said=0.0, success_as_rewritten=0.45)

    assert near_miss(Layer.GLOBAL, missed, Reason.BELOW_MARGIN)
    assert not near_miss(Layer.GLOBAL, replace(missed, risk=Risk.HIGH), Reason.BELOW_MARGIN)
    assert Exploration(low=SHARE_MAX).share(Risk.HIGH) == 0.0
    assert not any(Exploration(low=SHARE_MAX).tries(asked(customer_id=each).heard, Risk.HIGH) for each in CUSTOMERS)


def test_memory_does_not_explore():
    """A table's row is reviewed and proven, or it is not served."""
    assert not near_miss(Layer.TABLE, rewrite(success_as_said=0.0, success_as_rewritten=0.45), Reason.BELOW_MARGIN)


def test_more_than_a_small_share_cannot_be_asked_for():
    """Five in a hundred, and the usual is one."""
    assert USUAL_EXPLORATION.low == 0.01
    for share in (SHARE_MAX + 0.001, -0.01, float("nan")):
        with pytest.raises(TooMuchExploring, match="from 0 to"):
            Exploration(low=share)
