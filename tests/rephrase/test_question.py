"""How a model's numbers become chances and spans."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rephrase.question import Kind, gold_tokens, judge, questions_of
from rephrase.window import WindowRules
from tests.builders import session, turn
from tests.rephrase.made_model import word_pieces

TALK = session(turn("play", status=None), turn("no i said play", at=1, status=None), turn("lights off", at=2, status=None))
(QUESTION, *_) = questions_of(TALK, word_pieces(), WindowRules(), kind=Kind.SPAN)
WINDOW = QUESTION.windows[0]
LENGTH = len(WINDOW.tokens)


def test_the_model_points_at_a_span_of_one_candidate():
    """Numbers that are high at "play" of the second turn give its characters."""
    numbers = np.zeros((LENGTH, 2), dtype=np.float32)
    first, last = gold_tokens(WINDOW, 1, span=(10, 14))
    numbers[first, 0] = numbers[last, 1] = 9

    one, two = judge(QUESTION, [numbers], kind=Kind.SPAN, temperature=1.0)

    assert (one.target, one.span) == (1, (10, 14))
    assert one.probability > 0.99
    assert two.probability < 0.01


def test_pointing_at_the_beginning_means_none():
    """`[CLS]` competes with all spans."""
    numbers = np.zeros((LENGTH, 2), dtype=np.float32)
    numbers[0] = 9

    assert all(each.probability < 0.01 for each in judge(QUESTION, [numbers], kind=Kind.SPAN, temperature=1.0))


@given(st.integers(0, 10_000), st.floats(0.3, 4.0))
def test_chances_are_those_of_all_spans_counted_one_by_one(seed: int, temperature: float):
    """The sums that are taken quickly are those over every span inside one candidate, and the best span is the likeliest of them."""
    numbers = np.random.default_rng(seed).normal(size=(LENGTH, 2)).astype(np.float32) * 3
    begin, end = numbers[:, 0] / temperature, numbers[:, 1] / temperature
    weights = {(0, 0): float(np.exp(begin[0] + end[0]))}
    for target in (1, 2):
        tokens = [token for token, place in enumerate(WINDOW.places) if place == target]
        weights |= {span: float(np.exp(begin[span[0]] + end[span[1]])) for span in combinations_with_replacement(tokens, 2)}

    judged = judge(QUESTION, [numbers], kind=Kind.SPAN, temperature=temperature)

    for each in judged:
        spans = {span: weight for span, weight in weights.items() if WINDOW.places[span[0]] == each.target}
        best = max(spans, key=lambda span: spans[span])
        assert each.probability == pytest.approx(sum(spans.values()) / sum(weights.values()), rel=1e-4)
        assert each.span == (WINDOW.starts[best[0]], WINDOW.ends[best[1]])


def test_pairs_are_asked_one_by_one_and_add_up_to_one_at_most():
    """The second candidate gets what the first leaves."""
    (question, _) = questions_of(TALK, word_pieces(), WindowRules(), kind=Kind.PAIRWISE)
    even = np.zeros(1, dtype=np.float32)

    judged = judge(question, [even, even], kind=Kind.PAIRWISE, temperature=1.0)

    assert [each.probability for each in judged] == [0.5, 0.25]
    assert [each.span for each in judged] == [None, None]


def test_a_span_that_was_cut_off_is_none():
    """A model can learn to point only at what it is shown."""
    (question, *_) = questions_of(TALK, word_pieces(), WindowRules(tokens_max=6), kind=Kind.SPAN)

    assert gold_tokens(question.windows[0], 2, span=(0, 10)) == (0, 0)
    assert gold_tokens(question.windows[0], None, span=(0, 0)) == (0, 0)
