"""Markers: what a window says beside words (who speaks, what became of it, how long the silence was), each one token of the vocabulary.

BERT's vocabulary keeps a thousand unused tokens for such ends. Knows turns; knows nothing of tokens' order.
"""

from __future__ import annotations

from datetime import timedelta
from enum import IntEnum

from resay.dialogue.session import silence_between
from resay.dialogue.turn import Explicit, ResponseStatus, Turn
from resay.label.reading import status_of


class Marker(IntEnum):
    """Numbers of the vocabulary's unused tokens; never renumbered, as trained models know them."""

    SOURCE = 1
    CANDIDATE = 2
    REMARK = 3
    """A turn that only comments ("no", "thanks") and is no candidate."""
    RESPONSE = 4
    PROMPT = 5
    HYPOTHESIS = 6
    BARGE_IN = 7
    MARKED_WRONG = 8
    MARKED_RIGHT = 9
    DONE = 10
    FAILED = 11
    UNSUPPORTED = 12
    ASKED = 13
    SILENT = 14
    GAP_AT_ONCE = 20
    GAP_SHORT = 21
    GAP_SOME = 22
    GAP_LONG = 23
    GAP_LATE = 24
    GAP_APART = 25


GAPS = (
    (timedelta(seconds=2), Marker.GAP_AT_ONCE),
    (timedelta(seconds=5), Marker.GAP_SHORT),
    (timedelta(seconds=10), Marker.GAP_SOME),
    (timedelta(seconds=20), Marker.GAP_LONG),
    (timedelta(seconds=45), Marker.GAP_LATE),
)
"""Buckets of silence, up to that which ends a session; each about twice as long as the one before."""

_STATUSES = {
    ResponseStatus.DONE: Marker.DONE,
    ResponseStatus.FAILED: Marker.FAILED,
    ResponseStatus.UNSUPPORTED: Marker.UNSUPPORTED,
    ResponseStatus.ASKED: Marker.ASKED,
    ResponseStatus.NONE: Marker.SILENT,
}


def status_marker(turn: Turn) -> Marker | None:
    """What became of a turn; nothing where the log does not tell."""
    status = status_of(turn)
    return None if status is None else _STATUSES[status]


def gap_marker(earlier: Turn, later: Turn) -> Marker | None:
    """How long the silence between two turns was; nothing where the log has no times of its own.

    Turns at the very same instant were given it by whoever had none to give.
    """
    if later.at == earlier.at:
        return None
    silence = silence_between(earlier, later)
    return next((marker for longest, marker in GAPS if silence <= longest), Marker.GAP_APART)


def feedback_marker(turn: Turn) -> Marker | None:
    """What the customer told outright of a turn."""
    if turn.feedback is None or turn.feedback.explicit is None:
        return None
    return Marker.MARKED_RIGHT if turn.feedback.explicit is Explicit.YES else Marker.MARKED_WRONG
