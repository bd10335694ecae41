"""Examples: sessions whose failure points are known, to learn from and to score on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from failure_point.point import FailurePoint
from resay.dialogue.session import Session


@dataclass(frozen=True, slots=True)
class Example:
    """A session and what is true of its turns."""

    session: Session
    points: Mapping[str, FailurePoint]
    """By turn; turns of which nothing is known are left out, and are context to the others."""
    group: str
    """What may not be parted: a customer, a call, a text."""
    source: str
    """What was recorded together, such as a voice: what is learnt of texts is judged on sources that it has not seen."""
    traffic: str
    """Whose log it lies in: what is remembered of traffic is remembered log by log."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """By turn, where a turn has another source than its session: a noise is played to many customers."""

    def source_of(self, turn_id: str) -> str:
        """What a turn was recorded with."""
        return self.sources.get(turn_id, self.source)
