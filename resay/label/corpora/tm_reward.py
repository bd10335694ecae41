"""Taskmaster's judged answers: people's thumbs up or down on one step of a text assistant, for cinema tickets and for coffee.

Reads a person's own copy (CC BY 4.0) into turns that end with the judged step. Nothing after the step is there, as nobody had seen it.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from resay.dialogue.errors import ResayError
from resay.dialogue.text import canonical
from resay.dialogue.turn import CustomerKind, Entity, Interpretation, Prompt, Response, Turn

START = datetime(2022, 8, 1, tzinfo=UTC)
"""The corpus has no times: all turns of a dialogue are at one instant."""

ENTITIES_MAX = 24
"""Values kept of what a service answered: a menu has some twenty dishes."""


class RewardSet(StrEnum):
    """What the assistant sells."""

    TM3 = "tm3"
    TM4 = "tm4"


FILES = {RewardSet.TM3: "tm3_movie_tickets.jsonl.gz", RewardSet.TM4: "tm4_coffee.jsonl.gz"}


class WrongRewards(ResayError):
    """A folder does not hold the judged answers as its converter writes them."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A dialogue up to a step of the assistant, and what a person thought of the step."""

    turns: tuple[Turn, ...]
    good: bool
    group: str
    """Steps of one dialogue share it; made by the converter, as the source gives each step an id of its own."""
    fold: int


def read_judged(folder: Path, which: RewardSet) -> Iterator[Judged]:
    """The judged steps of one set, in the order of the file.

    Raises: WrongRewards.
    """
    path = folder / FILES[which]
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                yield _judged(json.loads(line), name=f"{which}-{number}")
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        reason = f"field {error} is missing" if isinstance(error, KeyError) else str(error)
        message = f"file {path} must hold judged answers as JSON lines; {reason}; is it the converted set?"
        raise WrongRewards(message) from error


def _judged(record: Mapping[str, Any], *, name: str) -> Judged:
    steps = [*record["context"], record["generation"]]
    return Judged(tuple(_turns(steps, name)), bool(record["reward"]), str(record["group"]), int(record["fold"]))


def _turns(steps: Sequence[Sequence[Any]], name: str) -> Iterator[Turn]:
    """A turn for each thing the customer says, with all that the assistant does until the next."""
    opened = next((place for place, (role, _) in enumerate(steps) if role == "U"), -1)
    if opened < 0:
        # Nobody has said anything yet, and what is judged is the assistant's first step.
        yield _turn(f"{name}.0", "", steps, asked="")
        return
    prompt = " ".join(content for role, content in steps[:opened] if role == "S" and isinstance(content, str))
    said, begin = "", opened
    for place in range(opened, len(steps) + 1):
        if place < len(steps) and steps[place][0] != "U":
            continue
        if place > opened:
            yield _turn(f"{name}.{begin}", said, steps[begin + 1 : place], asked=prompt if begin == opened else "")
        if place < len(steps):
            said, begin = str(steps[place][1]), place


def _turn(turn_id: str, said: str, steps: Sequence[Sequence[Any]], *, asked: str) -> Turn:
    name = turn_id.rpartition(".")[0]
    calls = [content["api"] for role, content in steps if role == "S" and isinstance(content, dict) and content.get("api")]
    # The last words alone: those before had been said when the judged step was taken.
    text = next((content for role, content in reversed(steps) if role == "S" and isinstance(content, str)), "")
    called = [_read(each) for each in reversed(calls)]
    ends_in_call = bool(steps) and steps[-1][0] == "S" and isinstance(steps[-1][1], dict)
    return Turn(
        turn_id=turn_id,
        customer_id=name,
        at=START,
        utterance=said,
        customer_kind=CustomerKind.SESSION,
        session_id=name,
        interpretations=tuple(called),
        entities=tuple(_entities(steps)),
        prompt=Prompt(asked) if asked else None,
        response=Response(text="" if ends_in_call else text, action=_spelt(called[0]) if ends_in_call and called else ""),
    )


def _read(call: Mapping[str, Any]) -> Interpretation:
    """A call of a service as what the assistant took the customer to mean."""
    name, slots = next(iter(call.items()))
    return Interpretation(intent=str(name), slots=dict(slots) if isinstance(slots, dict) else {})


def _spelt(call: Interpretation) -> str:
    """A call in words: what the assistant does where it says nothing."""
    slots = (f"{slot} {value}" for slot, value in call.slots.items())
    return canonical(" ".join((call.intent.replace("_", " "), *slots)).replace(".", " ").replace("_", " "))


def _entities(steps: Sequence[Sequence[Any]]) -> Iterator[Entity]:
    """What services answered: values that were found, or that nothing was."""
    values = [(key, value) for role, content in steps if role == "api" for key, value in _leaves(content)]
    for key, value in values[-ENTITIES_MAX:]:
        yield Entity(key, value, status="not_found" if value in {"empty", "error", "failure"} else "resolved")


def _leaves(content: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(content, dict):
        for name, each in content.items():
            yield from _leaves(each, str(name))
    elif isinstance(content, list):
        for each in content:
            yield from _leaves(each, key)
    elif content is not None:
        yield key, str(content)
