"""What a model of failure points must beat: the commonest point, confidences, metadata alone, and words alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from failure_point.features import NAMES
from failure_point.fit_linear import fit_weights
from failure_point.linear import Floats, log_chances
from failure_point.reading import Logged
from failure_point.train import CLASSES, Rows
from resay.commands.failure_growing import grown
from resay.dialogue.tick import Tick

ACCOUNTS = ("score", "score_gap", "score_mean", "score_rank", "confidence", "confidence_gap", "confidence_rest", "confidence_rank")
"""Confidences: all that a threshold could be put on."""

METADATA_LESS = (
    *(
        "traffic_",
        "own_",
        "before_",
        "after_",
        "answer_",
        "says_",
        "hypotheses_alike",
        "slot_words",
        "said_in",
        "letters",
        "words",
        "short_words",
    ),
)
"""Beginnings of the names of features that look at texts: the rest is metadata."""


def _majority(rows: Rows, scored: Rows, _seed: int, _tick: Tick) -> Floats:
    shares = np.bincount(rows.points, minlength=CLASSES) / len(rows.points)
    return np.tile(shares, (len(scored.points), 1))


def _trees_on(names: Sequence[str], rows: Rows, scored: Rows, seed: int, tick: Tick) -> Floats:
    return grown(_only(rows, names), seed=seed, tick=tick).chances(_only(scored, names))


def _words(rows: Rows, scored: Rows, _seed: int, _tick: Tick) -> Floats:
    grams = ("heard", "answered", "followed")
    weights = fit_weights(_together(rows, grams), rows.points, classes=CLASSES)
    return np.exp(log_chances(weights, _together(scored, grams)))


METADATA = tuple(name for name in NAMES if not name.startswith(METADATA_LESS))

BASELINES: Mapping[str, Callable[[Rows, Rows, int, Tick], Floats]] = {
    "majority": _majority,
    "confidence": partial(_trees_on, ACCOUNTS),
    "metadata": partial(_trees_on, METADATA),
    "words": _words,
}
"""By row: chances of what is scored, learnt from rows."""


def _only(rows: Rows, names: Sequence[str]) -> Rows:
    """Rows of which only some features are seen, and no text."""
    nothing = np.zeros(0, dtype=np.int32)
    no_text = {view: [nothing] * len(grams) for view, grams in rows.grams.items()}
    features = rows.features[:, [NAMES.index(name) for name in names]]
    return replace(
        rows,
        features=features,
        grams=no_text,
        keys=[("", 0)] * len(rows.keys),
        logged=[Logged("", "", ())] * len(rows.keys),
        heard=[((), ())] * len(rows.keys),
    )


def _together(rows: Rows, views: Sequence[str]) -> list[NDArray[np.int32]]:
    """The grams of several views as those of one."""
    return [np.unique(np.concatenate(each)) for each in zip(*(rows.grams[view] for view in views), strict=True)]
