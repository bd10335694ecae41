"""Rewrites and the versions of the assistant: what has become needless, or pointless, since it understands other things than before.

Knows the hook by which an assistant is asked what it takes a text for; knows nothing of how it is asked, nor of what is live.
What is not told, or not in time, changes nothing: it is said, and the rewrite stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from resay.dialogue.rewrite import Rewrite
from resay.dialogue.state import interpretation_key
from resay.dialogue.turn import Context, Entity, Interpretation, Versions

CONTEXTS_MAX = 3
"""Contexts in which a rewrite is replayed: the rooms of its cited turns, of which it has five at most, are seldom more than these."""

FAULTS_MAX = 3
"""Faults of the hook in a row after which it is not asked again: a table of 10,000 must not wait for 20,000 time-outs."""

BUDGET_S = 60.0
"""Time for a whole table: needless rewrites retire the same minute (DESIGN 6)."""

KEPT_S = 30.0
"""How long an answer is believed without asking again: half of the minute within which needless rewrites are to retire."""

TEXTS_KEPT_MAX = 100_000
"""Answers that are kept, of 1 KB each; a table of 10,000 in three contexts has 60,000."""

NOWHERE = Context()
"""Where nothing is known of the place."""


class NotTold(Exception):
    """The assistant did not say what it takes a text for; the message says why, for people, without the text."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A text as a customer might say it."""

    text: str
    prompt_kind: str = ""
    """What the assistant had asked; empty: nothing."""
    context: Context = NOWHERE


@dataclass(frozen=True, slots=True)
class Reading:
    """What the assistant takes a text for, by the fields of a turn."""

    interpretations: tuple[Interpretation, ...] = ()
    """Best first; none: it does not understand."""
    entities: tuple[Entity, ...] = ()
    versions: Versions | None = None
    """Of the parts that took it so, where the assistant tells them."""

    @property
    def state(self) -> str:
        """`domain|intent|slots`, or empty where it does not understand, or does not find what was named."""
        if not self.interpretations or any(each.status != "resolved" for each in self.entities):
            return ""
        return interpretation_key(self.interpretations[0])


class Understanding(Protocol):
    """The assistant's NLU, as far as it can be asked without anything being done."""

    def understand(self, asked: Asked) -> Reading:
        """What it takes a text for.

        Raises: NotTold.
        """


class Remembering:
    """Asks about each text once in a while: whoever learns every few seconds must not ask for the whole table each time."""

    def __init__(self, understanding: Understanding, *, clock: Callable[[], float]) -> None:
        self._understanding, self._clock = understanding, clock
        self._known: dict[str, tuple[float, Reading]] = {}

    def understand(self, asked: Asked) -> Reading:
        """What it was taken for less than `KEPT_S` ago, or is taken for now.

        Raises: NotTold.
        """
        key, now = repr(asked), self._clock()
        known = self._known.get(key)
        if known is not None and now - known[0] < KEPT_S:
            return known[1]
        if len(self._known) >= TEXTS_KEPT_MAX:
            self._known.clear()
        reading = self._understanding.understand(asked)
        self._known[key] = (now, reading)
        return reading


class Finding(StrEnum):
    """What a replay found of one rewrite."""

    NEEDED = "needed"
    NEEDLESS = "needless"
    """The source is now taken for what the target is taken for."""
    POINTLESS = "pointless"
    """The target is not understood any more."""
    NOT_TOLD = "not_told"
    """The hook did not say; the rewrite stays as it is."""


OUT = frozenset({Finding.NEEDLESS, Finding.POINTLESS})
"""Findings that retire a rewrite."""

MEANINGS = {
    Finding.NEEDED: "the assistant does not take the source for what the target means",
    Finding.NEEDLESS: "the assistant now takes the source for what the target means",
    Finding.POINTLESS: "the assistant does not understand the target any more",
}


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found of one rewrite, and why; the reason holds no text."""

    rewrite_id: str
    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay found of a table."""

    found: tuple[Replayed, ...] = ()
    """In the order of the table."""
    versions: Versions | None = None
    """Of the assistant that was asked, where it tells them."""


def replay(
    rewrites: Iterable[Rewrite], contexts: Mapping[str, Sequence[Context]], understanding: Understanding, *, clock: Callable[[], float]
) -> Replay:
    """What the assistant, as it is now, makes of sources and targets; in the contexts given by rewrite id, or in none.

    `clock` counts seconds, for the budget.
    """
    deadline = clock() + BUDGET_S
    told = _Told(understanding)
    faults, fault = 0, ""
    found = []
    for rewrite in rewrites:
        if faults >= FAULTS_MAX or clock() > deadline:
            reason = f"not asked any more: {fault}" if faults >= FAULTS_MAX else f"not asked within {BUDGET_S:g} s"
            found.append(Replayed(rewrite.rewrite_id, Finding.NOT_TOLD, reason))
            continue
        try:
            finding = _finding(rewrite, contexts.get(rewrite.rewrite_id, ()), told)
        except NotTold as error:
            faults, fault = faults + 1, str(error)
            found.append(Replayed(rewrite.rewrite_id, Finding.NOT_TOLD, fault))
        else:
            faults = 0
            found.append(Replayed(rewrite.rewrite_id, finding, MEANINGS[finding]))
    return Replay(tuple(found), told.versions)


class _Told:
    """States as an assistant tells them, and which versions it told last."""

    def __init__(self, understanding: Understanding) -> None:
        self._understanding = understanding
        self.versions: Versions | None = None

    def state(self, asked: Asked) -> str:
        reading = self._understanding.understand(asked)
        self.versions = reading.versions or self.versions
        return reading.state


def _finding(rewrite: Rewrite, contexts: Sequence[Context], told: _Told) -> Finding:
    """One that holds in every context; whatever is needed in one of them stays.

    Raises: NotTold.
    """
    findings = {_finding_in(rewrite, context, told) for context in (contexts or (NOWHERE,))[:CONTEXTS_MAX]}
    return findings.pop() if len(findings) == 1 else Finding.NEEDED


def _finding_in(rewrite: Rewrite, context: Context, told: _Told) -> Finding:
    target = told.state(Asked(rewrite.target, rewrite.prompt_kind, context))
    if not target:
        return Finding.POINTLESS
    source = told.state(Asked(rewrite.source, rewrite.prompt_kind, context))
    return Finding.NEEDLESS if source == target else Finding.NEEDED
