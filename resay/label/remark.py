"""What an utterance says about the answer before it: nothing, a denial, a repair, a stop, a farewell.

Reads words alone. Whether a plain "no" denies or answers a question is for those who know what was asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from resay.dialogue.text import words
from resay.label.wordings import ENGLISH, Wordings


class RemarkKind(StrEnum):
    """Which remark an utterance makes about the answer before it."""

    NONE = "none"
    """A request of its own."""
    REPAIR = "repair"
    """The request once more, said to be one ("no, I said madonna")."""
    DENIAL = "denial"
    """That the answer was wrong ("that's wrong"), perhaps with the request after it."""
    NEGATIVE = "negative"
    """A negative, perhaps with words after it ("no", "no, the kitchen")."""
    AFFIRMATIVE = "affirmative"
    """A consent and nothing else."""
    STOP = "stop"
    """A stop or cancel and nothing else."""
    FAREWELL = "farewell"
    """Thanks or goodbye and nothing else."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark, and how many of the utterance's leading words make it."""

    kind: RemarkKind
    prefix: int = 0
    """Words of canonical text that belong to the remark; what follows is the request itself."""
    rest: int = 0
    """Words that follow."""

    @property
    def is_bare(self) -> bool:
        """Whether the utterance is a remark and asks for nothing."""
        return self.kind is not RemarkKind.NONE and self.rest == 0


def remark_of(utterance: str, wordings: Wordings = ENGLISH) -> Remark:
    """The remark that an utterance begins with."""
    spoken = [word.replace("'", "") for word in words(utterance)]
    start = _skip(spoken, 0, passed=wordings.fillers)
    said_no = _skip(spoken, start, passed=wordings.negatives)
    if said_no > start:
        kind, prefix = _after_negative(spoken, said_no, wordings=wordings)
    else:
        kind, prefix = _opening(spoken, start, wordings=wordings)
    return Remark(kind, prefix, len(spoken) - prefix) if kind is not RemarkKind.NONE else Remark(kind, 0, len(spoken))


def _opening(spoken: list[str], start: int, *, wordings: Wordings) -> tuple[RemarkKind, int]:
    """The remark of an utterance that does not begin with a negative."""
    if start == len(spoken):
        return RemarkKind.NONE, 0
    whole = _whole_remark(spoken[start:], wordings)
    if whole is not RemarkKind.NONE:
        return whole, len(spoken)
    repaired = _longest(spoken, start, phrases=wordings.repairs)
    if start < repaired < len(spoken):
        return RemarkKind.REPAIR, repaired
    # A short denial that goes on is most often another sentence: "wrong turn", "not that loud".
    denied = _longest(spoken, start, phrases=wordings.denials)
    if denied > start and (denied == len(spoken) or denied - start >= 3):
        return RemarkKind.DENIAL, denied
    return RemarkKind.NONE, 0


def _after_negative(spoken: list[str], said_no: int, *, wordings: Wordings) -> tuple[RemarkKind, int]:
    """The remark of an utterance whose first `said_no` words are negatives and fillers."""
    start = _skip(spoken, said_no, passed=wordings.fillers)
    if start == len(spoken):
        return RemarkKind.NEGATIVE, start
    if _longest(spoken, start, phrases=wordings.polite_nos) > start:
        return RemarkKind.FAREWELL, len(spoken)
    if _whole_remark(spoken[start:], wordings) is RemarkKind.STOP:
        return RemarkKind.STOP, len(spoken)
    repaired = _longest(spoken, start, phrases=wordings.repairs)
    if start < repaired < len(spoken):
        return RemarkKind.REPAIR, repaired
    denied = _longest(spoken, start, phrases=wordings.denials)
    if denied > start:
        return RemarkKind.DENIAL, denied
    return RemarkKind.NEGATIVE, start


def _whole_remark(spoken: list[str], wordings: Wordings) -> RemarkKind:
    if " ".join(word for word in spoken if word not in wordings.courtesies) in wordings.stops:
        return RemarkKind.STOP
    if all(word in wordings.affirmatives for word in spoken):
        return RemarkKind.AFFIRMATIVE
    plain = [word for word in spoken if word not in wordings.courtesies]
    if plain and all(word in wordings.farewells for word in plain):
        return RemarkKind.FAREWELL
    return RemarkKind.NONE


def _skip(spoken: list[str], start: int, *, passed: frozenset[str]) -> int:
    while start < len(spoken) and spoken[start] in passed:
        start += 1
    return start


def _longest(spoken: list[str], start: int, *, phrases: tuple[str, ...]) -> int:
    """Where the longest phrase that begins at `start` ends; `start` where none does."""
    end = start
    for phrase in phrases:
        length = phrase.count(" ") + 1
        if start + length > end and spoken[start : start + length] == phrase.split():
            end = start + length
    return end
