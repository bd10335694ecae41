"""The ranker: calibrated chances of success for doing nothing and for every candidate, in well under a millisecond.

Made by `fit`; knows neither how it was grown nor what the gate does with its chances.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from resay.dialogue.rewrite import RewriteRequest
from resay.dialogue.wording import Wording
from resay.training.onnx_model import WrongModel
from resay.training.tree_model import TreeModel
from rewrite_online.candidate import Candidate, Chances
from rewrite_online.features import FEATURES, Matrix, matrix

ENSEMBLES = ("said", "rewritten")


class CalibratedTrees:
    """Named ensembles that give chances; safe to share between threads."""

    def __init__(self, content: bytes, *, names: Sequence[str], features: Sequence[str]) -> None:
        """The trees of a file's content, as `fit.written` made it.

        Raises: WrongModel, where it is none, or sees other features.
        """
        self._trees = TreeModel(content)
        seen = self._trees.about.get("features")
        if self._trees.names != tuple(names) or seen != list(features):
            message = (
                f"ranker must see the {len(features)} features that this version makes; it sees {_count(seen)} others or in another "
                f"order; was it learnt by another version of resay, and `resay learn` not run since?"
            )
            raise WrongModel(message)
        self._calibration = {name: tuple(map(float, self._trees.about["calibration"][name])) for name in names}

    @property
    def about(self) -> dict[str, object]:
        """What its maker wrote beside the trees."""
        return dict(self._trees.about)

    def chances(self, asked: dict[str, Matrix]) -> list[list[float]]:
        """A chance a row, of each ensemble in their order."""
        sums = self._trees.sums(asked)
        return [_chances(each, *self._calibration[name]) for name, each in zip(asked, sums, strict=True)]


class Ranker:
    """A `Weigher` of boosted trees; safe to share between threads."""

    def __init__(self, content: bytes) -> None:
        """The ranker of a file's content, as `fit` wrote it.

        Raises: WrongModel, where it is none, or sees other features than this version makes.
        """
        self._trees = CalibratedTrees(content, names=ENSEMBLES, features=FEATURES)

    @property
    def about(self) -> dict[str, object]:
        """What its maker wrote beside the trees."""
        return self._trees.about

    def weigh(self, request: RewriteRequest, said: Wording | None, candidates: Sequence[Candidate]) -> Chances:
        """The chances of one request."""
        rows = matrix(request, said, candidates)
        as_said, rewritten = self._trees.chances({"said": rows[:1], "rewritten": rows[1:]})
        return Chances(as_said=as_said[0], rewritten=tuple(rewritten))


def _chances(sums: NDArray[np.float32], a: float, b: float) -> list[float]:
    return [float(each) for each in 1 / (1 + np.exp(-(a * sums.astype(np.float64) + b)))]


def _count(features: object) -> int:
    return len(features) if isinstance(features, list) else 0
