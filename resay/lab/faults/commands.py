"""SLURP's recordings with failure points (EVALUATION 5): what another recogniser and another NLU made of commands read aloud.

Each is a turn by itself; there are no scores, no responses, no times and no customers. Parted by text, never by recording.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from failure_point.example import Example
from failure_point.point import FailurePoint
from resay.dialogue.session import Session
from resay.dialogue.turn import Entity, Interpretation, Turn
from resay.lab.linked.part import Part, part_of
from resay.label.corpora.slurp import LINE_CHARS_MAX, RECORDED, WrongSlurp, heard

_POINTS = {
    "correct": FailurePoint.CORRECT,
    "asr": FailurePoint.ASR,
    "asr+nlu": FailurePoint.ASR,
    "nlu_intent": FailurePoint.NLU,
    "nlu_slot": FailurePoint.NLU,
}
START = datetime(2026, 9, 7, tzinfo=UTC)


def command_examples(folder: Path, part: Part) -> Iterator[Example]:
    """The recordings of the texts of one part.

    Raises: WrongSlurp.
    """
    path = folder / RECORDED
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):  # noqa: B007 - said where it stops
                record = json.loads(line[:LINE_CHARS_MAX])
                if part_of(f"slurp/{record['id']}") is part:
                    yield from _readings(record, part)
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"line {number} of {path} must be a text of the converted SLURP; {type(error).__name__}: {error}; is the file whole?"
        raise WrongSlurp(message) from error


def _readings(record: Mapping[str, Any], part: Part) -> Iterator[Example]:
    for each in record["recordings"]:
        turn = Turn(
            turn_id=str(each["file"]),
            customer_id=str(each["file"]),
            at=START,
            utterance=heard(each["asr"]),
            interpretations=(interpretation(each["nlu"]),),
            entities=tuple(Entity(str(name), str(words)) for name, words in each["nlu"]["entities"]),
        )
        point = _POINTS[each["failure_point"]]
        text = f"slurp/{record['id']}"
        yield Example(Session(turn.customer_id, (turn,)), {turn.turn_id: point}, group=text, source=text, traffic=f"slurp/{part}")


def interpretation(reading: Mapping[str, Any]) -> Interpretation:
    """What the NLU made of it."""
    slots: dict[str, object] = {}
    for name, words in reading["entities"]:
        slots[str(name)] = f"{slots[str(name)]} {words}" if str(name) in slots else str(words)
    intent = str(reading["intent"])
    return Interpretation(intent, domain=intent.partition("_")[0], slots=slots)
