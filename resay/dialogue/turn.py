"""A turn and what it is made of, as values.

How turns look on the wire is in `codec`, how parts become turns in `assembly`, how both lie in the lake in `resay.store`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

_NONE: Mapping[str, object] = MappingProxyType({})


class CustomerKind(StrEnum):
    """What a `customer_id` stands for; `session` customers never count towards a floor."""

    ACCOUNT = "account"
    DEVICE = "device"
    SESSION = "session"


class ResponseStatus(StrEnum):
    """What became of the request, as the assistant reports it."""

    DONE = "done"
    FAILED = "failed"
    """Understood, or half understood, and not carried out."""
    UNSUPPORTED = "unsupported"
    """Not understood, or nothing that the assistant can do."""
    ASKED = "asked"
    """The assistant asked back."""
    NONE = "none"
    """The assistant stayed silent."""


class Explicit(StrEnum):
    """An explicit answer to whether the turn did what was wanted."""

    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One transcript that the recogniser may have heard."""

    text: str
    score: float | None = None
    """The recogniser's own score; only its order is comparable between recognisers."""


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What the assistant took the utterance to mean."""

    intent: str
    domain: str = ""
    slots: Mapping[str, object] = field(default_factory=lambda: _NONE)
    """Slot values as understood, before entities are resolved; values are JSON values."""
    confidence: float | None = None
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class Entity:
    """What a slot was resolved to."""

    slot: str
    value: str = ""
    entity_id: str | None = None
    status: str = "resolved"
    """`resolved`, or why not (`not_found`, `ambiguous`, …)."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the assistant had just asked."""

    text: str = ""
    kind: str = ""
    """The kind of question, in the assistant's own terms; short answers mean nothing without it."""


@dataclass(frozen=True, slots=True)
class Response:
    """What the assistant did or said."""

    text: str = ""
    status: ResponseStatus = ResponseStatus.NONE
    action: str = ""


@dataclass(frozen=True, slots=True)
class Audio:
    """How the utterance sounded."""

    duration_s: float | None = None
    snr_db: float | None = None
    wake_score: float | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """Where and when the customer spoke."""

    locale: str = ""
    device_type: str = ""
    """The kind of device that was spoken to, such as `speaker` or `tv`."""
    room: str = ""
    activity: str = ""
    """What the customer is doing, where that is known, such as `cooking`."""
    local_time: str = ""
    """Wall-clock time at the customer, ISO 8601; one that cannot be read says nothing."""
    device_states: Mapping[str, object] = field(default_factory=lambda: _NONE)
    """States by device, such as `media_player.tv`: `on`; they may nest. Names, words and true or false say something; numbers do not."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the customer told us outright about a turn."""

    explicit: Explicit | None = None
    rating: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class AppliedRewrite:
    """What we said for the customer, as the assistant logged it."""

    decision_id: str
    original: str
    """What the customer said; never lost."""
    rewrite_id: str | None = None
    generation: int | None = None
    layer: str | None = None
    experiment: str | None = None
    arm: str | None = None


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of the assistant's parts that made the turn."""

    asr: str = ""
    nlu: str = ""
    catalogue: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One request of a customer and what the assistant made of it."""

    turn_id: str
    customer_id: str
    """Pseudonymous."""
    at: datetime
    """Event time, UTC, milliseconds: when the customer spoke."""
    utterance: str = ""
    """What the assistant's NLU was given: what the recogniser heard first or, where `rewrite` is set, what we put in its place."""
    customer_kind: CustomerKind = CustomerKind.ACCOUNT
    session_id: str | None = None
    device_id: str | None = None
    hypotheses: tuple[Hypothesis, ...] = ()
    """The recogniser's n-best, best first."""
    interpretations: tuple[Interpretation, ...] = ()
    """The NLU's n-best; the first is what was acted on."""
    entities: tuple[Entity, ...] = ()
    prompt: Prompt | None = None
    response: Response | None = None
    barge_in: bool = False
    ended_at: datetime | None = None
    """When the turn was over, the assistant's answer included."""
    audio: Audio | None = None
    context: Context | None = None
    feedback: Feedback | None = None
    rewrite: AppliedRewrite | None = None
    cohorts: tuple[str, ...] = ()
    versions: Versions | None = None
    unknown: Mapping[str, object] = field(default_factory=lambda: _NONE)
    """Top-level fields of the record that this version does not know, kept as they came."""


@dataclass(frozen=True, slots=True)
class TurnPart:
    """The part of a turn that one event carries: what was said, then what was understood, answered, rated."""

    turn: Turn
    """What this event says; fields that it does not carry are at their defaults."""
    fields: frozenset[str]
    """The names of the fields that the event carries; only these take part in the merge."""
    part: str = "whole"
    """Unique within the turn: the same `(turn_id, part)` again is the same event again."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not be read, kept with the reason: a dead letter."""

    raw: bytes
    reason: str
    """One sentence for people; gathers all faults of the record."""
    where: str
    """Where the record came from, for people: `turns.jsonl:17`, `dialogue-turns/3@120`."""


def prompt_kind(turn: Turn) -> str:
    """The kind of question that the turn answers; empty where nothing had been asked."""
    return turn.prompt.kind if turn.prompt else ""


def said(turn: Turn) -> str:
    """What the customer said, whatever we put in its place."""
    return turn.rewrite.original if turn.rewrite else turn.utterance
