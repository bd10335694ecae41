"""Failure points: the first part of an assistant that failed a turn beyond recovery, as a word and as a verdict with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from failure_point.evidence_words import MEANS


class FailurePoint(StrEnum):
    """The first part that failed beyond recovery, or `correct`, which includes requests that the assistant rightly does not support."""

    FALSE_WAKE = "false_wake"
    """Nobody had addressed the assistant."""
    ASR = "asr"
    """It heard other words."""
    NLU = "nlu"
    """It heard right, and made something else or nothing of it."""
    ER = "er"
    """It understood, and did not find or mistook the thing that was named."""
    RESULT = "result"
    """It knew what to do, and that could not be done."""
    CORRECT = "correct"


POINTS = tuple(FailurePoint)
"""In the order of every matrix of chances."""

DO_NOT_KNOW = "unknown"
"""What is written where no point is likely enough to be named."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that spoke for a verdict: a person can look it up in the turn."""

    what: str
    """Name of the feature, as `features` lists it."""
    value: float | str
    """As people count it: `failure_point.evidence_words.value_of`."""
    weight: float
    """How much the named point's log odds fall where this is not known; above 0 it spoke for the point."""

    @property
    def means(self) -> str:
        """What was looked at, in plain words."""
        return MEANS[self.what]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a model says of one turn."""

    turn_id: str
    point: FailurePoint | None
    """None: it does not know."""
    probabilities: Mapping[FailurePoint, float]
    """Of all points; they sum to one."""
    evidence: tuple[Evidence, ...] = ()

    @property
    def named(self) -> str:
        """The point as it is written to tables and answers."""
        return self.point.value if self.point else DO_NOT_KNOW
