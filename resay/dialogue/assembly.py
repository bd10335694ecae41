"""Parts of a turn to the turn: merged by field, the later event time wins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from resay.dialogue.turn import Turn, TurnPart


def assemble(parts: Iterable[TurnPart]) -> Turn | None:
    """The turn that its parts make up, or nothing while the part with the utterance is missing.

    The turn's own time is that of its earliest part: that is when the customer spoke.
    For every field the part with the latest event time wins, ties going to the part whose name sorts last, then to the part given last;
    so neither order of arrival nor repeats change the result. All parts must be of one turn.
    """
    ordered = sorted(parts, key=lambda part: (part.turn.at, part.part))
    if not any("utterance" in part.fields for part in ordered):
        return None
    if len(ordered) == 1:
        return ordered[0].turn
    first = ordered[0].turn
    assert all(part.turn.turn_id == first.turn_id for part in ordered), "parts must be of one turn"
    merged: dict[str, Any] = {}
    unknown: dict[str, object] = {}
    for part in ordered:
        merged |= {name: getattr(part.turn, name) for name in part.fields}
        unknown |= part.turn.unknown
    return Turn(turn_id=first.turn_id, customer_id=first.customer_id, at=first.at, unknown=unknown, **merged)
