"""A trained model's folder: `model.onnx`, `tokenizer.json` and the card that says what it is, with the hashes of both."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from rephrase.candidates import Bounds
from rephrase.question import Kind
from rephrase.window import WindowRules
from resay.dialogue.errors import ResayError

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
CARD_FILE = "card.json"

MODEL_BYTES_MAX = 2_000_000_000
"""Longest model that is read: a BERT-large in eight bits takes 350 MB."""


TOKENS_MIN = 16
"""Shortest window: two tries of a word, and what became of them."""

TOKENS_MAX = 8_192
"""Longest window: what the longest of BERT's kin take."""


class WrongModelFolder(ResayError):
    """A folder does not hold a model of second tries, or not as it was written."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model is, how its numbers are read, and what is known of it."""

    kind: Kind
    rules: WindowRules
    temperature: float
    """Numbers are divided by it; chosen so that chances on the choosing split are as likely as they can be."""
    threshold: float
    """The chance with the highest F1 on the choosing split."""
    trained: Mapping[str, Any] = field(default_factory=dict)
    """On what, how long, from which seed, by which libraries."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """On the choosing split."""
    sha256: Mapping[str, str] = field(default_factory=dict)
    """Of the other files."""

    @property
    def version(self) -> str:
        """Changes with the weights."""
        return self.sha256.get(MODEL_FILE, "")[:8]


def write_card(folder: Path, card: ModelCard) -> None:
    """Write the card beside the files that it is of, with their hashes."""
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (MODEL_FILE, TOKENIZER_FILE)}
    record = asdict(card) | {"sha256": hashes}
    record["rules"]["bounds"]["gap_max"] = card.rules.bounds.gap_max.total_seconds()
    (folder / CARD_FILE).write_text(json.dumps(record, indent=1) + "\n")


def read_card(folder: Path) -> ModelCard:
    """The card of a folder whose files are as they were written.

    Raises: WrongModelFolder.
    """
    try:
        record = json.loads((folder / CARD_FILE).read_text())
        card = _card(record)
        _check_numbers(card)
        for name, expected in card.sha256.items():
            _check(folder / name, expected)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"field {error} is missing" if isinstance(error, KeyError) else str(error)
        message = f"folder {folder} must hold a model of second tries; {reason}; was it written by `resay train rephrase`?"
        raise WrongModelFolder(message) from error
    return card


def _card(record: Mapping[str, Any]) -> ModelCard:
    rules = dict(record["rules"])
    bounds = Bounds(int(rules["bounds"]["lag_max"]), timedelta(seconds=float(rules["bounds"]["gap_max"])))
    return ModelCard(
        kind=Kind(record["kind"]),
        rules=WindowRules(**(rules | {"bounds": bounds})),
        temperature=float(record["temperature"]),
        threshold=float(record["threshold"]),
        trained=record["trained"],
        figures=record["figures"],
        sha256={name: str(record["sha256"][name]) for name in (MODEL_FILE, TOKENIZER_FILE)},
    )


def _check_numbers(card: ModelCard) -> None:
    rules = card.rules
    if not (math.isfinite(card.temperature) and card.temperature > 0.0 and 0.0 <= card.threshold <= 1.0):
        message = f"temperature {card.temperature} and threshold {card.threshold} are none"
        raise ValueError(message)
    sizes = (rules.tokens_max, rules.utterance_tokens_max, rules.response_tokens_max, rules.prompt_tokens_max, rules.bounds.lag_max)
    if not TOKENS_MIN <= rules.tokens_max <= TOKENS_MAX or min(*sizes, rules.hypotheses + 1) < 1:
        message = f"windows of {rules.tokens_max} tokens, and what is in them, are none"
        raise ValueError(message)


def _check(path: Path, expected: str) -> None:
    if path.stat().st_size > MODEL_BYTES_MAX:
        message = f"file {path.name} has {path.stat().st_size:,} bytes"
        raise ValueError(message)
    if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
        message = f"the hash of {path.name} is not that of the card"
        raise ValueError(message)
