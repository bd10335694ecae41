"""Training: weights of texts first, then trees over features and what the weights say of rows that they have not seen, then calibration.

Knows rows; which examples they are of is the caller's, and so is what grows trees, which is handed in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from failure_point.case import Case
from failure_point.example import Example
from failure_point.features import Matrix, matrix
from failure_point.fit_linear import fit_weights
from failure_point.grams import VIEWS, Grams, buckets_of
from failure_point.likeness import NAMES as LIKENESS
from failure_point.likeness import Likeness, key_of, likeness_of
from failure_point.linear import Floats, known_share, log_chances
from failure_point.point import POINTS
from failure_point.traffic import Traffic
from resay.dialogue.tick import Tick
from resay.training.tree_export import Ensemble

FOLDS = 4
"""Parts of the groups: what the weights say of each was learnt from the others."""

CLASSES = len(POINTS)

Weights = Mapping[str, NDArray[np.float32]]
"""By view."""

Grow = Callable[[Matrix, Floats, int], Ensemble]
"""Grows trees that tell rows of one point (1) from all others (0); the last is the seed."""

CasesOf = Callable[[Example], Iterable[Case]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Cases as numbers."""

    features: Matrix
    grams: Mapping[str, Sequence[Grams]]
    """By view."""
    points: NDArray[np.int64]
    """Places in `POINTS`."""
    groups: Sequence[str]
    sources: Sequence[str]
    keys: Sequence[tuple[str, int]]
    """Texts, and how the turns went, as `likeness` compares them."""


def rows_of(examples: Iterable[Example], cases_of: CasesOf, *, remembered: bool = True) -> Rows:
    """The known turns of examples as numbers; what is remembered of traffic is remembered log by log, or nothing of it."""
    logs: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        logs[example.traffic].append(example)
    parts = [_rows_of_log(log, cases_of, remembered=remembered) for log in logs.values()]
    return joined(parts)


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows after rows."""
    return Rows(
        np.concatenate([each.features for each in parts]),
        {view: [grams for each in parts for grams in each.grams[view]] for view in VIEWS},
        np.concatenate([each.points for each in parts]),
        [group for each in parts for group in each.groups],
        [source for each in parts for source in each.sources],
        [key for each in parts for key in each.keys],
    )


def _rows_of_log(log: Sequence[Example], cases_of: CasesOf, *, remembered: bool) -> Rows:
    traffic = Traffic(turn for example in log for turn in example.session.turns if remembered)
    known = [(case, example) for example in log for case in cases_of(example) if case.turn.turn_id in example.points]
    cases = [case for case, _ in known]
    return Rows(
        matrix(cases, traffic),
        {view: [buckets_of(view, case) for case in cases] for view in VIEWS},
        np.array([POINTS.index(example.points[case.turn.turn_id]) for case, example in known], dtype=np.int64),
        [example.group for _, example in known],
        [example.source for _, example in known],
        [key_of(case) for case in cases],
    )


@dataclass(frozen=True, slots=True)
class Trained:
    """What training leaves."""

    weights: Weights
    likeness: Likeness
    ensembles: Mapping[str, Ensemble]
    """By point."""
    slope: float
    shifts: NDArray[np.float64]
    """Chances are the softmax of slope · sums + shifts."""


def train(rows: Rows, choosing: Rows, grow: Grow, *, seed: int, tick: Tick) -> Trained:
    """A model of rows, calibrated on others that stand apart from them."""
    steps = len(VIEWS) + CLASSES
    folds = folds_of(rows.sources)
    weights: dict[str, NDArray[np.float32]] = {}
    likeness, said = likeness_of(rows.keys, rows.points), [_like_out_of_fold(rows, folds)]
    for number, view in enumerate(VIEWS):
        said.append(_out_of_fold(rows.grams[view], rows.points, folds))
        # As they are kept: calibration must see what will be asked.
        weights[view] = fit_weights(rows.grams[view], rows.points, classes=CLASSES).astype(np.float16).astype(np.float32)
        tick(number + 1, steps)
    seen = stacked(rows.features, said)
    ensembles = {}
    for number, point in enumerate(POINTS):
        ensembles[point.value] = grow(seen, (rows.points == number).astype(np.float64), seed)
        tick(len(VIEWS) + number + 1, steps)
    sums = sums_of(ensembles, stacked(choosing.features, all_said(weights, likeness, choosing)))
    slope, shifts = calibrated(sums, choosing.points)
    return Trained(weights, likeness, ensembles, slope, shifts)


def all_said(weights: Weights, likeness: Likeness, rows: Rows) -> list[Floats]:
    """What known texts and the weights of each view say of cases: log chances, and how much of the case they know."""
    return [likeness.told(rows.keys), *(_said(weights[view], rows.grams[view]) for view in VIEWS)]


def stacked(features: Matrix, said: Sequence[Floats]) -> Matrix:
    """What the trees see: (case, feature)."""
    return np.concatenate([features, *(each.astype(np.float32) for each in said)], axis=1)


def folds_of(sources: Sequence[str]) -> NDArray[np.int64]:
    """The fold of each row: a source is never in two, and each goes where the fewest rows are, the largest first."""
    sizes = Counter(sources)
    rows, dealt = [0] * FOLDS, dict[str, int]()
    for source in sorted(sizes, key=lambda each: (-sizes[each], each)):
        dealt[source] = rows.index(min(rows))
        rows[dealt[source]] += sizes[source]
    return np.array([dealt[source] for source in sources], dtype=np.int64)


def sums_of(ensembles: Mapping[str, Ensemble], seen: Matrix) -> Floats:
    """The sums of trees as they stand, without a file: (case, point)."""
    return np.stack([_sum(ensembles[point.value], seen) for point in POINTS], axis=1)


def calibrated(sums: Floats, points: NDArray[np.int64]) -> tuple[float, NDArray[np.float64]]:
    """One slope, and a shift a point, by which these points are as likely as they can be."""
    truth = np.zeros((len(points), CLASSES))
    truth[np.arange(len(points)), points] = 1.0

    def surprise(told: NDArray[np.float64]) -> float:
        turned = told[0] * sums + told[1:]
        turned = turned - turned.max(axis=1, keepdims=True)
        logs = turned - np.log(np.exp(turned).sum(axis=1, keepdims=True))
        # What was hardly met must not be shifted far by it.
        return float(-(truth * logs).sum() / len(points) + 1e-3 * (told[1:] ** 2).sum())

    best = minimize(surprise, np.r_[1.0, np.zeros(CLASSES)], method="L-BFGS-B", bounds=[(0.05, 5.0), *[(-4.0, 4.0)] * CLASSES])
    return float(best.x[0]), np.asarray(best.x[1:])


def _like_out_of_fold(rows: Rows, folds: NDArray[np.int64]) -> Floats:
    told = np.zeros((len(rows.keys), len(LIKENESS)))
    for fold in sorted(set(folds.tolist())):
        here, rest = np.flatnonzero(folds == fold).tolist(), np.flatnonzero(folds != fold).tolist()
        known = likeness_of([rows.keys[place] for place in rest], rows.points[rest])
        told[here] = known.told([rows.keys[place] for place in here])
    return told


def _out_of_fold(grams: Sequence[Grams], points: NDArray[np.int64], folds: NDArray[np.int64]) -> Floats:
    said = np.zeros((len(grams), CLASSES + 1))
    for fold in sorted(set(folds.tolist())):
        here = np.flatnonzero(folds == fold).tolist()
        rest = np.flatnonzero(folds != fold).tolist()
        if not rest:
            return said
        weights = fit_weights([grams[place] for place in rest], points[rest], classes=CLASSES)
        said[here] = _said(weights, [grams[place] for place in here])
    return said


def _said(weights: NDArray[np.float32], grams: Sequence[Grams]) -> Floats:
    return np.concatenate([log_chances(weights, grams), known_share(weights, grams)[:, None]], axis=1)


def _sum(ensemble: Ensemble, seen: Matrix) -> Floats:
    total = np.full(len(seen), ensemble.base)
    for tree in ensemble.trees:
        at = np.zeros(len(seen), dtype=np.int64)
        going = np.flatnonzero(~tree.is_leaf[at])
        while len(going):
            here = at[going]
            value = seen[going, tree.feature[here]].astype(np.float64)
            left = np.where(np.isnan(value), tree.missing_left[here], value <= tree.threshold[here])
            at[going] = np.where(left, tree.left[here], tree.right[here])
            going = going[~tree.is_leaf[at[going]]]
        total += tree.value[at]
    return total
