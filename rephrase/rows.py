"""Rows: examples as a model is trained on them, windows with the tokens that are to be pointed at."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rephrase.example import Example
from rephrase.question import Kind, Question, gold_tokens, questions_of
from rephrase.window import Window, WindowRules
from rephrase.word_pieces import WordPieces
from resay.dialogue.session import Session

LEFT_OUT = 0.15
"""The chance that a row is trained on without its gaps, its statuses, its responses (each by itself): not every assistant logs them."""


@dataclass(frozen=True, slots=True)
class Row:
    """A window, and the first and last token of what is said again in it; both 0, the place of `[CLS]`, where nothing is."""

    window: Window
    gold: tuple[int, int]


def question_of(example: Example, pieces: WordPieces, rules: WindowRules, *, kind: Kind) -> Question | None:
    """What is asked of an example; nothing where its first try has no candidates."""
    session = Session(example.turns[0].customer_id, example.turns)
    first = next(questions_of(session, pieces, rules, kind=kind), None)
    return first if first is not None and first.source == 0 else None


def rows_of(example: Example, pieces: WordPieces, rules: WindowRules, *, kind: Kind) -> Iterator[Row]:
    """The rows of an example: one for a span model, one for each candidate of the pairwise one."""
    question = question_of(example, pieces, rules, kind=kind)
    if question is None:
        return
    span = (example.start, example.end)
    for target, window in zip(question.targets, question.windows, strict=False):
        # A pair's window knows two turns only: its candidate stands at 1.
        place = example.target if kind is Kind.SPAN else 1 if example.target == target else None
        yield Row(window, gold_tokens(window, place, span=span))


def varied(rules: WindowRules, rng: random.Random) -> WindowRules:
    """The rules for one row of training."""
    return replace(
        rules,
        gaps=rules.gaps and rng.random() >= LEFT_OUT,
        statuses=rules.statuses and rng.random() >= LEFT_OUT,
        responses=rules.responses and rng.random() >= LEFT_OUT,
        hypotheses=rules.hypotheses if rng.random() >= LEFT_OUT else 0,
    )
