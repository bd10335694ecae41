"""The detectors that the command line names: rules, baselines, and those whose models lie in a folder; and which links where none is named.

Every command that links second tries takes its detector from here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
from rephrase.model_folder import CARD_FILE
from rephrase.overlap import OverlapDetector, link_of
from resay.dialogue.errors import ResayError
from resay.dialogue.label import RephraseLink
from resay.dialogue.session import Session
from resay.dialogue.turn import said
from resay.store.lake import Lake
from resay.store.turns import read_turns

MODELS = Path(__file__).parents[2] / "models"
"""The models that ship, beside the packages."""

FAILURE_POINT = MODELS / "failure-point"
"""The one that says where turns failed."""


class DetectorName(StrEnum):
    """Detectors that can be asked for."""

    COMBINED = "combined"
    SPAN = "span"
    PAIRWISE = "pairwise"
    OVERLAP = "overlap"
    BM25 = "bm25"


TRAINED = (DetectorName.SPAN, DetectorName.PAIRWISE)
"""Detectors whose models lie in a folder."""

DEFAULT = DetectorName.COMBINED
"""What links a lake where none is named, in every command: rules. They link eighty times as many turns a second, and in the closed loop the
span model's links have not taught more yet (docs/decisions/0010-the-span-model.md)."""


def best_there() -> DetectorName:
    """What judges a file where none is named: the span model, which finds more; rules where it is not on the machine."""
    return DetectorName.SPAN if (MODELS / f"rephrase-{DetectorName.SPAN}" / CARD_FILE).is_file() else DEFAULT


class DetectorUnavailable(ResayError):
    """What a detector needs is not on this machine."""


@dataclass(frozen=True, slots=True)
class DetectorAsked:
    """Which detector is to link."""

    name: DetectorName = DEFAULT
    model: Path | None = None
    """Folder of a trained one; the one that ships, where none is named."""
    device: str = ""
    """`cpu` or `cuda`: torch, from the weights that training left; empty: what was exported, on the processor, without torch."""
    trunk: Path | None = None
    """The BERT of such weights; the embedded one where none is named."""


DetectorOption = Annotated[
    DetectorName,
    typer.Option("--detector", help="combined: rules; span: the trained model; pairwise, overlap and bm25 are baselines."),
]
ModelOption = Annotated[
    Path | None,
    typer.Option("--model", metavar="DIR", help="Model of span or pairwise [default: models/rephrase-DETECTOR, where it is]."),
]
DeviceOption = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="cpu|cuda",
        help="Ask a trained model in torch, in large batches; needs the extra `train` and the weights that training left.",
    ),
]
TrunkOption = Annotated[
    Path | None,
    typer.Option("--trunk", metavar="DIR", help="With --device: the BERT that it was trained over [default: the embedded one]."),
]


def asked_detector(name: DetectorName, model: Path | None, *, device: str = "", trunk: Path | None = None) -> DetectorAsked:
    """What a command line asks for.

    Raises: BadParameter, where a detector without a model is given one, or what only torch takes stands without a device.
    """
    for option, value in (("--model", model), ("--device", device)):
        if value and name not in TRAINED:
            message = f"{option} must go with --detector {' or '.join(TRAINED)}; {name} has no model; was one of them meant?"
            raise typer.BadParameter(message)
    if trunk is not None and not device:
        message = "--trunk must go with --device; what was exported holds its trunk already; is --device cpu meant?"
        raise typer.BadParameter(message)
    return DetectorAsked(name, model, device, trunk)


def detector_of(asked: DetectorAsked | None = None, lake: Lake | None = None, *, probability_min: float = PROBABILITY_MIN) -> Detector:
    """The detector that was asked for, or the usual one; links less likely than the least are left out, where it knows chances at all.

    Raises: BadParameter, DetectorUnavailable, WrongModelFolder, WrongModel, WrongVocabulary, TrunkUnavailable, DeviceUnavailable.
    """
    asked = asked or DetectorAsked()
    match asked.name:
        case DetectorName.OVERLAP:
            return OverlapDetector()
        case DetectorName.BM25:
            return _bm25(lake)
        case DetectorName.COMBINED:
            return CombinedDetector(probability_min=probability_min)
        case DetectorName.SPAN | DetectorName.PAIRWISE:
            folder = asked.model or MODELS / f"rephrase-{asked.name}"
            trained = _in_torch(folder, asked, probability_min) if asked.device else _exported(folder, probability_min)
            if trained.name != asked.name:
                message = (
                    f"--model must hold a {asked.name} model; {folder} holds a {trained.name} one; is --detector {trained.name} meant?"
                )
                raise typer.BadParameter(message)
            return trained


def name_of(detector: Detector) -> str:
    """Name and version, as tables and reports hold them."""
    return f"{detector.name}/{detector.version}"


def _exported(folder: Path, probability_min: float) -> Detector:
    return read_detector(folder, threads=os.cpu_count() or 1, probability_min=probability_min)


def _in_torch(folder: Path, asked: DetectorAsked, probability_min: float) -> Detector:
    try:
        # Here, as only this needs torch, which takes seconds to import and is not there at most.
        from rephrase.torch_detector import read_torch_detector
        from resay.training.device import device_of
    except ImportError as error:
        message = f"--device needs torch; {error}; try pip install 'resay[train]', or leave --device out?"
        raise DetectorUnavailable(message) from error
    return read_torch_detector(folder, device=device_of(asked.device), trunk=asked.trunk, probability_min=probability_min)


def _bm25(lake: Lake | None) -> Detector:
    if lake is None:
        message = "--detector bm25 weighs words by a whole lake, which is not there while turns come in; is combined meant?"
        raise typer.BadParameter(message)
    return Bm25Detector(background_of(said(turn) for turn in read_turns(lake)))


def considered(detector: Detector, sessions: Iterable[Session]) -> Iterator[RephraseLink]:
    """Every pair that a detector considers, with probability 0 where it sees no link."""
    for session, links in linked(detector, sessions):
        found = {(link.source_turn_id, link.target_turn_id): link for link in links}
        for pair in candidates_of(session, Bounds()):
            source, target = session.turns[pair.source], session.turns[pair.target]
            link = found.get((source.turn_id, target.turn_id))
            yield link or link_of(source, target, probability=0.0, span=None, detector=name_of(detector))
