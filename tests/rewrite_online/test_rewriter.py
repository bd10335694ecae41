"""The rewriter: precedence, the deadline, and unchanged words whatever breaks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.dialogue.rewrite import Action, Layer, Reason, Rewrite, RewriteRequest
from rewrite_online.gate import NO_VETOES, Vetoes
from rewrite_online.hold_out import NO_HOLD_OUT, HoldOut
from rewrite_online.rewriter import Live, RewriteLayer, Rewriter
from rewrite_online.table_layer import TableLayer
from tests.builders import BASE, asked, rewrite


class FakeLayer:
    """A layer that finds what it is told to, or breaks, or is slow."""

    def __init__(self, layer: Layer, find: Callable[[], Sequence[Rewrite]], *, at_once: bool = True) -> None:
        self.layer = layer
        self._at_once = at_once
        self._find = find

    def at_once(self, _request: RewriteRequest) -> bool:
        """As the test wants."""
        return self._at_once

    def offers(self, request: RewriteRequest) -> bool:
        """Never."""
        return False

    def candidates(self, request: RewriteRequest) -> Sequence[Rewrite]:
        """Whatever the test wants."""
        return self._find()


def rewriter(*layers: RewriteLayer, vetoes: Vetoes = NO_VETOES, hold_out: HoldOut = NO_HOLD_OUT, **others: Any) -> Rewriter:
    """A rewriter over these layers; its clock stands still, so that no test is late by accident."""
    live = Live(generation=7, layers=layers, vetoes=vetoes)
    return Rewriter(lambda: live, hold_out=hold_out, **({"clock": lambda: 0.0} | others))


ENDLESS_S = 60.0
"""Longer than anything here takes on any machine."""


def breaks() -> Sequence[Rewrite]:
    raise ZeroDivisionError


def dawdles() -> Sequence[Rewrite]:
    time.sleep(0.5)
    return [rewrite()]


MADONNA = TableLayer([rewrite("play madona", "play madonna", rewrite_id="r1")])


def test_a_known_failing_text_is_rewritten():
    """The answer names the target, the original, and where it came from."""
    answer = rewriter(MADONNA).rewrite(asked("Play madona"), now=BASE)

    assert (answer.action, answer.utterance, answer.original) == (Action.REWRITE, "play madonna", "Play madona")
    assert (answer.reason, answer.layer, answer.rewrite_id, answer.generation) == (Reason.REWRITTEN, Layer.TABLE, "r1", 7)
    assert answer.score == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("utterance", "reason"),
    [
        ("play prince", Reason.NO_CANDIDATE),
        ("play madonna", Reason.TARGET_OFFERED),
        ("", Reason.EMPTY_UTTERANCE),
        (" ?! ", Reason.EMPTY_UTTERANCE),
        ("word " * 10_000, Reason.NO_CANDIDATE),
        ("\x00\x1b[31m", Reason.NO_CANDIDATE),
        ("проиграй мадонну", Reason.NO_CANDIDATE),
        ("\ud800", Reason.EMPTY_UTTERANCE),
    ],
)
def test_everything_else_passes_through_unchanged(utterance: str, reason: Reason):
    """Unknown, right already, empty, very long, other scripts, or no text at all: the words go on as they came."""
    answer = rewriter(MADONNA).rewrite(asked(utterance), now=BASE)

    assert (answer.action, answer.utterance, answer.reason) == (Action.PASS_THROUGH, utterance, reason)


def test_before_anything_is_published_everything_passes_through():
    """No generation is a reason, not an error."""
    answer = Rewriter(lambda: Live(generation=None)).rewrite(asked(), now=BASE)

    assert (answer.action, answer.reason, answer.generation) == (Action.PASS_THROUGH, Reason.NOT_READY, None)


def test_a_veto_stops_a_rewrite_and_says_so():
    """Vetoes win; the answer names the rewrite that was stopped."""
    answer = rewriter(MADONNA, vetoes=Vetoes.of([("play madona", "")])).rewrite(asked(), now=BASE)

    assert (answer.action, answer.reason, answer.rewrite_id) == (Action.PASS_THROUGH, Reason.VETOED, "r1")
    assert answer.applied() is None


def test_layers_are_asked_in_order_of_precedence():
    """Taught, personal, table, global, in whatever order they are handed over."""
    layers = [FakeLayer(layer, lambda layer=layer: [rewrite(target=f"from {layer}")]) for layer in reversed(Layer)]

    answer = rewriter(*layers).rewrite(asked(), now=BASE)

    assert (answer.layer, answer.utterance) == (Layer.TAUGHT, "from taught")


def test_a_candidate_that_the_gate_turns_down_does_not_hide_the_next_layer():
    """A personal rewrite without enough gain leaves the table its say."""
    weak = FakeLayer(Layer.PERSONAL, lambda: [rewrite(target="play prince", success_as_rewritten=0.2)])

    explained = rewriter(weak, MADONNA).explain(asked(), now=BASE)

    assert explained.answer.layer is Layer.TABLE
    assert [(each.layer, each.reason) for each in explained.weighed] == [
        (Layer.PERSONAL, Reason.BELOW_MARGIN),
        (Layer.TABLE, Reason.REWRITTEN),
    ]
    assert [name for name, _ in explained.parts_ms] == ["personal", "table"]


def test_a_broken_layer_is_skipped(caplog: pytest.LogCaptureFixture):
    """The next layer answers; the fault is told every time and logged once."""
    faults: list[tuple[str, str]] = []
    asking = rewriter(FakeLayer(Layer.PERSONAL, breaks), MADONNA, on_fault=lambda part, error: faults.append((part, type(error).__name__)))

    with caplog.at_level(logging.WARNING):
        answers = [asking.rewrite(asked(), now=BASE) for _ in range(3)]

    assert [answer.utterance for answer in answers] == ["play madonna"] * 3
    assert faults == [("personal", "ZeroDivisionError")] * 3
    assert len(caplog.records) == 1


def test_when_every_layer_is_broken_the_words_pass_through():
    """Never an error: reason `broken`."""
    answer = rewriter(FakeLayer(Layer.TABLE, breaks)).rewrite(asked("Play Madona"), now=BASE)

    assert (answer.action, answer.utterance, answer.reason) == (Action.PASS_THROUGH, "Play Madona", Reason.BROKEN)


def test_a_rewriter_that_cannot_see_what_is_live_passes_through():
    """Whatever breaks outside the layers is no error of the caller's either."""
    answer = Rewriter(breaks).rewrite(asked(), now=BASE)  # type: ignore[arg-type]

    assert (answer.action, answer.reason) == (Action.PASS_THROUGH, Reason.BROKEN)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_late_layer_is_not_heard(at_once: bool):
    """What comes after the deadline is thrown away, on the caller's thread and on a worker's."""
    answer = rewriter(FakeLayer(Layer.GLOBAL, dawdles, at_once=at_once), clock=time.perf_counter).rewrite(asked(), now=BASE, budget_s=0.01)

    assert (answer.action, answer.utterance, answer.reason) == (Action.PASS_THROUGH, "play madona", Reason.DEADLINE)


def test_a_slow_layer_is_left_behind_at_the_deadline():
    """On a worker the answer does not wait for it."""
    answered, heeded = threading.Event(), threading.Event()

    def until_answered() -> Sequence[Rewrite]:
        # Not for some seconds: a busy machine may take those for anything.
        if answered.wait(ENDLESS_S):
            heeded.set()
        return [rewrite()]

    asking = rewriter(FakeLayer(Layer.GLOBAL, until_answered, at_once=False), clock=time.perf_counter)

    asking.rewrite(asked(), now=BASE, budget_s=0.01)
    answered.set()

    assert heeded.wait(ENDLESS_S), "the layer was still at work when the answer was there"
    asking.close()


def test_late_work_does_not_pile_up():
    """With all workers busy a slow layer is skipped at once, and the fast ones still answer."""
    fast = FakeLayer(Layer.GLOBAL, lambda: [rewrite()])
    asking = rewriter(FakeLayer(Layer.TABLE, dawdles, at_once=False), fast, clock=time.perf_counter)

    answers = [asking.rewrite(asked(), now=BASE, budget_s=0.05) for _ in range(6)]

    assert [answer.reason for answer in answers[:4]] == [Reason.DEADLINE] * 4
    assert [answer.reason for answer in answers[4:]] == [Reason.REWRITTEN] * 2
    asking.close()


@pytest.mark.parametrize("layer", [Layer.TAUGHT, Layer.PERSONAL])
def test_a_store_that_hangs_leaves_the_table_its_time(layer: Layer):
    """A layer that reads what is one customer's may take a part of the time and no more; one that never answers is skipped, every time."""
    answered = threading.Event()

    def until_answered() -> Sequence[Rewrite]:
        answered.wait(ENDLESS_S)
        return []

    faults: list[tuple[str, str]] = []
    hanging = FakeLayer(layer, until_answered, at_once=False)
    asking = rewriter(hanging, MADONNA, clock=time.perf_counter, on_fault=lambda part, error: faults.append((part, type(error).__name__)))

    answers = [asking.rewrite(asked(), now=BASE, budget_s=ENDLESS_S / 60) for _ in range(6)]
    answered.set()

    assert [answer.layer for answer in answers] == [Layer.TABLE] * 6
    assert faults == [(layer, "Late")] * 6
    asking.close()


def test_whoever_may_not_wait_is_told_to():
    """Where memory alone decides there is an answer at once; where a layer must be waited for there is none, and it is not asked."""
    slow = FakeLayer(Layer.GLOBAL, breaks, at_once=False)
    asking = rewriter(MADONNA, slow)

    known, unknown = (asking.at_once(asked(text), now=BASE) for text in ("play madona", "play prince"))

    assert known is not None
    assert known.layer is Layer.TABLE
    assert unknown is None


def test_whoever_gives_up_hands_the_words_on():
    """Without time to ask, the words go on as they came, and the generation that would have answered is named."""
    answer = rewriter(MADONNA).give_up(asked("Play Madona"), now=BASE, latency_ms=25.0)

    assert (answer.action, answer.utterance, answer.reason) == (Action.PASS_THROUGH, "Play Madona", Reason.DEADLINE)
    assert (answer.generation, answer.latency_ms) == (7, 25.0)


def test_what_a_layer_leaves_alone_no_later_layer_changes():
    """A customer's own words that work for them are a candidate like others: the table does not change them."""
    own = FakeLayer(Layer.PERSONAL, lambda: [rewrite(target="Play Madona")])

    answer = rewriter(own, MADONNA).rewrite(asked("play madona"), now=BASE)

    assert (answer.action, answer.reason, answer.layer) == (Action.PASS_THROUGH, Reason.TARGET_OFFERED, Layer.PERSONAL)


def test_what_failed_this_customer_before_is_not_served_to_them():
    """Whatever layer it comes from; the next candidate has its say."""
    live = Live(generation=7, layers=(MADONNA,), failed_before=lambda request, rewrite: request.heard.customer_id == "c1")
    asking = Rewriter(lambda: live, hold_out=NO_HOLD_OUT, clock=lambda: 0.0)

    theirs, others = (asking.rewrite(asked(customer_id=customer), now=BASE) for customer in ("c1", "c2"))

    assert (theirs.action, theirs.reason, theirs.rewrite_id) == (Action.PASS_THROUGH, Reason.FAILED_BEFORE, "r1")
    assert others.reason is Reason.REWRITTEN


def test_a_slow_layer_that_is_in_time_is_heard():
    """A worker's answer within the budget counts like any other."""
    asking = rewriter(FakeLayer(Layer.GLOBAL, lambda: [rewrite()], at_once=False))

    answer = asking.rewrite(asked(), now=BASE, budget_s=1.0)

    assert answer.reason is Reason.REWRITTEN
    asking.close()


def test_a_held_out_turn_is_never_rewritten_and_says_which_rewrite_it_missed():
    """Success as said stays measurable: the rewrite is named, the chance of the draw recorded."""
    answer = rewriter(MADONNA, hold_out=HoldOut(share=1.0)).rewrite(asked(), now=BASE)

    assert (answer.action, answer.utterance, answer.reason) == (Action.PASS_THROUGH, "play madona", Reason.HOLD_OUT)
    assert (answer.rewrite_id, answer.propensity) == ("r1", 1.0)


def test_the_chance_of_the_draw_is_recorded():
    """A rewrite was drawn with 98 %; what was never eligible was certain to pass."""
    asking = rewriter(MADONNA, hold_out=HoldOut(share=0.02))
    customers = (f"c{number}" for number in range(100))
    customer = next(each for each in customers if not HoldOut(share=0.02).keeps(asked(customer_id=each).heard))

    assert asking.rewrite(asked(customer_id=customer), now=BASE).propensity == pytest.approx(0.98)
    assert asking.rewrite(asked("play prince"), now=BASE).propensity == 1.0


def test_ids_of_decisions_sort_by_time_and_do_not_repeat():
    """Two answers at one instant have two ids, and time stands in front."""
    ids = [rewriter(MADONNA).rewrite(asked(), now=BASE).decision_id for _ in range(2)]

    assert ids[0] != ids[1]
    assert ids[0][:12] == ids[1][:12] == f"{int(BASE.timestamp() * 1000):012x}"


TEXTS = st.sampled_from(["a", "b", "c", "A!", "b c", "c b"])


@given(pairs=st.dictionaries(st.sampled_from(["a", "b", "c", "b c"]), TEXTS, min_size=1), utterance=TEXTS)
def test_rewriting_a_rewrite_changes_nothing(pairs: dict[str, str], utterance: str):
    """Whatever stands in the table, proved or not: one hop, and a second asking leaves the words alone."""
    asking = rewriter(TableLayer([rewrite(source, target) for source, target in pairs.items()]))

    once = asking.rewrite(asked(utterance), now=BASE).utterance
    twice = asking.rewrite(asked(once), now=BASE).utterance

    assert twice == once
