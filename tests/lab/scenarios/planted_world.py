"""A small world with two things to ask for in vain, and learners that are too simple on purpose."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path

from resay.dialogue.rewrite import Action, Layer, Reason, Rewrite, RewriteAnswer, RewriteRequest, Risk
from resay.dialogue.text import canonical
from resay.dialogue.tick import silent
from resay.dialogue.turn import ResponseStatus, Turn, said
from resay.lab.adviser import Rewriting
from resay.lab.assistant import Assistant
from resay.lab.scenarios.venue import Learner, Venue
from resay.lab.scenarios.verdict import Part
from resay.lab.world import World, read_world
from tests.lab.small_world import GOALS, PHRASES, write_world

MORE_GOALS = [
    {"goal": "lights_off", "area": "kitchen", "canon": "turn off the counter lights", "gold": ["HassTurnOff", ["light.counter"], {}]},
]
MORE_PHRASES = [
    (7, "lights_off", "kitchen", "turn off the counter lights", "T", "correct"),
    (8, "lights_off", "kitchen", "make it dark", "C", "no_match"),
]


def planted_world(folder: Path) -> World:
    """The small world, and in its kitchen one goal more."""
    write_world(folder)
    keys = ("p", "goal", "area", "text", "tag", "gold_outcome")
    phrases = [dict(zip(keys, phrase, strict=True)) for phrase in [*PHRASES, *MORE_PHRASES]]
    (folder / "goals.json").write_text(json.dumps([*GOALS, *MORE_GOALS]))
    (folder / "phrases.json").write_text(json.dumps(phrases))
    return read_world(folder)


class Gullible:
    """Puts in place of what was refused whatever most customers said next with success; never has doubts."""

    def __init__(self, customers_min: int = 3) -> None:
        self.turns: list[Turn] = []
        self._customers_min = customers_min
        self._table: tuple[Rewrite, ...] = ()

    def land(self, turns: Sequence[Turn], now: datetime) -> None:
        """Keep them."""
        self.turns += turns

    def learn(self, now: datetime) -> None:
        """Count customers by what they said twice."""
        self._table = tuple(self._believed())

    def rewrites(self) -> Sequence[Rewrite]:
        """What is believed."""
        return self._table

    def defects(self) -> Iterable[tuple[str, str, float]]:
        """None."""
        return []

    def rewriting(self) -> Rewriting:
        """From the table."""
        targets = {each.source: each.target for each in self._table}

        def answer(request: RewriteRequest, now: datetime) -> RewriteAnswer:
            heard = request.heard.utterance
            target = targets.get(canonical(heard))
            if target is None:
                return RewriteAnswer("d", Action.PASS_THROUGH, heard, heard, Reason.NO_CANDIDATE)
            return RewriteAnswer("d", Action.REWRITE, target, heard, Reason.REWRITTEN, Layer.TABLE, "r", 1)

        return answer

    def _believed(self) -> Iterator[Rewrite]:
        taught: dict[str, dict[str, list[Turn]]] = defaultdict(lambda: defaultdict(list))
        for first, then in _neighbours(self.turns):
            if not _is_done(first) and _is_done(then) and then.rewrite is None:
                taught[canonical(said(first))][canonical(said(then))].append(then)
        for source, targets in taught.items():
            target, turns = max(targets.items(), key=lambda each: len({turn.customer_id for turn in each[1]}))
            customers = len({turn.customer_id for turn in turns})
            if customers >= self._customers_min and source and source != target:
                evidence = tuple(sorted(turn.turn_id for turn in turns))
                yield Rewrite("r", source, "", target, "s", Risk.LOW, 1.0, 0.0, 1.0, customers, len(turns), evidence)


class Retiring(Gullible):
    """Gives a rewrite up once anybody was understood in the words of its source."""

    def learn(self, now: datetime) -> None:
        """Believe, but for such."""
        super().learn(now)
        understood = {canonical(said(turn)) for turn in self.turns if _is_done(turn) and turn.rewrite is None}
        self._table = tuple(each for each in self._table if each.source not in understood)


class Asking(Gullible):
    """Gives a rewrite up once the assistant says that it takes source and target for the same; asks nobody else."""

    assistant: Assistant | None = None

    def learn(self, now: datetime) -> None:
        """Believe, but for what is needless."""
        super().learn(now)
        if self.assistant:
            self.ask(self.assistant)

    def ask(self, assistant: Assistant) -> None:
        """Another assistant has taken over."""
        self.assistant = assistant
        self._table = tuple(each for each in self._table if not _is_needless(each, assistant))


class Deaf(Gullible):
    """Learns nothing."""

    def learn(self, now: datetime) -> None:
        """Nothing."""


def venue_of(world: World, learner: Callable[[], Learner], *, built: frozenset[Part] = frozenset()) -> Venue:
    """Twenty customers, a floor of three, and a learner."""

    @contextmanager
    def opened() -> Iterator[Learner]:
        yield learner()

    def open_system() -> AbstractContextManager[Learner]:
        return opened()

    return Venue(world, Assistant(world.home), open_system, customers=20, k=3, seed=5, tick=silent, built=built)


def _is_needless(rewrite: Rewrite, assistant: Assistant) -> bool:
    return all(assistant.understand(text, "kitchen").done for text in (rewrite.source, rewrite.target))


def _neighbours(turns: Sequence[Turn]) -> Iterator[tuple[Turn, Turn]]:
    """Turns that follow each other in a session."""
    ordered = sorted(turns, key=lambda turn: (turn.session_id or "", turn.at))
    return ((one, other) for one, other in itertools.pairwise(ordered) if one.session_id == other.session_id)


def _is_done(turn: Turn) -> bool:
    return turn.response is not None and turn.response.status is ResponseStatus.DONE
