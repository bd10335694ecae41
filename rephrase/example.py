"""Examples: what a detector is trained and chosen on. Knows what is true of one first try; nothing of where it came from, nor of models."""

from __future__ import annotations

from dataclasses import dataclass

from resay.dialogue.turn import Turn

LINK = "link"
"""A second try that says the whole again."""

REPAIR = "repair"
"""A second try that says only a part of its utterance again, or begins with a remark ("no, I said X")."""

TOPIC_SWITCH = "topic_switch"
REFINEMENT = "refinement"
CHANGED_MIND = "changed_mind"
REPEATED_SUCCESS = "repeated_success"
SAME_INTENT_OTHER_SLOT = "same_intent_other_slot"
OTHER = "other"

LINKED_KINDS = (LINK, REPAIR)
"""Kinds in which something was said again."""

UNLINKED_KINDS = (TOPIC_SWITCH, REFINEMENT, CHANGED_MIND, REPEATED_SUCCESS, SAME_INTENT_OTHER_SLOT, OTHER)
"""Kinds in which nothing was; all but the last are hard to tell from a second try."""


@dataclass(frozen=True, slots=True)
class Example:
    """A first try, what followed it, and where in that it was said again, if at all."""

    turns: tuple[Turn, ...]
    """The source first, then the turns that follow it, bare remarks between them included, as they were logged: no truth in them."""
    target: int | None
    """Place in `turns` of the second try; nothing where there is none."""
    start: int
    """First character of the target's utterance that says it again; 0 where there is no target."""
    end: int
    """One past the last; the whole utterance but for the white space around it, unless a repair."""
    kind: str
    """One of `LINKED_KINDS` where there is a target, one of `UNLINKED_KINDS` where there is none."""
    group: str
    """What must not be split between training and choosing or scoring: a call, a family of voices or customers, a goal."""

    def __post_init__(self) -> None:
        assert self.turns, "an example has a first try"
        assert (self.target is None) == (self.kind in UNLINKED_KINDS), "what is said again has a kind that says so, and nothing else has"
        assert self.kind in {*LINKED_KINDS, *UNLINKED_KINDS}, "an example is of a known kind"
        if self.target is None:
            assert (self.start, self.end) == (0, 0), "no target, no span"
            return
        assert 0 < self.target < len(self.turns), "the second try follows the first"
        spoken = self.turns[self.target].utterance
        assert 0 <= self.start < self.end <= len(spoken), "the span lies in the target's utterance and is not empty"
