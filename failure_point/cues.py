"""Cues: what the words of both sides show of how a turn went, whatever it is about; told where an answer is logged and no status.

Counts what `resay.label.goal_cues` knows; what comes of the counts is learnt. Beside a status they say what it says, and would drown it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from failure_point.case import Case
from failure_point.measures import TEXT_CHARS_MAX
from resay.dialogue.text import words
from resay.dialogue.turn import Response, Turn, said
from resay.label.goal_cues import ANSWER_CUES, SAID_CUES, cues
from resay.label.reading import is_refused, status_of

UNKNOWN = math.nan

_OWN = {name: SAID_CUES[name] for name in ("negation", "thanks", "consent", "farewell", "complaint", "repair")}
"""What customers say by which the turn before is judged, in the turn itself and in the next."""


def shown(case: Case) -> dict[str, float]:
    """The cues of a case by name, in a fixed order."""
    after = case.following[0] if case.following else None
    told = _told(case, after)
    return told if answer_of(case.turn) and status_of(case.turn) is None else dict.fromkeys(told, UNKNOWN)


def _told(case: Case, after: Turn | None) -> dict[str, float]:
    return {
        **_counted("says", words(_spoken(case.turn)), _OWN),
        **_counted("answer", words(answer_of(case.turn)), ANSWER_CUES),
        "answer_refuses": _refuses(case.turn),
        "answer_asks": _asks(case.turn),
        **_counted("after_says", words(_spoken(after)) if after else (), _OWN),
        "after_answer_refuses": _refuses(after),
        "before_asks": _asks(case.before),
        "before_answer_refuses": _refuses(case.before),
    }


def answer_of(turn: Turn | None) -> str:
    """The words of an answer, cut where nobody listens longer."""
    return turn.response.text[:TEXT_CHARS_MAX] if turn and turn.response else ""


def _spoken(turn: Turn) -> str:
    return said(turn)[:TEXT_CHARS_MAX]


def _counted(side: str, spoken: Sequence[str], known: Mapping[str, tuple[str, ...]]) -> dict[str, float]:
    counts = cues(spoken, known) if spoken else [UNKNOWN] * len(known)
    return {f"{side}_{name}": count for name, count in zip(known, counts, strict=True)}


def _refuses(turn: Turn | None) -> float:
    """Whether an answer admits in words that it failed."""
    answer = answer_of(turn)
    return float(is_refused(replace(turn, response=Response(text=answer)))) if turn and answer else UNKNOWN


def _asks(turn: Turn | None) -> float:
    answer = answer_of(turn).rstrip()
    return float(answer.endswith("?")) if answer else UNKNOWN
