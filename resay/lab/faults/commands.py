"""SLURP's recordings with failure points (EVALUATION 5): what another recogniser and another NLU made of commands read aloud.

Each is a turn by itself; there are no scores, no responses, no times and no customers. Parted by text, never by recording.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from failure_point.example import Example
from failure_point.measures import plain
from failure_point.point import FailurePoint
from failure_point.reading import Lesson
from resay.dialogue.session import Session
from resay.dialogue.turn import Entity, Interpretation, Turn
from resay.lab.linked.part import Part, part_of
from resay.label.corpora.slurp import LINE_CHARS_MAX, RECORDED, WrongSlurp, heard, read_slurp

_POINTS = {
    "correct": FailurePoint.CORRECT,
    "asr": FailurePoint.ASR,
    "asr+nlu": FailurePoint.ASR,
    "nlu_intent": FailurePoint.NLU,
    "nlu_slot": FailurePoint.NLU,
}
HEARD_WEIGHT = 0.25
"""Of a text as it was heard: there are four readings of each."""

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


def command_lessons(folder: Path, parts: Collection[Part]) -> Iterator[Lesson]:
    """What people wrote down of texts: of those of some parts, also as they were heard; and of all that were never recorded.

    Raises: WrongSlurp.
    """
    for text in read_slurp(folder):
        source = f"slurp/{text.text_id}"
        if text.is_recorded and part_of(source) not in parts:
            continue
        filled = [(word, piece.slot) for piece in text.pieces for word in plain(piece.text).split()]
        words, slots = [word for word, _ in filled], tuple(slot for _, slot in filled)
        if words:
            yield Lesson(" ".join(words), text.intent, slots, source)
        # What was heard is nearer to what will be asked, and further from what was meant.
        yield from (Lesson(plain(each.text), text.intent, (), source, HEARD_WEIGHT) for each in text.readings)


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
