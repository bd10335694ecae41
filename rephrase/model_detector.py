"""The trained detector: asks an exported model of every first try. Needs no torch.

Every window is asked by itself: activations are brought to eight bits by the largest of a batch, so that in company the same window would
be judged otherwise, and a stream would not link what a run over the whole lake links. Windows run side by side on threads instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from rephrase.model_folder import MODEL_FILE, TOKENIZER_FILE, ModelCard, read_card
from rephrase.overlap import link_of
from rephrase.padded import padded
from rephrase.question import Judgement, Kind, Numbers, Question, judge, questions_of
from rephrase.span import span_after
from rephrase.window import NOWHERE, Window, WindowRules
from rephrase.word_pieces import WordPieces
from resay.dialogue.label import RephraseLink
from resay.dialogue.session import Session
from resay.dialogue.turn import Turn
from resay.label.friction import denies
from resay.label.remark import remark_of
from resay.label.wordings import ENGLISH, Wordings
from resay.training.onnx_model import OnnxModel, WrongModel

INPUTS = ("tokens", "segments", "attention")
OUTPUT = "numbers"

PROBABILITY_MIN = 0.05
"""Links less likely than this are left out, as those of the default detector are."""

SESSIONS_AT_ONCE = 64
"""Sessions whose windows run side by side: enough that no thread waits for the last window of one session."""

Ask = Callable[[Sequence[Window]], list[Numbers]]
"""A model: its numbers for each window."""


class ModelDetector:
    """Links by a trained model."""

    sessions_at_once = SESSIONS_AT_ONCE

    def __init__(
        self, card: ModelCard, pieces: WordPieces, ask: Ask, *, probability_min: float = PROBABILITY_MIN, wordings: Wordings = ENGLISH
    ) -> None:
        self.name = card.kind.value
        self.version = card.version
        self.threshold = card.threshold
        self._card, self._pieces, self._ask = card, pieces, ask
        self._probability_min, self._wordings = probability_min, wordings

    def links(self, session: Session) -> list[RephraseLink]:
        """All links of at least the least probability; those of one source add up to at most one."""
        return next(self.links_of_all([session]))

    def links_of_all(self, sessions: Sequence[Session]) -> Iterator[list[RephraseLink]]:
        """The links of each session, as `links` gives them."""
        asked = [self._questions(session) for session in sessions]
        numbers = iter(self._ask([window for questions in asked for question in questions for window in question.windows]))
        for session, questions in zip(sessions, asked, strict=True):
            links: list[RephraseLink] = []
            for question in questions:
                told = [next(numbers) for _ in question.windows]
                judged = judge(question, told, kind=self._card.kind, temperature=self._card.temperature)
                links += self._links(session, question.source, judged)
            yield links

    def _questions(self, session: Session) -> list[Question]:
        return list(questions_of(session, self._pieces, self._card.rules, kind=self._card.kind, wordings=self._wordings))

    def _links(self, session: Session, source: int, judged: Sequence[Judgement]) -> Iterator[RephraseLink]:
        for each in judged:
            if each.probability < self._probability_min:
                continue
            target = session.turns[each.target]
            span = each.span if each.span and target.rewrite is None else self._span_by_rule(session, each.target)
            yield link_of(session.turns[source], target, probability=each.probability, span=span, detector=f"{self.name}/{self.version}")

    def _span_by_rule(self, session: Session, place: int) -> tuple[int, int] | None:
        """Where a model does not say, what follows a denial; all of a turn that we rewrote, as its words are ours."""
        target = session.turns[place]
        if target.rewrite is not None or self._card.kind is Kind.SPAN:
            return None
        return _after_denial(target, after=session.turns[place - 1], wordings=self._wordings)


def read_detector(
    folder: Path, *, threads: int, probability_min: float = PROBABILITY_MIN, rules: WindowRules | None = None
) -> ModelDetector:
    """The detector of a model's folder; with other rules than it was trained by, for ablations.

    Raises: WrongModelFolder, WrongModel, WrongVocabulary.
    """
    card = read_card(folder)
    card = replace(card, rules=rules or card.rules)
    pieces = WordPieces((folder / TOKENIZER_FILE).read_bytes(), where=str(folder / TOKENIZER_FILE))
    model = OnnxModel(folder / MODEL_FILE, inputs=INPUTS, output=OUTPUT)
    ask = asking(model, padding=pieces.padding, threads=threads)
    _check_answers(ask, card, pieces=pieces, folder=folder)
    return ModelDetector(card, pieces, ask, probability_min=probability_min)


def _check_answers(ask: Ask, card: ModelCard, *, pieces: WordPieces, folder: Path) -> None:
    """Ask once of the longest window, full of the highest token: what does not fit is said here, and not in the middle of a lake.

    Raises: WrongModel.
    """
    length = card.rules.tokens_max
    tokens = (pieces.first, *[pieces.size - 1] * (length - 2), pieces.last)
    zeros = (0,) * length
    (numbers,) = ask([Window(0, tokens, zeros, (NOWHERE,) * length, zeros, zeros, ())])
    expected = (length, 2) if card.kind is Kind.SPAN else (1,)
    if numbers.shape != expected:
        shapes = " and ".join(" x ".join(str(size) for size in shape) for shape in (expected, numbers.shape))
        message = f"model in {folder} must give the numbers of a {card.kind} model; sizes are {shapes}; is it another kind's?"
        raise WrongModel(message)


def asking(model: OnnxModel, *, padding: int, threads: int) -> Ask:
    """Asks a model of windows one by one, on so many threads."""
    workers = ThreadPoolExecutor(threads, thread_name_prefix="resay-model") if threads > 1 else None

    def numbers(window: Window) -> Numbers:
        arrays = padded([window], padding=padding)
        told = model.run({"tokens": arrays.tokens, "segments": arrays.segments, "attention": arrays.attention})
        return np.asarray(told[0])

    def ask(windows: Sequence[Window]) -> list[Numbers]:
        return list(workers.map(numbers, windows)) if workers and len(windows) > 1 else [numbers(window) for window in windows]

    return ask


def _after_denial(target: Turn, *, after: Turn, wordings: Wordings) -> tuple[int, int]:
    remark = remark_of(target.utterance, wordings)
    return span_after(target.utterance, remark.prefix if denies(target, remark, after=after, wordings=wordings) else 0)
