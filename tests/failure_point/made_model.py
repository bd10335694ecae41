"""A model made by hand: refused turns failed in the NLU, silent ones are false wakes, all others are correct."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from failure_point.grams import BUCKETS, VIEWS
from failure_point.likeness import likeness_of
from failure_point.model import SEEN, Content, FailurePointModel, Thresholds
from failure_point.model_folder import Card, read_model, write_model
from failure_point.point import POINTS, FailurePoint
from resay.training.tree_export import Ensemble, Tree, write_trees


def stump(feature: str, *, at: float, above: float, below: float, unknown_above: bool = False, features: Sequence[str] = SEEN) -> Ensemble:
    """One question, whether a feature is above a number."""
    tree = Tree(
        feature=np.array([features.index(feature), 0, 0]),
        threshold=np.array([at, 0.0, 0.0]),
        missing_left=np.array([not unknown_above, False, False]),
        left=np.array([1, 0, 0]),
        right=np.array([2, 0, 0]),
        is_leaf=np.array([False, True, True]),
        value=np.array([0.0, below, above]),
    )
    return Ensemble([tree], base=0.0, features=len(features))


def write_made_model(folder: Path, *, known_min: float = 0.4, features: Sequence[str] = SEEN) -> FailurePointModel:
    """Write the folder of the model made by hand, and read it."""
    asked = partial(stump, features=features)
    quiet = asked("words", at=1e9, above=-9.0, below=-9.0)
    ensembles = {point.value: quiet for point in POINTS}
    ensembles["nlu"] = asked("was_refused", at=0.5, above=4.0, below=-4.0)
    ensembles["false_wake"] = asked("words", at=0.5, above=-6.0, below=6.0)
    ensembles["correct"] = asked("was_refused", at=0.5, above=-4.0, below=4.0)
    weights = {view: np.zeros((BUCKETS + 1, len(POINTS)), dtype=np.float32) for view in VIEWS}
    even = dict.fromkeys(FailurePoint, 1.0)
    thresholds = Thresholds(slope=1.0, shifts=dict.fromkeys(FailurePoint, 0.0), worth=even, known_min=known_min)
    write_model(
        folder,
        Content(weights, likeness_of([], np.zeros(0, dtype=np.int64)), write_trees(ensembles, about={"features": list(features)})),
        Card(thresholds),
    )
    return read_model(folder)
