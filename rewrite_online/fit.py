"""Growing the ranker: boosted trees from examples, calibrated on customers whom they have not seen. The one door to scikit-learn.

Training only; what serves is in `rank`, and needs neither scikit-learn nor onnx. Loading scikit-learn takes two seconds of a core, so that
it is loaded where trees are grown, and not where a command that may grow them starts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from resay.training.tree_export import Ensemble, Tree, write_trees
from rewrite_online.features import FEATURES, Example, Matrix, matrix

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

Floats = NDArray[np.float64]

FOLDS = 5
"""Parts of the customers, each judged by trees grown on the others."""

EACH_OUTCOME_MIN = 20
"""Rows that were right, and rows that were not, below which chances would be guesses: the smallest leaf times the folds that are left."""

SURE = 12.0
"""Log odds are cut here, so that what was never seen to fail is not said never to fail."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How trees are grown."""

    trees: int = 120
    leaves: int = 15
    leaf_rows_min: int = 20
    learning_rate: float = 0.07
    smoothing: float = 1.0
    """L2 on the leaves."""
    features_share: float = 1.0
    """Of the features, drawn anew at every split."""
    seed: int = 7


USUAL = Growth()
"""A first choice, in the middle of what boosted trees of some ten thousand rows are usually given."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What fitting came to."""

    content: bytes | None
    """The ranker as a file's content, or nothing where there was too little to learn from."""
    examples: int
    reason: str = ""
    """Why there is no ranker: `too_few_examples`."""
    said_loss: float | None = None
    rewritten_loss: float | None = None
    """Log loss out of fold, after calibration, of doing nothing and of the candidates."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of features with outcomes, weights and the fold of each one's customer."""

    features: Matrix
    right: Floats
    weights: Floats
    folds: NDArray[np.int64]

    @property
    def is_enough(self) -> bool:
        """Whether both outcomes were seen often enough, and in more than one fold."""
        seen = [int((self.weights[self.right == outcome] > 0).sum()) for outcome in (0.0, 1.0)]
        return min(seen) >= EACH_OUTCOME_MIN and len(set(self.folds.tolist())) > 1


def fit(examples: Sequence[Example], growth: Growth = USUAL, *, about: dict[str, object] | None = None) -> Fitted:
    """A ranker from examples; the same examples in the same order give the same bytes.

    `about` is written into the file beside the names of the features: generation, versions, what it was learnt from.
    """
    matrices = [matrix(each.request, each.said, each.candidates) for each in examples]
    said = _rows(examples, matrices, _said)
    rewritten = _rows(examples, matrices, _rewritten)
    if not (said.is_enough and rewritten.is_enough):
        return Fitted(None, len(examples), reason="too_few_examples")
    grown = {"said": grow_calibrated(said, growth), "rewritten": grow_calibrated(rewritten, growth)}
    content = written(grown, FEATURES, about={"growth": asdict(growth), "examples": len(examples)} | (about or {}))
    return Fitted(content, len(examples), said_loss=grown["said"].loss, rewritten_loss=grown["rewritten"].loss)


def written(grown: Mapping[str, Grown], features: Sequence[str], *, about: Mapping[str, object]) -> bytes:
    """Grown trees by name as the content of one file, which names the features that they see."""
    calibration = {name: list(each.calibration) for name, each in grown.items()}
    told = {"features": list(features), "calibration": calibration, **about}
    return write_trees({name: each.ensemble for name, each in grown.items()}, about=told)


def fold_of(customer_id: str, folds: int = FOLDS) -> int:
    """The fold of a customer, by hash: one customer is never in two."""
    return int.from_bytes(hashlib.sha256(customer_id.encode()).digest()[:8]) % folds


def ensemble_of(model: HistGradientBoostingClassifier) -> Ensemble:
    """A grown model's trees as plain arrays."""
    # scikit-learn offers no public way to its trees; tests compare every sum with its own.
    trees = [_tree(each[0].nodes) for each in model._predictors]
    return Ensemble(trees, base=float(model._baseline_prediction.ravel()[0]), features=int(model.n_features_in_))


def grow(features: Matrix, right: Floats, weights: Floats, *, growth: Growth) -> HistGradientBoostingClassifier:
    """Trees for these rows, of which both outcomes must have been seen."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=growth.trees,
        max_leaf_nodes=growth.leaves,
        min_samples_leaf=growth.leaf_rows_min,
        learning_rate=growth.learning_rate,
        l2_regularization=growth.smoothing,
        max_features=growth.features_share,
        early_stopping=False,
        random_state=growth.seed,
    )
    # scikit-learn cannot bin a column of which nothing is known; a constant is never split on either.
    known = np.where(np.isnan(features).all(axis=0), np.float32(0), features)
    # One thread: on a machine that others use, threads that wait for each other at every split take ten times as long.
    with threadpool_limits(1, user_api="openmp"):
        # Where all count alike no weights are told: with them every column is sorted to find its bins, which takes longest of all.
        alike = bool((weights == weights[0]).all())
        return model.fit(known, right, sample_weight=None if alike else weights)


@dataclass(frozen=True, slots=True)
class Grown:
    """Trees with what brings their sums to chances."""

    ensemble: Ensemble
    calibration: tuple[float, float]
    """The chance is the logistic of a · sum + b."""
    loss: float
    """Log loss out of fold."""
    held_out: Floats
    """The chance of every row by trees that had not seen its customer."""


def grow_calibrated(rows: Rows, growth: Growth) -> Grown:
    """Trees on all rows; their calibration from trees that had not seen the customer. Where only one outcome was seen, a constant."""
    from sklearn.linear_model import LogisticRegression

    if len(set(rows.right.tolist())) < 2:
        return _constant(rows)
    out = np.zeros(len(rows.right))
    for fold in sorted(set(rows.folds.tolist())):
        here = rows.folds == fold
        out[here] = _sums(_grow(rows, ~here, growth), rows.features[here])
    platt = LogisticRegression(C=1e3).fit(out[:, None], rows.right, sample_weight=rows.weights)
    a, b = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    # A slope below 0 would turn the order round: then the trees know nothing, and all rows get the same chance.
    if a <= 0:
        share = float(np.average(rows.right, weights=rows.weights))
        a, b = 0.0, float(np.log(share / (1 - share)))
    chances = 1 / (1 + np.exp(-np.clip(a * out + b, -SURE, SURE)))
    losses = -(rows.right * np.log(chances) + (1 - rows.right) * np.log1p(-chances))
    everywhere = np.ones(len(rows.right), dtype=bool)
    loss = float(np.average(losses, weights=rows.weights))
    return Grown(ensemble_of(_grow(rows, everywhere, growth)), (a, b), loss, held_out=chances)


def _constant(rows: Rows) -> Grown:
    sure = SURE if rows.right.size and rows.right[0] else -SURE
    one = np.zeros(1, dtype=np.int64)
    leaf = Tree(one, one.astype(float), one.astype(bool), left=one, right=one, is_leaf=one == 0, value=one.astype(float))
    ensemble = Ensemble([leaf], base=sure, features=rows.features.shape[1])
    return Grown(ensemble, (1.0, 0.0), loss=0.0, held_out=np.full(len(rows.right), 1 / (1 + np.exp(-sure))))


def _grow(rows: Rows, here: NDArray[np.bool_], growth: Growth) -> HistGradientBoostingClassifier | float:
    """Trees for a part of the rows, or the log odds alone where only one outcome was seen there."""
    right = rows.right[here]
    if len(set(right.tolist())) < 2:
        return SURE if right.size and right[0] else -SURE
    return grow(rows.features[here], right, rows.weights[here], growth=growth)


def _sums(model: HistGradientBoostingClassifier | float, features: Matrix) -> Floats:
    if isinstance(model, float):
        return np.full(len(features), model)
    with threadpool_limits(1, user_api="openmp"):
        return np.clip(np.asarray(model.decision_function(features), dtype=np.float64), -SURE, SURE)


_Outcomes = Callable[[Example], Iterator[tuple[int, float]]]


def _said(example: Example) -> Iterator[tuple[int, float]]:
    """The row of doing nothing and the chance that it was right, where that is known."""
    if example.said_right is not None:
        yield 0, example.said_right


def _rewritten(example: Example) -> Iterator[tuple[int, float]]:
    """The rows of the candidates of which it is known whether they would have been right."""
    for place, right in enumerate(example.right, start=1):
        if right is not None:
            yield place, right


def _rows(examples: Sequence[Example], matrices: Sequence[Matrix], outcomes: _Outcomes) -> Rows:
    """All rows; one that is right with a chance stands twice, right and wrong, and counts by it."""
    features, right, weights, folds = [], [], [], []
    for example, shown in zip(examples, matrices, strict=True):
        for place, chance in outcomes(example):
            for outcome, weight in ((1.0, chance), (0.0, 1 - chance)):
                if weight * example.weight > 0:
                    features.append(shown[place])
                    right.append(outcome)
                    weights.append(weight * example.weight)
                    folds.append(fold_of(example.customer_id) if example.voice is None else FOLDS + example.voice)
    table = np.array(features, dtype=np.float32).reshape(-1, len(FEATURES))
    return Rows(table, np.array(right), np.array(weights), np.array(folds, dtype=np.int64))


def _tree(nodes: Any) -> Tree:
    return Tree(
        feature=nodes["feature_idx"].astype(np.int64),
        threshold=nodes["num_threshold"].astype(np.float64),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        is_leaf=nodes["is_leaf"].astype(bool),
        value=nodes["value"].astype(np.float64),
    )
