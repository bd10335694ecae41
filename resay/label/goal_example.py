"""A dialogue with what is known of its goals: what a model of goals learns from, and is scored by."""

from __future__ import annotations

from dataclasses import dataclass

from resay.dialogue.turn import Turn


@dataclass(frozen=True, slots=True)
class GoalExample:
    """A dialogue; of each turn what is known, None where nothing is."""

    turns: tuple[Turn, ...]
    begins: tuple[bool | None, ...]
    """Whether another goal begins here."""
    reached: tuple[bool | None, ...]
    """Whether the customer had what they wanted at this turn."""
    defects: tuple[bool | None, ...]
    """Whether the turn failed its customer."""
    well: bool | None
    """Whether the dialogue as a whole did, by the customer's own word."""
    group: str
    """What must not be split between training and scoring."""

    def __post_init__(self) -> None:
        lengths = {len(self.turns), len(self.begins), len(self.reached), len(self.defects)}
        assert len(lengths) == 1, "every turn has its labels"
