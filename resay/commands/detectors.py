"""The detectors that the command line names: rules, baselines, and those whose models lie in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rephrase.bm25 import Bm25Detector, background_of
from rephrase.candidates import Bounds, candidates_of
from rephrase.combined import PROBABILITY_MIN, CombinedDetector
from rephrase.detect import linked
from rephrase.detector import Detector
from rephrase.model_detector import read_detector
from rephrase.overlap import OverlapDetector, link_of
from resay.dialogue.label import RephraseLink
from resay.dialogue.session import Session
from resay.dialogue.turn import said
from resay.store.lake import Lake
from resay.store.turns import read_turns

MODELS = Path(__file__).parents[2] / "models"
"""The models that ship, beside the packages."""


class DetectorName(StrEnum):
    """Detectors that can be asked for."""

    COMBINED = "combined"
    SPAN = "span"
    PAIRWISE = "pairwise"
    OVERLAP = "overlap"
    BM25 = "bm25"


TRAINED = (DetectorName.SPAN, DetectorName.PAIRWISE)
"""Detectors whose models lie in a folder."""


DetectorOption = Annotated[
    DetectorName,
    typer.Option("--detector", help="combined: rules; span: the trained model; pairwise, overlap and bm25 are baselines."),
]
ModelOption = Annotated[
    Path | None,
    typer.Option("--model", metavar="DIR", help="Model of span or pairwise [default: models/rephrase-DETECTOR, where it is]."),
]


def check_model(name: DetectorName, model: Path | None) -> None:
    """Only trained detectors take a model.

    Raises: BadParameter.
    """
    if model is not None and name not in TRAINED:
        message = f"--model must go with --detector {' or '.join(TRAINED)}; {name} has no model; was one of them meant?"
        raise typer.BadParameter(message)


def detector_of(name: DetectorName, lake: Lake, *, model: Path | None = None, probability_min: float = PROBABILITY_MIN) -> Detector:
    """The detector of that name; links less likely than the least are left out, where it knows chances at all.

    Raises: WrongModelFolder, WrongModel, WrongVocabulary.
    """
    match name:
        case DetectorName.OVERLAP:
            return OverlapDetector()
        case DetectorName.BM25:
            return Bm25Detector(background_of(said(turn) for turn in read_turns(lake)))
        case DetectorName.COMBINED:
            return CombinedDetector(probability_min=probability_min)
        case DetectorName.SPAN | DetectorName.PAIRWISE:
            return read_detector(model or MODELS / f"rephrase-{name}", threads=os.cpu_count() or 1, probability_min=probability_min)


def considered(detector: Detector, sessions: Iterable[Session]) -> Iterator[RephraseLink]:
    """Every pair that a detector considers, with probability 0 where it sees no link."""
    for session, links in linked(detector, sessions):
        found = {(link.source_turn_id, link.target_turn_id): link for link in links}
        for pair in candidates_of(session, Bounds()):
            source, target = session.turns[pair.source], session.turns[pair.target]
            link = found.get((source.turn_id, target.turn_id))
            yield link or link_of(source, target, probability=0.0, span=None, detector=f"{detector.name}/{detector.version}")
