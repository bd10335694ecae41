"""Questions: what a model is asked of a session, and how its answers are read: chances of the candidates, and spans in their utterances.

Knows numbers that a model gives for the tokens of a window; knows nothing of what computes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from rephrase.candidates import candidates_of
from rephrase.window import NOWHERE, Window, WindowRules, window_of, windows_of
from rephrase.word_pieces import WordPieces
from resay.dialogue.session import Session
from resay.dialogue.turn import said
from resay.label.remark import remark_of
from resay.label.wordings import ENGLISH, Wordings

Numbers = NDArray[np.float32]


class Kind(StrEnum):
    """How a model is asked."""

    SPAN = "span"
    """One window for all candidates of a first try: two numbers a token, for beginning and for ending a span there."""
    PAIRWISE = "pairwise"
    """One window for each candidate: one number. A baseline."""


@dataclass(frozen=True, slots=True)
class Question:
    """One first try, and the windows that ask whether it was said again."""

    source: int
    """Place in the session."""
    targets: tuple[int, ...]
    """Places of the candidates, in order."""
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a model says of one candidate."""

    target: int
    probability: float
    """That this turn, and none before it, is the second try."""
    span: tuple[int, int] | None
    """First character of what is said again, and one past the last; nothing where the model does not say."""


def questions_of(
    session: Session, pieces: WordPieces, rules: WindowRules, *, kind: Kind, wordings: Wordings = ENGLISH
) -> Iterator[Question]:
    """What is to be asked of a session, by source."""
    if kind is Kind.SPAN:
        for window in windows_of(session, pieces, rules, wordings=wordings):
            yield Question(window.source, window.targets, (window,))
        return
    remarks = [remark_of(said(turn), wordings) for turn in session.turns]
    targets: dict[int, list[int]] = {}
    for pair in candidates_of(session, rules.bounds, remarks=remarks, wordings=wordings):
        targets.setdefault(pair.source, []).append(pair.target)
    for source, candidates in targets.items():
        first = session.turns[source]
        pairs = [(first, session.turns[target]) for target in candidates]
        windows = tuple(window_of(pair, 0, targets=[1], pieces=pieces, rules=rules) for pair in pairs)
        yield Question(source, tuple(candidates), windows)


def judge(question: Question, numbers: Sequence[Numbers], *, kind: Kind, temperature: float) -> list[Judgement]:
    """What a model's numbers, one array a window, say of the candidates; the chances add up to at most one."""
    if kind is Kind.SPAN:
        return _pointed(question.windows[0], numbers[0], temperature)
    judgements, left = [], 1.0
    for target, window, number in zip(question.targets, question.windows, numbers, strict=True):
        # An utterance without a word says nothing again.
        says = any(place != NOWHERE for place in window.places)
        chance = float(1.0 / (1.0 + np.exp(-float(number.reshape(-1)[0]) / temperature))) if says else 0.0
        judgements.append(Judgement(target, left * chance, None))
        left *= 1.0 - chance
    return judgements


def _pointed(window: Window, numbers: Numbers, temperature: float) -> list[Judgement]:
    """Spans compete with each other and with `[CLS]`; a candidate's chance is that of all spans inside it."""
    begin, end = (numbers[: len(window.tokens)].astype(np.float64) / temperature).T  # (token,) each
    spans = [_best_span(window, target, begin=begin, end=end) for target in window.targets]
    totals = np.array([begin[0] + end[0], *(total for total, _ in spans)])
    shares = np.exp(totals - totals.max())
    shares /= shares.sum()
    return [Judgement(target, float(share), span) for target, share, (_, span) in zip(window.targets, shares[1:], spans, strict=True)]


def _best_span(
    window: Window, target: int, *, begin: NDArray[np.float64], end: NDArray[np.float64]
) -> tuple[float, tuple[int, int] | None]:
    """The logarithm of the sum over all spans inside a candidate, and the best of them in characters; none where it was cut off."""
    tokens = [token for token, place in enumerate(window.places) if place == target]
    if not tokens:
        return -np.inf, None
    first, last = tokens[0], tokens[-1] + 1
    begins = begin[first:last]
    total = np.logaddexp.reduce(np.logaddexp.accumulate(begins) + end[first:last])
    best_begin = np.maximum.accumulate(begins)
    ending = int(np.argmax(best_begin + end[first:last]))
    beginning = int(np.argmax(begins[: ending + 1]))
    return float(total), (window.starts[first + beginning], window.ends[first + ending])


def gold_tokens(window: Window, target: int | None, *, span: tuple[int, int]) -> tuple[int, int]:
    """The tokens at which a span of characters begins and ends; `[CLS]` twice where there is none, or where it was cut off."""
    tokens = [
        token
        for token, place in enumerate(window.places)
        if place != NOWHERE and place == target and window.starts[token] < span[1] and window.ends[token] > span[0]
    ]
    return (tokens[0], tokens[-1]) if tokens else (0, 0)
