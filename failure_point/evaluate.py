"""How good verdicts are: F1 by point and over all of them, calibration, and what "don't know" buys. Plain arithmetic over chances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Points = NDArray[np.int64]

BINS = 15
"""Of the calibration error: as in Guo and others 2017."""


def f1_by_point(truth: Points, named: Points, classes: int) -> list[float | None]:
    """F1 of each point; nothing where the truth has none of it."""
    scores: list[float | None] = []
    for point in range(classes):
        right = int(((truth == point) & (named == point)).sum())
        there, said = int((truth == point).sum()), int((named == point).sum())
        scores.append(2 * right / (there + said) if there else None)
    return scores


def macro_f1(truth: Points, named: Points, classes: int) -> float:
    """The mean over the points that the truth has."""
    scores = [score for score in f1_by_point(truth, named, classes) if score is not None]
    return sum(scores) / len(scores) if scores else 0.0


def calibration_error(truth: Points, chances: Floats) -> float:
    """How far the chance of the likeliest point is from how often it is right: the mean over bins of equal width, by their rows."""
    sure, named = chances.max(axis=1), chances.argmax(axis=1)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    error = 0.0
    for each in range(BINS):
        here = bins == each
        if here.any():
            error += here.mean() * abs(float((named[here] == truth[here]).mean()) - float(sure[here].mean()))
    return error


def weighed(chances: Floats, worth: Floats) -> Points:
    """The point that is named when points are worth so much."""
    return np.asarray((chances * worth).argmax(axis=1), dtype=np.int64)


def best_worth(truth: Points, chances: Floats, *, rounds: int = 3) -> Floats:
    """What each point must be worth for the highest mean F1 on these rows: found point by point."""
    classes = chances.shape[1]
    worth = np.ones(classes)
    steps = np.exp(np.linspace(-1.2, 1.2, 25))
    for _ in range(rounds):
        for point in range(classes):
            if not (truth == point).any():
                continue
            tried = [np.where(np.arange(classes) == point, step, worth) for step in steps]
            scores = [macro_f1(truth, weighed(chances, each), classes) for each in tried]
            best = int(np.argmax(scores))
            if scores[best] > macro_f1(truth, weighed(chances, worth), classes):
                worth = tried[best]
    return worth


def coverage_at(truth: Points, chances: Floats, *, accuracy: float) -> tuple[float, float]:
    """The largest share of the rows, the surest first, of which so many are right; and the chance from which on they are."""
    sure, right = chances.max(axis=1), chances.argmax(axis=1) == truth
    order = np.argsort(-sure, kind="stable")
    held = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(held >= accuracy)
    if not len(enough):
        return 0.0, 1.0
    return float((enough[-1] + 1) / len(order)), float(sure[order[enough[-1]]])
