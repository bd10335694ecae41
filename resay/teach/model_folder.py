"""The tagger's folder: the weights, and a card that says what they are, with their hash."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from resay.dialogue.errors import ResayError
from resay.teach.tagger import Numbers, Tagger, decode_weights, encode_weights

MODEL_FILE = "model.npz"
CARD_FILE = "card.json"


class WrongTeachingModel(ResayError):
    """A folder does not hold a model of teachings, or not as it was written."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a model is."""

    trained: Mapping[str, Any] = field(default_factory=dict)
    """On what, how long."""
    sha256: str = ""
    """Of the weights' file."""


def write_model(folder: Path, weights: Mapping[str, Numbers], card: Card) -> Card:
    """Write weights and card; the card with the hash is returned."""
    folder.mkdir(parents=True, exist_ok=True)
    content = encode_weights(weights)
    (folder / MODEL_FILE).write_bytes(content)
    written = replace(card, sha256=hashlib.sha256(content).hexdigest())
    record = {"trained": dict(card.trained), "sha256": {MODEL_FILE: written.sha256}}
    (folder / CARD_FILE).write_text(json.dumps(record, indent=1) + "\n")
    return written


def read_model(folder: Path) -> Tagger:
    """The tagger of a folder.

    Raises: WrongTeachingModel.
    """
    try:
        told = json.loads((folder / CARD_FILE).read_text())["sha256"][MODEL_FILE]
        content = (folder / MODEL_FILE).read_bytes()
        found = hashlib.sha256(content).hexdigest()
        if found != told:
            message = f"its card tells hash {told}, the file has {found}"
            raise ValueError(message)
        return Tagger(decode_weights(content))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        message = f"folder {folder} must hold a model of teachings; {error}; was it written by `resay train teachings`?"
        raise WrongTeachingModel(message) from error
