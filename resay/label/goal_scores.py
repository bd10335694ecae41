"""Scores of labels: how well chances order turns, how honest they are, how many can be trusted, and how well goals are cut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]

BINS = 10
"""Bins of equal counts that chances are compared with what came true in."""

PRECISION = 0.95
"""Labels at this precision are counted; the rest are left open."""

STEPS_MAX = 60
"""Of Newton's method for two numbers: it settles in under ten."""


def auc(truth: ArrayLike, chances: ArrayLike) -> float | None:
    """The chance that a true one is ranked over a false one, ties half; nothing where there is but one kind."""
    true, told = np.asarray(truth, dtype=bool), np.asarray(chances, dtype=np.float64)
    positives, negatives = int(true.sum()), int((~true).sum())
    if not positives or not negatives:
        return None
    _, places, counts = np.unique(told, return_inverse=True, return_counts=True)
    ends = counts.cumsum()
    ranks = (ends - (counts - 1) / 2.0)[places]
    return float((ranks[true].sum() - positives * (positives + 1) / 2.0) / (positives * negatives))


def average_precision(truth: ArrayLike, chances: ArrayLike) -> float | None:
    """Area under precision over recall; those of one chance come together. Nothing where none is true."""
    true, told = np.asarray(truth, dtype=bool), np.asarray(chances, dtype=np.float64)
    if not true.any():
        return None
    order = np.argsort(-told, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(told[order])), len(order) - 1)
    found = true[order].cumsum()[ends]
    recall = np.diff(found, prepend=0) / true.sum()
    return float((recall * found / (ends + 1.0)).sum())


def calibration_error(truth: ArrayLike, chances: ArrayLike) -> float | None:
    """The mean distance of chances from shares that came true, over bins of equal counts."""
    true, told = np.asarray(truth, dtype=np.float64), np.asarray(chances, dtype=np.float64)
    if not true.size:
        return None
    order = np.argsort(told, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if part.size]
    return float(sum(part.size * abs(true[part].mean() - told[part].mean()) for part in parts) / true.size)


def coverage(truth: ArrayLike, chances: ArrayLike, *, precision: float = PRECISION) -> float:
    """The largest share of turns, the surest first, whose labels are right this often."""
    true, told = np.asarray(truth, dtype=bool), np.asarray(chances, dtype=np.float64)
    if not true.size:
        return 0.0
    order = np.argsort(-np.abs(told - 0.5), kind="stable")
    right = ((told[order] >= 0.5) == true[order]).cumsum() / np.arange(1, true.size + 1)
    enough = np.flatnonzero(right >= precision)
    return float((enough[-1] + 1) / true.size) if enough.size else 0.0


def best_threshold(truth: ArrayLike, chances: ArrayLike) -> float:
    """The chance from which on calling it true has the highest F1."""
    true, told = np.asarray(truth, dtype=bool), np.asarray(chances, dtype=np.float64)
    if not true.any():
        return 0.5
    order = np.argsort(-told, kind="stable")
    found, asked = true[order].cumsum(), np.arange(1, true.size + 1)
    return float(told[order][int(np.argmax(2 * found / (asked + true.sum())))])


def slope_of(truth: ArrayLike, odds: ArrayLike) -> tuple[float, float]:
    """The a and b under which the logistic of a · odds + b fits best (Platt), held a little towards 1 and 0."""
    true, told = np.asarray(truth, dtype=np.float64), np.asarray(odds, dtype=np.float64)
    shown = np.stack([told, np.ones_like(told)], axis=1)
    weights, usual = np.array([1.0, 0.0]), np.array([1.0, 0.0])
    for _ in range(STEPS_MAX):
        chances = 1.0 / (1.0 + np.exp(-np.clip(shown @ weights, -30.0, 30.0)))
        slope = shown.T @ (chances - true) + (weights - usual)
        step = np.linalg.solve((shown * (chances * (1.0 - chances))[:, None]).T @ shown + np.eye(2), slope)
        weights = weights - step
        if float(np.abs(step).max()) < 1e-9:
            break
    return float(max(weights[0], 1e-3)), float(weights[1])


def pk(truth: Sequence[Sequence[bool]], found: Sequence[Sequence[bool]]) -> float | None:
    """Share of pairs of turns, half a mean segment apart, of which it is said wrongly whether they are of one segment."""
    return _windowed(truth, found, lambda true, told: (true > 0) != (told > 0))


def window_diff(truth: Sequence[Sequence[bool]], found: Sequence[Sequence[bool]]) -> float | None:
    """The same, wrong also where another number of boundaries lies between."""
    return _windowed(truth, found, lambda true, told: true != told)


def boundary_f1(truth: Sequence[Sequence[bool]], found: Sequence[Sequence[bool]]) -> float | None:
    """F1 of the places where a goal begins; a session's first turn always does, and does not count."""
    true = np.concatenate([np.asarray(each[1:], dtype=bool) for each in truth]) if truth else np.zeros(0, dtype=bool)
    told = np.concatenate([np.asarray(each[1:], dtype=bool) for each in found]) if found else np.zeros(0, dtype=bool)
    both = int(true.sum() + told.sum())
    return float(2 * (true & told).sum() / both) if both else None


def _windowed(truth: Sequence[Sequence[bool]], found: Sequence[Sequence[bool]], wrong: object) -> float | None:
    assert callable(wrong), "what counts as wrong is asked"
    turns, segments = sum(len(each) for each in truth), sum(1 + sum(each[1:]) for each in truth)
    if not segments:
        return None
    apart = max(1, round(turns / segments / 2))
    faults = pairs = 0
    for true, told in zip(truth, found, strict=True):
        for begin in range(len(true) - apart):
            between = slice(begin + 1, begin + 1 + apart)
            faults += bool(wrong(sum(true[between]), sum(told[between])))
            pairs += 1
    return faults / pairs if pairs else None
