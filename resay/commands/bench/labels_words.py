"""The words of a domain, each with a weight of its own: the baseline of judged answers, and what a net lacks that saw few of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from resay.commands.bench.labels import Told
from resay.commands.bench.logistic import fit_logistic
from resay.dialogue.text import words
from resay.dialogue.turn import said
from resay.label.goal_example import GoalExample
from resay.label.goal_features import answer_of
from resay.label.goal_model import ANSWERS

FOLDS = 5
"""Of the judged answers, as their converter cut them."""

RIDGE = 10.0
"""Some ten times a reference's: a dialogue has a hundred words, and a set a few thousand labels."""

_REACHED, _DEFECT = ANSWERS.index("reached"), ANSWERS.index("defect")


def by_words(folded: Sequence[tuple[GoalExample, int]]) -> list[Told]:
    """Each fold by the words of the others: of the judged step, of what was said last, and of all before; ordered by fold."""
    shown = [(_spoken(example), bool(example.defects[-1]), fold) for example, fold in folded]
    told = []
    for fold in range(FOLDS):
        weights = fit_logistic([(names, bad) for names, bad, other in shown if other != fold], ridge=RIDGE)
        mine = [(names, example) for (names, _, other), (example, _) in zip(shown, folded, strict=True) if other == fold]
        told += [_told(example, weights.chance(names)) for names, example in mine]
    return told


def together(one: Sequence[Told], two: Sequence[Told]) -> list[Told]:
    """The mean of two labellers' log odds, for the last turn of each dialogue."""
    return [_told(a.example, _mean(a, b)) for a, b in zip(one, two, strict=True)]


def _mean(one: Told, two: Told) -> float:
    assert one.example is two.example, "both labellers tell of the same dialogue"
    odds = [math.log(chance / (1.0 - chance)) for chance in (_last(one), _last(two))]
    return 1.0 / (1.0 + math.exp(-sum(odds) / 2))


def _last(told: Told) -> float:
    return min(1.0 - 1e-6, max(1e-6, float(told.chances[-1, _DEFECT])))


def _told(example: GoalExample, bad: float) -> Told:
    chances = np.full((len(example.turns), len(ANSWERS)), 0.5)
    chances[:, _REACHED], chances[:, _DEFECT] = 1.0 - bad, bad
    return Told(example, chances)


def _spoken(example: GoalExample) -> list[str]:
    last, before = example.turns[-1], example.turns[:-1]
    answer = words(answer_of(last))
    earlier = (word for turn in before for text in (said(turn), answer_of(turn)) for word in words(text))
    names = [
        *(f"said {word}" for word in words(said(last))),
        *(f"answer {word}" for word in answer),
        *(f"answer {one} {two}" for one, two in pairwise(answer)),
        *(f"before {word}" for word in earlier),
    ]
    return ["", *dict.fromkeys(names)]
