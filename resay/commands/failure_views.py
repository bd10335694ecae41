"""What logs of other assistants would hold of the same talk: no scores, no readings, no responses; so that a model can do without."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random

from failure_point.example import Example
from resay.dialogue.turn import Hypothesis, Turn
from resay.lab.linked.views import without_others, without_status, without_times, without_words

LACKS_SHARE = 0.35
"""Chance with which a log lacks each of the things that it may lack. Made up."""

WORDS_ALONE_SHARE = 0.25
"""Chance with which it holds nothing but words, as logs of typed talk do. Made up."""

View = Callable[[Iterable[Turn]], tuple[Turn, ...]]


def without_scores(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """The recogniser's scores, the NLU's confidence and all that is measured of the sound gone, as in a log of typed talk."""
    return tuple(
        replace(
            turn,
            hypotheses=tuple(Hypothesis(each.text) for each in turn.hypotheses),
            interpretations=tuple(replace(each, confidence=None) for each in turn.interpretations),
            audio=None,
        )
        for turn in turns
    )


def text_alone(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """As `without_scores`, and one transcript only: what an assistant for typed talk logs."""
    return without_others(without_scores(turns))


def without_readings(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """What was made of the request gone."""
    return tuple(replace(turn, interpretations=(), entities=()) for turn in turns)


def words_alone(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """What was said and answered, and nothing else."""
    return tuple(replace(turn, prompt=None, barge_in=False) for turn in without_status(text_alone(turns)))


VIEWS: tuple[View, ...] = (without_scores, without_others, without_readings, without_words, without_status, without_times)


def seen_as(example: Example, rng: Random) -> Example:
    """An example as it stands in a log that lacks some of these."""
    turns = example.session.turns
    some = (words_alone,) if rng.random() < WORDS_ALONE_SHARE else (view for view in VIEWS if rng.random() < LACKS_SHARE)
    for view in some:
        turns = view(turns)
    return replace(example, session=replace(example.session, turns=tuple(turns)))
