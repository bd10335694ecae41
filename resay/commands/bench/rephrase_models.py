"""The detectors that `resay bench rephrase` scores: those that need no training, and those whose models are there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rephrase.bm25 import Bm25Detector, background_of
from rephrase.combined import CombinedDetector
from rephrase.cosine import CosineDetector, Encode, Vectors
from rephrase.detector import Detector
from rephrase.model_detector import read_detector
from rephrase.model_folder import CARD_FILE
from rephrase.overlap import OverlapDetector
from rephrase.question import Kind
from resay.training.encoder import ENCODER_FILE, TextEncoder

NAMES = ("overlap", "bm25", "cosine", "combined", "pairwise", "span")
"""All of them, in the order of the tables."""

PROBABILITY_MIN = 0.01
"""Links less likely than this are left out: lower than in the product, so that the area under the curve has its tail."""


ENCODER = "minilm"
"""Folder of the encoder whose cosine is a baseline, untrained for this."""


@dataclass(frozen=True, slots=True)
class Models:
    """Detectors by name, and what is missing of the others."""

    there: dict[str, Detector] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    """Why, by name."""


class _Remembering:
    """An encoder that encodes each text once: the same few thousand are said again and again in a bench."""

    def __init__(self, encode: Encode) -> None:
        self._encode = encode
        self._vectors: dict[str, Vectors] = {}

    def __call__(self, texts: Sequence[str], /) -> Vectors:
        """One row a text."""
        for text in texts:
            if text not in self._vectors:
                self._vectors[text] = self._encode([text])[0]
        return np.stack([self._vectors[text] for text in texts])


def models_in(folder: Path, utterances: Iterable[str], *, threads: int) -> Models:
    """All detectors of EVALUATION 3; BM25 weighs words by how rare they are in some utterances.

    Raises: WrongModelFolder, WrongModel, WrongVocabulary, where a folder holds a broken one.
    """
    models = Models()
    models.there["overlap"] = OverlapDetector()
    models.there["bm25"] = Bm25Detector(background_of(utterances))
    if (folder / ENCODER / ENCODER_FILE).exists():
        models.there["cosine"] = CosineDetector(_Remembering(TextEncoder(folder / ENCODER)))
    else:
        models.missing["cosine"] = f"{folder / ENCODER} holds no encoder; `resay train encoder --out {folder / ENCODER}` writes one"
    models.there["combined"] = CombinedDetector()
    for kind in (Kind.PAIRWISE, Kind.SPAN):
        trained = folder / f"rephrase-{kind}"
        if (trained / CARD_FILE).exists():
            models.there[kind] = read_detector(trained, threads=threads, probability_min=PROBABILITY_MIN)
        else:
            models.missing[kind] = f"{trained} holds no model; `resay train rephrase --kind {kind} --out {trained}` makes one"
    return models
