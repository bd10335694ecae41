"""A model's folder: the file, and a card that says what it is, with the hash of the file."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from failure_point.model import Content, FailurePointModel, Thresholds
from failure_point.point import POINTS
from resay.dialogue.errors import ResayError
from resay.training.onnx_model import WrongModel

MODEL_FILE = "model.npz"
CARD_FILE = "card.json"

MODEL_BYTES_MAX = 64 * 2**20
"""Longest file that is read: ten times the one that ships."""


class WrongModelFolder(ResayError):
    """A folder does not hold a model of failure points, or not as it was written."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a model is and what is known of it."""

    thresholds: Thresholds
    trained: Mapping[str, Any] = field(default_factory=dict)
    """On what, by which settings, how long."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """On the choosing split."""
    sha256: str = ""
    """Of the model's file."""


def write_model(folder: Path, content: Content, card: Card) -> Card:
    """Write a model and its card; the card with the hash is returned."""
    folder.mkdir(parents=True, exist_ok=True)
    written = bytes(content)
    (folder / MODEL_FILE).write_bytes(written)
    thresholds = card.thresholds
    record = {
        "slope": thresholds.slope,
        "shifts": dict(thresholds.shifts),
        "worth": dict(thresholds.worth),
        "known_min": thresholds.known_min,
        "trained": dict(card.trained),
        "figures": dict(card.figures),
        "sha256": {MODEL_FILE: hashlib.sha256(written).hexdigest()},
    }
    (folder / CARD_FILE).write_text(json.dumps(record, indent=1) + "\n")
    return read_card(folder)


def read_card(folder: Path) -> Card:
    """The card of a folder.

    Raises: WrongModelFolder.
    """
    try:
        record = json.loads((folder / CARD_FILE).read_text())
        thresholds = Thresholds(
            slope=float(record["slope"]),
            shifts={point: float(record["shifts"][point.value]) for point in POINTS},
            worth={point: float(record["worth"][point.value]) for point in POINTS},
            known_min=float(record["known_min"]),
        )
        numbers = (thresholds.slope, thresholds.known_min, *thresholds.shifts.values(), *thresholds.worth.values())
        if not all(map(math.isfinite, numbers)):
            message = "its thresholds are no numbers"
            raise ValueError(message)
        return Card(thresholds, record["trained"], record["figures"], str(record["sha256"][MODEL_FILE]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _wrong(folder, f"field {error} is missing" if isinstance(error, KeyError) else str(error)) from error


def read_model(folder: Path) -> FailurePointModel:
    """The model of a folder whose files are as they were written.

    Raises: WrongModelFolder.
    """
    card = read_card(folder)
    path = folder / MODEL_FILE
    try:
        if path.stat().st_size > MODEL_BYTES_MAX:
            raise _wrong(folder, f"{MODEL_FILE} has {path.stat().st_size:,} bytes")
        content = path.read_bytes()
    except OSError as error:
        raise _wrong(folder, str(error)) from error
    if hashlib.sha256(content).hexdigest() != card.sha256:
        raise _wrong(folder, f"the hash of {MODEL_FILE} is not that of the card")
    try:
        return FailurePointModel(Content.of(content), card.thresholds, version=card.sha256[:8])
    except WrongModel as error:
        raise _wrong(folder, str(error)) from error


def _wrong(folder: Path, reason: str) -> WrongModelFolder:
    return WrongModelFolder(
        f"folder {folder} must hold a model of failure points; {reason}; did `resay train failure-point` of this version write it?"
    )
