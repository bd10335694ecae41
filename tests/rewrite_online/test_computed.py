"""Layers that need a core alone: asked at once where what is asked is short, and only then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from resay.dialogue.rewrite import BeforeRequest, Heard, Layer, Rewrite, RewriteRequest
from resay.dialogue.turn import Hypothesis
from rewrite_online.computed import CHARS_MAX, HYPOTHESES_MAX, computed
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.rewriter import Live, Rewriter
from tests.builders import BASE, rewrite


class SlowLayer:
    """A layer that answers nothing from memory."""

    def __init__(self, layer: Layer, *found: Rewrite) -> None:
        self.layer = layer
        self._found = found

    def at_once(self, _request: RewriteRequest) -> bool:
        """Never."""
        return False

    def offers(self, _request: RewriteRequest) -> bool:
        """Nothing."""
        return False

    def candidates(self, _request: RewriteRequest) -> Sequence[Rewrite]:
        """The same, whatever is asked."""
        return self._found


SOUGHT = replace(rewrite("play madona", "play madonna"), score=0.9)
SHORT = BeforeRequest(Heard("t", "c", BASE, "play madona"))
NBEST = tuple(Hypothesis("play madona") for _ in range(HYPOTHESES_MAX + 1))


def rewriter(*layers: SlowLayer) -> Rewriter:
    live = Live(generation=3, layers=layers)
    return Rewriter(computed(lambda: live), hold_out=NO_HOLD_OUT)


def test_a_layer_that_needs_a_core_alone_answers_without_another_thread():
    """Nobody waits: the very thread that asks does the work."""
    answer = rewriter(SlowLayer(Layer.GLOBAL, SOUGHT)).at_once(SHORT, now=BASE, budget_s=60)

    assert answer is not None
    assert (answer.utterance, answer.layer, answer.generation) == ("play madonna", Layer.GLOBAL, 3)


@pytest.mark.parametrize(
    "asked",
    [
        BeforeRequest(replace(SHORT.heard, hypotheses=NBEST)),
        BeforeRequest(replace(SHORT.heard, utterance="play " * CHARS_MAX)),
    ],
    ids=["many hypotheses", "a speech"],
)
def test_what_is_long_waits_for_a_thread(asked: BeforeRequest):
    """It would hold up everybody else."""
    assert rewriter(SlowLayer(Layer.GLOBAL, SOUGHT)).at_once(asked, now=BASE, budget_s=60) is None


def test_a_layer_that_reads_from_a_store_is_still_waited_for():
    """A store may hang, and the event loop must not."""
    asking = rewriter(SlowLayer(Layer.PERSONAL), SlowLayer(Layer.GLOBAL, SOUGHT))

    assert asking.at_once(SHORT, now=BASE, budget_s=60) is None


def test_another_generation_is_seen_at_once():
    """What is kept for the next question is not kept beyond its generation."""
    lives = [Live(generation=1), Live(generation=2)]
    asking = Rewriter(computed(lambda: lives[0]), hold_out=NO_HOLD_OUT)
    before = asking.rewrite(SHORT, now=BASE)
    lives.pop(0)

    after = asking.rewrite(SHORT, now=BASE)

    assert (before.generation, after.generation) == (1, 2)
