"""DSTC2's calls with failure points (EVALUATION 5). For benchmarks: the corpus does not ship, and nothing that ships learns from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from failure_point.example import Example
from failure_point.measures import plain
from failure_point.point import FailurePoint
from failure_point.wording import Spoken, transcripts_of
from resay.dialogue.session import Session
from resay.dialogue.turn import Audio, Turn
from resay.label.corpora.dstc2 import Call, LiveTurn, TurnTruth
from resay.label.corpora.dstc2_turn import turn_parts

_POINTS = {
    "false_wake": FailurePoint.FALSE_WAKE,
    "asr": FailurePoint.ASR,
    "nlu": FailurePoint.NLU,
    "state": FailurePoint.RESULT,
    "result": FailurePoint.RESULT,
    "result_unanswered": FailurePoint.RESULT,
    "correct": FailurePoint.CORRECT,
}
"""Turns without content, and last turns of which nothing is known, are left out."""


def call_examples(calls: Iterable[Call]) -> Iterator[Example]:
    """The calls as sessions; a group is a caller."""
    for call in calls:
        turns = tuple(_timed(part.turn, live) for part, live in zip(turn_parts(call.live), call.live.turns, strict=True))
        told = zip(turns, call.truth.turns, strict=True)
        points = {turn.turn_id: point for turn, truth in told if (point := point_of(truth)) is not None}
        yield Example(Session(call.live.caller, turns), points, group=call.live.caller, source=call.live.caller, traffic="dstc2")


def call_wordings(calls: Iterable[Call]) -> Iterator[Spoken]:
    """What callers said, as people wrote it down: to learn from, never to score by."""
    for call in calls:
        for part, truth in zip(turn_parts(call.live), call.truth.turns, strict=True):
            if (point := point_of(truth)) is not None:
                yield Spoken(transcripts_of(part.turn), plain(truth.transcript), point, call.live.caller)


def _timed(turn: Turn, live: LiveTurn) -> Turn:
    return replace(turn, audio=Audio(duration_s=live.said_s[1] - live.said_s[0]))


def point_of(truth: TurnTruth) -> FailurePoint | None:
    """What people's labels come to; what the system made good by itself is correct."""
    if truth.system_recovered:
        return FailurePoint.CORRECT
    return _POINTS.get(truth.failure_point)
