"""A small world with two families of well-served voices, and a system that knows one rewrite from its first night on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from resay.dialogue.codec import encode, whole
from resay.dialogue.rewrite import Action, Layer, Reason, RewriteAnswer, RewriteRequest
from resay.dialogue.turn import Turn
from resay.lab.adviser import Rewriting
from resay.lab.world import World, read_world
from tests.lab.small_world import SPEAKERS, write_world

TARGET = "turn on the counter lights"
SOURCES = frozenset({"let there be light", "let the be light", "turn on the corner lights"})
FAMILIES = {"us1": "slt", "us2": "kal", "gb1": "rp"}


def two_families(folder: Path) -> World:
    """The small world, its two well-served voices of different families."""
    write_world(folder)
    speakers = {name: each | {"family": FAMILIES[name]} for name, each in SPEAKERS.items()}
    (folder / "speakers.json").write_text(json.dumps({"speakers": speakers, "repair_forms": {"no_i_said": "no i said {}"}}))
    return read_world(folder)


class LightsSystem:
    """Knows how to turn on the lights once it has learnt; keeps all that it is given."""

    def __init__(self) -> None:
        self.landed: list[Turn] = []
        self.learnt_at: list[int] = []
        """How much had landed at each learning."""
        self.asked: list[RewriteRequest] = []

    def land(self, turns: Sequence[Turn], now: datetime) -> None:
        """Keep them."""
        assert all(turn.at <= now for turn in turns), "nothing may be logged before it happens"
        self.landed += turns

    def learn(self, now: datetime) -> None:
        """Know the rewrite from now on."""
        self.learnt_at.append(len(self.landed))

    def rewriting(self) -> Rewriting:
        """Nothing before the first night, the lights after it."""
        return self._answer if self.learnt_at else self._pass

    def defects(self) -> Iterable[tuple[str, str, float]]:
        """Every turn is half a defect."""
        return [(turn.turn_id, turn.customer_id, 0.5) for turn in self.landed]

    @property
    def log(self) -> bytes:
        """All that was landed, as it is sent."""
        return b"\n".join(encode(whole(turn)) for turn in self.landed)

    def _answer(self, request: RewriteRequest, now: datetime) -> RewriteAnswer:
        self.asked.append(request)
        said = request.heard.utterance
        if said not in SOURCES:
            return self._pass(request, now)
        return RewriteAnswer("chance", Action.REWRITE, TARGET, said, Reason.REWRITTEN, Layer.TABLE, "r1", 1)

    def _pass(self, request: RewriteRequest, now: datetime) -> RewriteAnswer:
        return RewriteAnswer("chance", Action.PASS_THROUGH, request.heard.utterance, request.heard.utterance, Reason.NO_CANDIDATE)
