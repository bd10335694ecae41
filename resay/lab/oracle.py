"""The reference of a loop: an exact table that was told the truth. Heard text and room → the wording by which the goal is reached.

It learns from what our learner may never see, so that its figures say how far exact memory goes, and not how well it was learnt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from resay.dialogue.rewrite import Action, Layer, Reason, RewriteAnswer, RewriteRequest
from resay.dialogue.text import canonical
from resay.dialogue.turn import said
from resay.lab.assistant import Assistant
from resay.lab.conversation import Exchange
from resay.lab.world import Goal, World

CUSTOMERS_MIN = 10
"""Customers who were heard so and wanted this: the floor that our own rewrites have (EVALUATION, section 2)."""

Place = tuple[str, str]
"""Canonical text, and the room in which it was heard."""


@dataclass(slots=True)
class Meant:
    """How often a text in a room stood for one goal, and for whom."""

    times: int = 0
    customers: set[str] = field(default_factory=set)
    """Some of them: as many as the floor asks for."""


class Witness:
    """Sees every turn with its truth, and tells the table that follows from it."""

    def __init__(self, meant: dict[Place, dict[str, Meant]], customers_min: int = CUSTOMERS_MIN) -> None:
        """Go on with what was seen before: `meant`, by text and room and then by goal, is added to."""
        self._meant, self._customers_min = meant, customers_min

    def see(self, exchanges: Iterable[Exchange]) -> None:
        """Take turns in, false wakes too: what is mostly noise has no goal."""
        for each in exchanges:
            room = each.turn.context.room if each.turn.context else ""
            goals = self._meant.setdefault((canonical(said(each.turn)), room), {})
            meant = goals.get(each.truth.goal) or goals.setdefault(each.truth.goal, Meant())
            meant.times += 1
            if len(meant.customers) < self._customers_min:
                meant.customers.add(each.turn.customer_id)

    def table(self, world: World, assistant: Assistant) -> dict[Place, str]:
        """What the assistant should be given instead, where enough customers stand behind it and it would else go wrong."""
        wordings = {goal.name: wording_of(goal, world, assistant) for goal in world.goals.values()}
        table: dict[Place, str] = {}
        for place, goals in self._meant.items():
            name = max(goals, key=lambda each: (goals[each].times, each))
            wording = wordings.get(name)
            if wording is None or not place[0] or len(goals[name].customers) < self._customers_min:
                continue
            if assistant.understand(*place).done != world.goals[name].action:
                table[place] = wording
        return table


@dataclass(frozen=True, slots=True)
class OracleTable:
    """Answers from such a table, as our rewriter would."""

    targets: Mapping[Place, str]

    def __call__(self, request: RewriteRequest, now: datetime, /) -> RewriteAnswer:
        """The wording of the goal that this text mostly stands for, or what was said."""
        heard = request.heard
        target = self.targets.get((canonical(heard.utterance), heard.context.room if heard.context else ""))
        return RewriteAnswer(
            decision_id="",
            action=Action.PASS_THROUGH if target is None else Action.REWRITE,
            utterance=heard.utterance if target is None else target,
            original=heard.utterance,
            reason=Reason.NO_CANDIDATE if target is None else Reason.REWRITTEN,
            layer=None if target is None else Layer.TABLE,
        )


def wording_of(goal: Goal, world: World, assistant: Assistant) -> str | None:
    """The first wording of a goal that reaches it; None where none does."""
    texts = (phrase.text for phrase in world.phrases_of(goal.name))
    return next((text for text in texts if assistant.understand(text, goal.room).done == goal.action), None)
