"""What is true of putting one wording in place of another: what those who said it wanted, and whether the real NLU would have done it.

Sees turns with their truth, of recordings that nobody has learnt from; so nothing of it may reach whoever learns.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from resay.dialogue.text import canonical
from resay.dialogue.turn import said
from resay.lab.action import Action
from resay.lab.assistant import Assistant
from resay.lab.conversation import Exchange
from resay.lab.oracle import wording_of
from resay.lab.world import World, judge

TURNS_MIN = 3
"""With fewer turns of a text nothing is said of it: one of two is no majority."""

GOALS_MAX = 3
"""Goals that are looked at for a wording that would help: a majority has no more than one of them."""


class Said(NamedTuple):
    """One turn in which a text was heard."""

    room: str
    wanted: Action | None
    goal: str
    """Empty for a false wake."""
    right: bool
    """Whether the assistant did it, as it was said."""


@dataclass(frozen=True, slots=True)
class Judged:
    """All turns that were seen, by canonical text."""

    world: World
    assistant: Assistant
    turns: dict[str, list[Said]] = field(default_factory=lambda: defaultdict(list))

    def see(self, exchanges: Iterable[Exchange]) -> None:
        """Take turns in."""
        for turn, truth in exchanges:
            room = turn.context.room if turn.context else ""
            self.turns[canonical(said(turn))].append(Said(room or "", truth.wanted, truth.goal, truth.right_as_said))

    def is_known(self, source: str) -> bool:
        """Whether a text was heard often enough for anything to be said of it."""
        return len(self.turns.get(source, ())) >= TURNS_MIN

    def is_wanted(self, source: str) -> bool:
        """Whether a text mostly fails, and some wording of what was meant by it mostly helps: a rewrite is needed."""
        turns = self.turns.get(source, ())
        if not self.is_known(source) or 2 * sum(each.right for each in turns) >= len(turns):
            return False
        goals = Counter(each.goal for each in turns if each.goal)
        named = [self.world.goals[goal] for goal, _ in goals.most_common(GOALS_MAX)]
        wordings = [wording_of(goal, self.world, self.assistant) for goal in named]
        return any(self._helps(turns, each) for each in wordings if each is not None)

    def is_right(self, source: str, target: str, *, room: str = "") -> bool:
        """Whether a rewrite, in a room if it holds in one alone, helps most of those who said a text for which one is needed."""
        turns = [each for each in self.turns.get(source, ()) if not room or each.room == room]
        return bool(turns) and self.is_wanted(source) and self._helps(turns, target)

    def _helps(self, turns: Sequence[Said], target: str) -> bool:
        right = sum(judge(self.assistant.understand(target, each.room), each.wanted) == "correct" for each in turns)
        return 2 * right >= len(turns)
