"""The tagger's folder: the net, and a card that says what it is, with its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from resay.dialogue.errors import ResayError
from resay.teach.bars import Bars
from resay.teach.tagger import Tagger
from resay.training.onnx_model import WrongModel

MODEL_FILE = "model.onnx"
CARD_FILE = "card.json"


class WrongTeachingModel(ResayError):
    """A folder does not hold a model of teachings, or not as it was written."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a model is."""

    bars: Bars
    """Of its chances."""
    trained: Mapping[str, Any] = field(default_factory=dict)
    """On what, how long."""
    sha256: str = ""
    """Of the net's file."""


def write_card(folder: Path, card: Card) -> Card:
    """Write the card of the net that lies in a folder; it is returned with the hash."""
    written = replace(card, sha256=net_hash(folder))
    record = {"trained": dict(card.trained), "bars": asdict(card.bars), "sha256": {MODEL_FILE: written.sha256}}
    (folder / CARD_FILE).write_text(json.dumps(record, indent=1) + "\n")
    return written


def net_hash(folder: Path) -> str:
    """The hash of the net that lies in a folder, whatever its card tells."""
    return hashlib.sha256((folder / MODEL_FILE).read_bytes()).hexdigest()


def read_model(folder: Path) -> tuple[Tagger, Bars]:
    """The tagger of a folder, and the bars of its chances.

    Raises: WrongTeachingModel.
    """
    try:
        card = json.loads((folder / CARD_FILE).read_text())
        told = card["sha256"][MODEL_FILE]
        found = net_hash(folder)
        if found != told:
            message = f"its card tells hash {told}, the file has {found}"
            raise ValueError(message)
        return Tagger(folder / MODEL_FILE), Bars(float(card["bars"]["sure"]), float(card["bars"]["guess"]))
    except (OSError, ValueError, KeyError, TypeError, WrongModel) as error:
        message = f"folder {folder} must hold a model of teachings; {error}; was it written by `resay train teachings`?"
        raise WrongTeachingModel(message) from error
