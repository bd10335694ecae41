"""A session with what is true of it: which turn is whose second try, where in its words, and what else followed.

Knows nothing of detectors or of training; `resay.commands` makes examples of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from failure_point.point import FailurePoint
from resay.dialogue.session import Session


class Follow(StrEnum):
    """What a turn is to the requests before it."""

    SAID_AGAIN = "said_again"
    """A further try at an earlier request that had failed."""
    TOPIC_SWITCH = "topic_switch"
    """Something else is wanted."""
    REFINEMENT = "refinement"
    """More is said of a request that was understood: the cheap one, and for tomorrow."""
    CHANGED_MIND = "changed_mind"
    """Something else is wanted in its place."""
    REPEATED_SUCCESS = "repeated_success"
    """The same is wanted once more, though it had worked."""
    SAME_INTENT_OTHER_SLOT = "same_intent_other_slot"
    """The like is wanted of something else."""
    OTHER = "other"
    """None of these: an answer to a question, a remark, the first words of a session."""


@dataclass(frozen=True, slots=True)
class TrueLink:
    """A first try and its second, by their places in the session."""

    source: int
    target: int
    start: int
    """First character of the target's utterance that says it again."""
    end: int
    repair: bool
    """Whether the target says that it repairs, or says again only a part."""


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one turn."""

    begins: bool
    """Whether it begins another goal than the turn before, or the same one anew."""
    right: bool
    """Whether the assistant did with it what was to be done."""
    reached: bool
    """Whether the customer then had what they wanted: not yet where the assistant asked back, nor where it has no such thing."""
    point: FailurePoint | None = None
    """Where it failed, or that it did not; nothing where that is not known."""


@dataclass(frozen=True, slots=True)
class LinkedSession:
    """A session as it was logged, and apart from it the truth."""

    session: Session
    links: tuple[TrueLink, ...]
    follows: Mapping[int, Follow]
    """By place: what each turn is to those before it."""
    group: str
    """What must not be split between training and scoring."""
    came: Mapping[int, Came] = field(default_factory=dict)
    """By place: what came of each turn, where it is known."""

    def __post_init__(self) -> None:
        for link in self.links:
            assert 0 <= link.source < link.target < len(self.session.turns), "a link runs forward in its session"
            assert 0 <= link.start < link.end <= len(self.session.turns[link.target].utterance), "a span lies in the target's utterance"
