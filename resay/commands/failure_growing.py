"""Growing a model of failure points: hands the trees that `rewrite_online.fit` grows to `failure_point.train`, and chooses thresholds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from failure_point.case import Case, cases_of
from failure_point.evaluate import best_worth, calibration_error, macro_f1, weighed
from failure_point.example import Example
from failure_point.features import Matrix
from failure_point.model import SEEN, Content, Thresholds
from failure_point.model_folder import Card, write_model
from failure_point.point import POINTS
from failure_point.reading import Lesson
from failure_point.train import CLASSES, Keep, Known, Rows, Trained, all_said, anew, joined, stacked, sums_of, train
from failure_point.wording import Spoken
from resay.dialogue.tick import Tick
from resay.training.tree_export import Ensemble, Tree, write_trees
from rewrite_online.fit import SURE, Growth, ensemble_of, grow

FEW = Growth(trees=150, leaves=7, leaf_rows_min=15, learning_rate=0.05, features_share=0.3)
MANY = Growth(trees=120, leaves=15, leaf_rows_min=15, learning_rate=0.08, features_share=0.3)
"""Chosen out of fold on the training and choosing parts (docs/decisions/0023-failure-point.md)."""

MANY_FROM = 20_000
"""Rows from which trees are larger: of 6,000 and 9,000 they learn what is chance, of 40,000 smaller ones leave something unlearnt."""

ROWS_MIN = 5
"""Rows of a point below which no trees are grown that tell it: it is then never named."""

KNOWN_MIN = 0.4
"""Chance below which the verdict is that it does not know. Calibrated, such a name would be wrong more often than right."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grown:
    """A model as it stands in memory, with its thresholds."""

    trained: Trained
    thresholds: Thresholds
    chosen: Mapping[str, float]
    """Figures on the rows that it was calibrated on."""

    def chances(self, rows: Rows) -> Floats:
        """Chances of rows: (case, point)."""
        seen = stacked(rows.features, all_said(self.trained, rows))
        return softmax(self.trained.slope * sums_of(self.trained.ensembles, seen) + self.trained.shifts)

    @property
    def worth(self) -> Floats:
        """Of each point, in the order of `POINTS`."""
        return np.array([self.thresholds.worth[point] for point in POINTS])


def with_following(example: Example) -> Iterable[Case]:
    """The cases of an example with all that follows."""
    return cases_of(example.session)


def without_following(example: Example) -> Iterable[Case]:
    """The cases of an example as they are while nothing has followed."""
    return cases_of(example.session, following=False)


@dataclass(frozen=True, slots=True)
class Beside:
    """What is learnt from beside the rows that the model is for; nothing is chosen on it, as it may come in other shares."""

    rows: Rows | None = None
    lessons: Sequence[Lesson] = ()
    spoken: Sequence[Spoken] = ()


NOTHING = Beside()


def grown(rows: Rows, beside: Beside = NOTHING, *, seed: int, tick: Tick, growth: Growth | None = None, keep: Keep = anew) -> Grown:
    """A model of rows; its calibration and thresholds are from models that had not seen the sources of what they are asked."""
    every = rows if beside.rows is None else joined([rows, beside.rows])
    judged = np.arange(len(every.points)) < len(rows.points)
    trained = train(
        every,
        _growing(growth or growth_of(len(every.points))),
        known=Known(judged, beside.lessons, beside.spoken, keep),
        seed=seed,
        tick=tick,
    )
    chances = softmax(trained.slope * trained.held_out[judged] + trained.shifts)
    worth = best_worth(rows.points, chances)
    named = weighed(chances, worth)
    thresholds = Thresholds(
        slope=trained.slope,
        shifts=dict(zip(POINTS, trained.shifts.tolist(), strict=True)),
        worth=dict(zip(POINTS, worth.tolist(), strict=True)),
        known_min=KNOWN_MIN,
    )
    figures = {
        "chosen_on": float(len(named)),
        "macro_f1": macro_f1(rows.points, named, CLASSES),
        "accuracy": float((named == rows.points).mean()),
        "ece": calibration_error(rows.points, chances),
    }
    return Grown(trained, thresholds, figures)


def growth_of(rows: int) -> Growth:
    """How trees are grown of so many rows."""
    return MANY if rows >= MANY_FROM else FEW


def write_grown(folder: Path, model: Grown, *, about: Mapping[str, Any]) -> Card:
    """Write a model's folder."""
    trees = write_trees(model.trained.ensembles, about={"features": list(SEEN)})
    content = Content(model.trained.weights, model.trained.likeness, trees, model.trained.reader, model.trained.wordings)
    return write_model(folder, content, Card(model.thresholds, about, {name: round(value, 4) for name, value in model.chosen.items()}))


def softmax(sums: Floats) -> Floats:
    """Chances from sums, row by row."""
    raised = np.exp(sums - sums.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float64)


def _growing(growth: Growth) -> Callable[[Matrix, Floats, int], Ensemble]:
    def ensemble(seen: Matrix, right: Floats, seed: int) -> Ensemble:
        if right.sum() < ROWS_MIN or (1 - right).sum() < ROWS_MIN:
            return _constant(seen.shape[1], sure=SURE if right.sum() >= ROWS_MIN else -SURE)
        seeded = Growth(
            growth.trees, growth.leaves, growth.leaf_rows_min, growth.learning_rate, growth.smoothing, growth.features_share, seed
        )
        return ensemble_of(grow(seen, right, np.ones(len(right)), growth=seeded))

    return ensemble


def _constant(features: int, *, sure: float) -> Ensemble:
    one = np.zeros(1, dtype=np.int64)
    leaf = Tree(one, one.astype(float), one.astype(bool), left=one, right=one, is_leaf=one == 0, value=one.astype(float))
    return Ensemble([leaf], base=sure, features=features)
