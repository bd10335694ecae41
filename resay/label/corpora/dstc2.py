"""DSTC2: people talking to a restaurant information system by phone. Reads a person's own copy into typed calls.

What the live system could see and what people wrote down afterwards are two types, so that no rewriter can be handed the truth.
Nothing of the corpus ships (GPL-3.0). How a call becomes turns is in `dstc2_turn`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from resay.dialogue.errors import ResayError
from resay.dialogue.turn import Hypothesis

SPLITS = ("train", "dev")

LINE_CHARS_MAX = 2_000_000
"""The longest call takes 60,000 characters; a line of two million is no call."""

_Read = TypeVar("_Read")


class WrongCorpus(ResayError):
    """A folder does not hold DSTC2 as its converter writes it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One entry of the live NLU's n-best."""

    acts: tuple[str, ...]
    """`act(slot=value)`; none where the NLU made nothing of the words."""
    probability: float


@dataclass(frozen=True, slots=True)
class LiveTurn:
    """What the live system saw and did: the prompt, then what it heard and understood."""

    index: int
    prompt: str
    prompt_acts: tuple[str, ...]
    prompt_s: tuple[float, float]
    """Start and end of the prompt, seconds since the call began."""
    barge_in: bool
    """The caller cut the prompt off."""
    said_s: tuple[float, float]
    """Start and end of what the caller said."""
    hypotheses: tuple[Hypothesis, ...]
    """The live recogniser's n-best, best first."""
    readings: tuple[Reading, ...]
    """The live NLU's n-best, best first."""


@dataclass(frozen=True, slots=True)
class LiveCall:
    """One phone call as the system lived it."""

    call_id: str
    caller: str
    """Pseudonymous."""
    started: datetime
    """The log names no time zone; taken as UTC, which keeps the order of calls."""
    dialogue_manager: int
    acoustic_condition: int
    turns: tuple[LiveTurn, ...]


@dataclass(frozen=True, slots=True)
class TurnTruth:
    """What people, and rules over their work, say of one turn. For scoring, and for training where a row says so."""

    transcript: str
    acts: tuple[str, ...]
    """The meaning as people wrote it down."""
    failure_point: str
    system_recovered: bool | None
    rephrased_after: int | None
    """How many turns later the caller said it again; of misunderstood turns that were."""


@dataclass(frozen=True, slots=True)
class CallTruth:
    """What people say of a call."""

    success: bool
    """The caller's own view."""
    turns: tuple[TurnTruth, ...]
    """One for each turn of the call."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call with its truth beside it, for those who score or train."""

    live: LiveCall
    truth: CallTruth


def read_calls(folder: Path, split: str) -> Iterator[Call]:
    """The calls of one split, in the order of the file, with the truth.

    Raises: WrongCorpus.
    """
    return (Call(live, truth) for live, truth in _read(folder, split, lambda record: (_live_call(record), _call_truth(record))))


def read_live_calls(folder: Path, split: str) -> Iterator[LiveCall]:
    """The calls of one split as the system lived them; what people wrote down is not even looked at.

    Raises: WrongCorpus.
    """
    return _read(folder, split, _live_call)


def splits_in(folder: Path) -> list[str]:
    """Which splits a folder holds.

    Raises: WrongCorpus, when it holds none.
    """
    found = [split for split in SPLITS if _path(folder, split).exists()]
    if not found:
        message = f"folder {folder} must hold {_names()}; {_what_is_there(folder)}; is it the folder of the converted DSTC2?"
        raise WrongCorpus(message)
    return found


def _read(folder: Path, split: str, convert: Callable[[Mapping[str, Any]], _Read]) -> Iterator[_Read]:
    path = _path(folder, split)
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                yield _converted(line, convert, where=f"{path}:{number}")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        message = f"file {path} must be gzipped JSON lines; {error}; is it the converted DSTC2?"
        raise WrongCorpus(message) from error


def _converted(line: str, convert: Callable[[Mapping[str, Any]], _Read], *, where: str) -> _Read:
    try:
        if len(line) > LINE_CHARS_MAX:
            message = f"it has {len(line):,} characters"
            raise ValueError(message)
        return convert(json.loads(line))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        reason = f"field {error} is missing" if isinstance(error, KeyError) else str(error)
        message = f"line {where} must be a call of the converted DSTC2; {reason}; was the file converted by another script?"
        raise WrongCorpus(message) from error


def _live_call(record: Mapping[str, Any]) -> LiveCall:
    return LiveCall(
        call_id=record["id"],
        caller=record["user"],
        started=datetime.fromisoformat(record["start"]).replace(tzinfo=UTC),
        dialogue_manager=int(record["system"]["dialog-manager"]),
        acoustic_condition=int(record["system"]["acoustic-condition"]),
        turns=tuple(_live_turn(turn) for turn in record["turns"]),
    )


def _live_turn(turn: Mapping[str, Any]) -> LiveTurn:
    return LiveTurn(
        index=int(turn["i"]),
        prompt=turn["sys"],
        prompt_acts=_texts(turn["sys_acts"]),
        prompt_s=_span(turn["sys_t"]),
        barge_in=bool(turn["barge_in"]),
        said_s=_span(turn["user_t"]),
        hypotheses=tuple(Hypothesis(text=text, score=float(score)) for text, score in turn["asr"]),
        readings=tuple(Reading(acts=_texts(acts), probability=float(probability)) for acts, probability in turn["nlu"]),
    )


def _call_truth(record: Mapping[str, Any]) -> CallTruth:
    return CallTruth(success=bool(record["feedback"]["success"]), turns=tuple(_turn_truth(turn) for turn in record["turns"]))


def _turn_truth(turn: Mapping[str, Any]) -> TurnTruth:
    derived = turn["derived"]
    rephrase = derived.get("rephrase")
    return TurnTruth(
        transcript=turn["transcript"],
        acts=_texts(turn["semantics"]),
        failure_point=derived["failure_point"],
        system_recovered=derived.get("system_recovered"),
        rephrased_after=int(rephrase["distance"]) if rephrase else None,
    )


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    texts = tuple(values)
    if not all(isinstance(each, str) for each in texts):
        message = f"acts must be texts; got {texts!r}"
        raise TypeError(message)
    return texts


def _span(times: Sequence[float]) -> tuple[float, float]:
    start, end = times
    return float(start), float(end)


def _path(folder: Path, split: str) -> Path:
    return folder / f"{split}.jsonl.gz"


def _names() -> str:
    return " or ".join(_path(Path(), split).name for split in SPLITS)


def _what_is_there(folder: Path) -> str:
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        return str(error)
    return f"it holds {', '.join(names[:5])}{' …' if len(names) > 5 else ''}" if names else "it is empty"
