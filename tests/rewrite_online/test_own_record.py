"""Own records in the global layer: what lost is not said again, what won is trusted, and what succeeds as said is left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resay.dialogue.rewrite import Layer, Reason
from resay.dialogue.wording import Fared, Wording
from rewrite_online.finder import WordingFinder
from rewrite_online.global_layer import GlobalLayer
from rewrite_online.hold_out import HoldOut
from rewrite_online.own_record import chance_as_said, chance_by_record, record_of
from rewrite_online.recall import Recall
from rewrite_online.rewriter import Live, Rewriter
from tests.builders import BASE, asked
from tests.rewrite_online.test_global_layer import SURE, WORDINGS, FixedWeigher, layer, meaning, rewriter, wording
from tests.rewrite_online.test_meaning import LIGHT, RADIO


def judged(*fared: Fared, chances: dict[str, float] = SURE) -> GlobalLayer:
    """The layer, where "turn on the lite", which is refused, has this record."""
    known = [replace(each, fared=fared) if each.text == "turn on the lite" else each for each in WORDINGS]
    return GlobalLayer(Recall(known, finder=WordingFinder(WORDINGS)), meaning=meaning(), weigher=FixedWeigher(chances))


def test_a_pair_that_loses_is_stopped():
    """However sure the ranker is: by its own record it mostly fails."""
    lost = judged(Fared(LIGHT, is_near=False, wins=0.0, losses=6.0))

    assert rewriter(judged()).rewrite(asked("turn on the lite"), now=BASE, budget_s=60).reason is Reason.REWRITTEN
    assert rewriter(lost).rewrite(asked("turn on the lite"), now=BASE, budget_s=60).reason is Reason.NO_CANDIDATE


def test_texts_of_few_customers_are_stopped_by_what_is_near():
    """Nobody named them: they count for the nearest wording, and are judged by what counted for it."""
    lost = judged(Fared(LIGHT, is_near=True, wins=0.0, losses=12.0))

    assert rewriter(judged()).rewrite(asked("turn on tha lite"), now=BASE, budget_s=60).reason is Reason.REWRITTEN
    assert rewriter(lost).rewrite(asked("turn on tha lite"), now=BASE, budget_s=60).reason is Reason.NO_CANDIDATE


def test_a_record_is_of_one_state_and_of_these_words():
    """What lost with the radio says nothing of the light, nor what is near of the wording itself."""
    others = judged(Fared(RADIO, is_near=False, wins=0.0, losses=50.0), Fared(LIGHT, is_near=True, wins=0.0, losses=50.0))

    assert rewriter(others).rewrite(asked("turn on the lite"), now=BASE, budget_s=60).reason is Reason.REWRITTEN


def test_a_pair_that_wins_is_trusted_beyond_the_ranker():
    """What the ranker doubted, and customers did not."""
    doubted = {"turn on the light": 0.15, "play the radio": 0.05}
    won = judged(Fared(LIGHT, is_near=False, wins=20.0, losses=1.0), chances=doubted)

    assert rewriter(judged(chances=doubted)).rewrite(asked("turn on the lite"), now=BASE, budget_s=60).reason is Reason.BELOW_MARGIN
    assert rewriter(won).rewrite(asked("turn on the lite"), now=BASE, budget_s=60).reason is Reason.REWRITTEN


def test_who_considers_sees_the_ranker_and_the_record():
    """Both stand beside the chance, for people who ask why."""
    lost = Fared(LIGHT, is_near=False, wins=1.0, losses=5.0)

    light = next(each for each in judged(lost).consider(asked("turn on the lite")) if each.candidate.wording.state == LIGHT)

    assert (light.by_ranker, light.fared) == (0.9, lost)
    assert light.as_rewritten == pytest.approx((4 * 0.9 + 1) / (4 + 6))


def test_words_that_succeed_lately_are_left_alone_whatever_the_ranker_says():
    """The record of a wording as it is said weighs up to forty turns, against four of the ranker."""
    fine = wording("lights up", success=0.8)

    assert chance_as_said(0.1, fine) == pytest.approx((0.4 + 40 * 0.8) / 44)
    assert chance_as_said(0.9, fine) == 0.9
    assert chance_as_said(0.1, wording("lite", "", success=0.8)) == 0.1
    assert chance_as_said(0.1, None) == 0.1


def test_without_a_record_the_ranker_decides():
    """As for whatever nobody has tried."""
    assert record_of(None, LIGHT, is_near=True) is None
    assert record_of(Wording("a", "", "", WORDINGS[0].risk, 10, 1, 0.1, 1), LIGHT, is_near=False) is None
    assert chance_by_record(0.7, None) == 0.7


def test_learning_and_serving_find_the_same_wording_for_a_text():
    """By what was heard first alone, as that is all that the log keeps of it."""
    recall = Recall(WORDINGS, finder=WordingFinder(WORDINGS))
    for text in ("turn on tha lite", "play a radio", "turn on the lite", "something else altogether"):
        found = recall.gather(asked(text).heard, meaning())

        assert found.counts_for == recall.counts_for(text, "")
    assert recall.counts_for("something else altogether", "") is None
    assert len(layer(SURE)) == 2


def test_a_share_of_what_the_layer_would_say_is_held_out():
    """So that success as said stays measurable behind the table too; the chance of either draw is told."""
    customers = [f"c{number}" for number in range(300)]
    asking = Rewriter(lambda: Live(generation=1, layers=(layer(SURE),)), hold_out=HoldOut(share=0.1), clock=lambda: 0.0)

    found = [asking.rewrite(asked("turn on that lite", customer_id=each), now=BASE, budget_s=60) for each in customers]

    held = [each for each in found if each.reason is Reason.HOLD_OUT]
    assert 12 <= len(held) <= 50
    assert {(each.utterance, each.layer, each.propensity) for each in held} == {("turn on that lite", Layer.GLOBAL, 0.1)}
    assert {(each.reason, each.propensity) for each in found if each not in held} == {(Reason.REWRITTEN, 0.9)}
