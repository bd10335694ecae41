"""The tagger: what each word of an utterance belongs to, and what kind of teaching it is, by a net over an encoder's states.

Runs the exported net; needs no torch. How it is trained is in `train`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resay.teach.span_path import SCORES, Part, Places, best_places
from resay.training.onnx_model import OnnxModel

KINDS = ("none", "request", "name", "correction")
"""What an utterance is, in the order of the net's answers."""

CORRECTION = "correction"

_ALONE, _BOTH = ((Part.MEANING,),), ((Part.WORDS, Part.MEANING), (Part.MEANING, Part.WORDS))

INPUT, OUTPUT = "states", "said"

Numbers = NDArray[np.float32]


class Tagged(NamedTuple):
    """What is said of an utterance."""

    scores: Numbers
    """Of each token, (token, score), as `span_path` reads them."""
    kinds: Numbers
    """Chances, (kind)."""


class Read(NamedTuple):
    """How an utterance is best read, were it a teaching."""

    kind: str
    places: Places
    chance: float
    """Of kind and places."""


def read(tagged: Tagged, begun: Sequence[int]) -> Read | None:
    """The likeliest teaching; `begun` are the tokens that begin a word. Nothing where there are too few words."""
    kind = 1 + int(np.argmax(tagged.kinds[1:]))
    places = best_places(tagged.scores[list(begun)], _ALONE if KINDS[kind] == CORRECTION else _BOTH)
    return Read(KINDS[kind], places, float(tagged.kinds[kind] * np.exp(places.log_chance))) if places else None


class Tagger:
    """The net; immutable, and safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """From its file.

        Raises: WrongModel.
        """
        self._model = OnnxModel(path, inputs=(INPUT,), output=OUTPUT)

    def __call__(self, states: Numbers, /) -> Tagged:
        """What is said of one utterance; `states` is (token, size), with those of the first and the last token.

        Raises: WrongModel.
        """
        said = self._model.run({INPUT: states[None]})[0]  # (token, scores and kinds)
        kinds = said[0, SCORES:]  # The same for each token.
        chances = np.exp(kinds - kinds.max())
        return Tagged(said[1:-1, :SCORES], chances / chances.sum())
