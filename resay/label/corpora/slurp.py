"""SLURP: commands to a home assistant, read aloud by many speakers. Reads a person's own copy of what its converter writes.

Texts and annotations are CC BY 4.0 (Bastianelli and others 2020). Recordings of one text belong together: whoever splits, splits by text.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resay.dialogue.errors import ResayError

TEXTS = "devel_text.jsonl.gz"
"""Texts with what people wrote of them alone."""

RECORDED = "test_part.jsonl.gz"
"""Texts with what a recogniser and an NLU made of readings of them."""

LINE_CHARS_MAX = 500_000
"""The longest line takes 30,000 characters; one of half a million is none of this corpus."""

_SLOT = re.compile(r"\[\s*(\w+)\s*:\s*([^\]]+?)\s*\]")
_NOT_HEARD = re.compile(r"<[^>]*>|@@\w+@@")
"""Marks of the recogniser's output for what it could not write (`< unk >`, `@@UNKNOWN@@`)."""

_APART = re.compile(r" (?='(?:s|m|d|re|ve|ll)\b)| (?=n't\b)")
"""Where the recogniser's output parts a word before its ending (`what 's`, `do n't`)."""


class WrongSlurp(ResayError):
    """A folder does not hold SLURP as its converter writes it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a request."""

    text: str
    slot: str = ""
    """Which slot it fills; empty between slots."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one reading of a text."""

    text: str
    """As the recogniser heard it."""
    is_right: bool
    """Whether the NLU made of it what people had written down."""


@dataclass(frozen=True, slots=True)
class SlurpText:
    """One request."""

    text_id: str
    intent: str
    """Scenario and action."""
    pieces: tuple[Piece, ...]
    readings: tuple[Reading, ...]
    """None where the text was not recorded, or nothing was heard."""
    is_recorded: bool = False

    @property
    def text(self) -> str:
        """The request as written."""
        return " ".join(piece.text for piece in self.pieces)


def read_slurp(folder: Path) -> list[SlurpText]:
    """All texts of a folder, in the order of its files.

    Raises: WrongSlurp.
    """
    there = [folder / name for name in (RECORDED, TEXTS) if (folder / name).exists()]
    if not there:
        message = f"folder {folder} must hold {RECORDED} or {TEXTS}; it holds neither; is it the folder of the converted SLURP?"
        raise WrongSlurp(message)
    return [text for path in there for text in _texts(path)]


def _texts(path: Path) -> Iterator[SlurpText]:
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):  # noqa: B007 - said where it stops
                text = _text(json.loads(line[:LINE_CHARS_MAX]))
                if text.pieces:
                    yield text
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"line {number} of {path} must be a text of the converted SLURP; {type(error).__name__}: {error}; is the file whole?"
        raise WrongSlurp(message) from error


def _text(record: Mapping[str, Any]) -> SlurpText:
    readings = (Reading(heard(each["asr"]), bool(each["intent_ok"] and each["entities_ok"])) for each in record.get("recordings", ()))
    return SlurpText(
        text_id=str(record["id"]),
        intent=str(record["intent"]),
        pieces=tuple(_pieces(record["annotation"])),
        readings=tuple(each for each in readings if each.text),
        is_recorded="recordings" in record,
    )


def heard(text: str) -> str:
    """What was recognised, without the recogniser's marks of what it did not hear."""
    return _APART.sub("", " ".join(_NOT_HEARD.sub(" ", text).split()))


def _pieces(annotation: str) -> Iterator[Piece]:
    """The text cut at its slots: `wake me at [time : ten]`."""
    reached = 0
    for slot in _SLOT.finditer(annotation):
        yield from _plain(annotation[reached : slot.start()])
        yield Piece(" ".join(slot[2].split()), slot[1])
        reached = slot.end()
    yield from _plain(annotation[reached:])


def _plain(text: str) -> Iterator[Piece]:
    spoken = " ".join(text.split())
    if spoken:
        yield Piece(spoken)
