"""The detectors that `resay bench rephrase` scores: those that need no training, and those whose models are there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rephrase.bm25 import Bm25Detector, background_of
from rephrase.combined import CombinedDetector
from rephrase.detector import Detector
from rephrase.overlap import OverlapDetector


@dataclass(frozen=True, slots=True)
class Models:
    """Detectors by name, and what is missing of the others."""

    there: dict[str, Detector]
    missing: dict[str, str]
    """Why, by name."""


def models_in(folder: Path, utterances: Iterable[str]) -> Models:
    """All detectors of EVALUATION 3; BM25 weighs words by how rare they are in some utterances."""
    there: dict[str, Detector] = {
        "overlap": OverlapDetector(),
        "bm25": Bm25Detector(background_of(utterances)),
        "combined": CombinedDetector(),
    }
    missing: dict[str, str] = {}
    return Models(there, missing)
