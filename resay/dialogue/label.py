"""Labels: what rules, models or people state about turns. Rows of the tables `friction`, `links`, `segments`, `outcomes`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FrictionSign(StrEnum):
    """An observable sign of effort or annoyance at a turn."""

    BARGE_IN = "barge_in"
    """The customer spoke over the response to the turn before."""
    DENIAL = "denial"
    """The customer said that the turn before was wrong ("no, I said …"), or marked it so."""
    STOP = "stop"
    """The customer stopped or cancelled what the turn before began."""
    ERROR_RESPONSE = "error_response"
    """The assistant failed or refused."""
    REPEATED_INTERPRETATION = "repeated_interpretation"
    """The next turn of the session was taken to mean the very same thing."""
    ABANDONMENT = "abandonment"
    """The session ended here without success: censored, never a success."""
    LOW_CONFIDENCE = "low_confidence"
    """The recogniser or the NLU doubted."""


@dataclass(frozen=True, slots=True)
class Friction:
    """One sign of friction at one turn: the turn that caused it, not the turn that showed it."""

    turn_id: str
    customer_id: str
    at: datetime
    """Event time of the turn, UTC."""
    sign: FrictionSign
    shown_by: str
    """The turn in which the sign was seen; the turn itself for an error response, abandonment and low confidence."""


@dataclass(frozen=True, slots=True)
class RephraseLink:
    """A customer's second try at the goal of an earlier turn of the same session."""

    source_turn_id: str
    target_turn_id: str
    customer_id: str
    at: datetime
    """Event time of the source turn, UTC."""
    probability: float
    """The chance that both turns pursue one goal and the first had failed; 0 to 1."""
    start: int
    """First character of the span in the target's utterance that says the request again."""
    end: int
    """One past the last character of the span."""
    detector: str
    """Who says so: name and version of the detector."""


class GoalOutcome(StrEnum):
    """Whether a customer's goal was reached."""

    SUCCESS = "success"
    FAILURE = "failure"
    CENSORED = "censored"
    """The customer left before it could be told: neither success nor failure."""


@dataclass(frozen=True, slots=True)
class GoalSegment:
    """Neighbouring turns of a session that pursue one goal, and what came of it; turn by turn in table `segments`."""

    segment_id: str
    """The turn id of its first turn."""
    customer_id: str
    turn_ids: tuple[str, ...]
    outcome: GoalOutcome


@dataclass(frozen=True, slots=True)
class TurnOutcome:
    """Whether one turn was defective."""

    turn_id: str
    customer_id: str
    at: datetime
    """Event time of the turn, UTC."""
    outcome: GoalOutcome
    """What came of the turn itself: a failed first try stays a failure though the second succeeded."""
    defect: float
    """The chance that the turn failed its customer; 0 to 1."""
    labeller: str
    """Who says so: name and version."""
