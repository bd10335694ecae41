"""Training: weights of texts first, then trees over features and what the weights say of rows that they have not seen, then calibration.

Knows rows; which examples they are of is the caller's, and so is what grows trees, which is handed in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from failure_point.case import Case
from failure_point.example import Example
from failure_point.features import Matrix, matrix
from failure_point.fit_linear import fit_reader, fit_weights
from failure_point.fit_wording import fit_wordings
from failure_point.grams import VIEWS, Grams, buckets_of
from failure_point.kept import as_kept
from failure_point.likeness import NAMES as LIKENESS
from failure_point.likeness import Likeness, key_of, likeness_of
from failure_point.linear import Floats, known_share, log_chances
from failure_point.point import POINTS
from failure_point.reading import NAMES as READ
from failure_point.reading import Lesson, Logged, Reader, logged_of
from failure_point.traffic import Traffic
from failure_point.wording import NAMES as WORDED
from failure_point.wording import Heard, Spoken, Wordings, heard_of
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

Array = NDArray[Any]

Keep = Callable[[str, Callable[[], Array]], Array]
"""Makes what has a name, or has it from a training of the same rows that was cut off."""


def anew(_name: str, make: Callable[[], Array]) -> Array:
    """Nothing is kept."""
    return make()


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
    logged: Sequence[Logged]
    """What was heard and what was made of it, as `reading` compares them."""
    heard: Sequence[Heard]
    """All that may have been heard, as `wording` compares it."""


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
        [logged for each in parts for logged in each.logged],
        [heard for each in parts for heard in each.heard],
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
        [example.source_of(case.turn.turn_id) for case, example in known],
        [key_of(case) for case in cases],
        [logged_of(case) for case in cases],
        [heard_of(case) for case in cases],
    )


@dataclass(frozen=True, slots=True)
class Trained:
    """What training leaves."""

    weights: Weights
    likeness: Likeness
    reader: Reader
    wordings: Wordings
    ensembles: Mapping[str, Ensemble]
    """By point."""
    slope: float
    shifts: NDArray[np.float64]
    """Chances are the softmax of slope · sums + shifts."""
    held_out: Floats
    """The sums of every row by trees and weights that had not seen its source: (case, point)."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is learnt from beside rows, and how."""

    judged: NDArray[np.bool_]
    """Of the rows: what calibration is for."""
    lessons: Sequence[Lesson] = ()
    spoken: Sequence[Spoken] = ()
    keep: Keep = anew
    """What takes long is made by it, step by step."""


def train(rows: Rows, grow: Grow, *, known: Known, seed: int, tick: Tick) -> Trained:
    """A model of rows; calibrated on those of them that are to be judged, by models that had not seen their sources."""
    steps = len(VIEWS) + FOLDS + 1
    folds = folds_of(rows.sources)
    weights: dict[str, NDArray[np.float32]] = {}
    reader, likeness, wordings = fit_reader(known.lessons), likeness_of(rows.keys, rows.points), fit_wordings(known.spoken)
    said = [
        known.keep("likeness", lambda: _like_out_of_fold(rows, folds)),
        known.keep("readings", lambda: _read_out_of_fold(rows, known.lessons, folds)),
        known.keep("wordings", lambda: _worded_out_of_fold(rows, known.spoken, folds)),
    ]
    for number, view in enumerate(VIEWS):
        grams = rows.grams[view]
        said.append(known.keep(f"{view} says", partial(_out_of_fold, grams, rows.points, folds)))
        # As they are kept: calibration must see what will be asked.
        weights[view] = as_kept(known.keep(f"{view} weights", partial(fit_weights, grams, rows.points, classes=CLASSES)))
        tick(number + 1, steps)
    seen = stacked(rows.features, said)
    held_out = np.zeros((len(rows.points), CLASSES))
    for fold in range(FOLDS):
        here = folds == fold
        if (here & known.judged).any():
            held_out[here] = known.keep(f"fold {fold}", partial(_sums_by_others, seen, rows.points, here, grow=grow, seed=seed))
        tick(len(VIEWS) + fold + 1, steps)
    slope, shifts = calibrated(held_out[known.judged], rows.points[known.judged])
    ensembles = _grown(seen, rows.points, grow, seed=seed)
    tick(steps, steps)
    return Trained(weights, likeness, reader, wordings, ensembles, slope, shifts, held_out)


def _sums_by_others(seen: Matrix, points: NDArray[np.int64], here: NDArray[np.bool_], *, grow: Grow, seed: int) -> Floats:
    return sums_of(_grown(seen[~here], points[~here], grow, seed=seed), seen[here])


def _grown(seen: Matrix, points: NDArray[np.int64], grow: Grow, *, seed: int) -> dict[str, Ensemble]:
    return {point.value: grow(seen, (points == number).astype(np.float64), seed) for number, point in enumerate(POINTS)}


def all_said(trained: Trained, rows: Rows) -> list[Floats]:
    """What known texts, a second reading, known wordings and the weights of each view say of cases."""
    views = (_said(trained.weights[view], rows.grams[view]) for view in VIEWS)
    return [trained.likeness.told(rows.keys), trained.reader.told(rows.logged), trained.wordings.told(rows.heard), *views]


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


def _read_out_of_fold(rows: Rows, lessons: Sequence[Lesson], folds: NDArray[np.int64]) -> Floats:
    """Second readings by what was learnt without the sources of the rows that are read."""
    told = np.full((len(rows.logged), len(READ)), np.nan)
    for fold in sorted(set(folds.tolist())) if lessons else ():
        here = np.flatnonzero(folds == fold).tolist()
        hidden = {rows.sources[place] for place in here}
        reader = fit_reader([each for each in lessons if each.source not in hidden])
        told[here] = reader.told([rows.logged[place] for place in here])
    return told


def _worded_out_of_fold(rows: Rows, spoken: Sequence[Spoken], folds: NDArray[np.int64]) -> Floats:
    """Which wording it was, by what was learnt without the sources of the rows that are asked."""
    told = np.full((len(rows.heard), len(WORDED)), np.nan)
    for fold in sorted(set(folds.tolist())) if spoken else ():
        here = np.flatnonzero(folds == fold).tolist()
        hidden = {rows.sources[place] for place in here}
        wordings = fit_wordings([each for each in spoken if each.source not in hidden])
        told[here] = wordings.told([rows.heard[place] for place in here])
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
