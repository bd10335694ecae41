"""Rewrites as the page shows them: what is served, and the dialogues from which it was learnt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from resay.dialogue.rewrite import Reason, Rewrite
from rewrite_online.rewriter import Live
from serving.dashboard.queries import Connection, dialogue_turns, run
from serving.trials.fared import UNTRIED, Fared, state_of

RULES_SHOWN_MAX = 50
"""Rewrites on the page, those behind which most customers stand first; the whole table is in the generation's file."""

DIALOGUES_SHOWN_MAX = 3
"""Dialogues shown for each."""


@dataclass(frozen=True, slots=True)
class Said:
    """One turn of a dialogue."""

    at: datetime
    customer: str
    """Masked."""
    text: str
    status: str
    answer: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A first try, and the try that worked."""

    first: Said
    then: Said


@dataclass(frozen=True, slots=True)
class Rule:
    """One rewrite with its evidence."""

    rewrite: Rewrite
    state: Reason
    """`REWRITTEN` where it is served, or why not."""
    dialogues: tuple[Dialogue, ...]
    fared: Fared
    """How it fares on trial."""


def shown_rewrites(live: Live) -> list[Rewrite]:
    """The rewrites that the page shows, best supported first."""
    return sorted(live.rewrites, key=lambda each: (-each.support, -each.times, each.source))[:RULES_SHOWN_MAX]


def rules(live: Live, connection: Connection | None, fared: Mapping[str, Fared], *, mask: Callable[[str], str]) -> list[Rule]:
    """The rewrites that the page shows; without dialogues where there is no lake to read them from."""
    shown = shown_rewrites(live)
    turns = _turns(connection, [turn_id for rewrite in shown for turn_id in _sample(rewrite)], mask) if connection else {}
    return [Rule(each, state_of(each, live.vetoes, fared), _dialogues(each, turns), fared.get(each.rewrite_id, UNTRIED)) for each in shown]


def dialogues_of(rewrite: Rewrite, connection: Connection, *, mask: Callable[[str], str]) -> tuple[Dialogue, ...]:
    """A sample of the dialogues behind one rewrite."""
    return _dialogues(rewrite, _turns(connection, _sample(rewrite), mask))


def masker(secret: bytes) -> Callable[[str], str]:
    """A function that names customers by a short mark: the same for the same customer, of no use anywhere else."""
    return lambda customer_id: hashlib.blake2b(customer_id.encode("utf-8", "surrogatepass"), key=secret, digest_size=3).hexdigest()


def _sample(rewrite: Rewrite) -> Sequence[str]:
    return rewrite.evidence[: 2 * DIALOGUES_SHOWN_MAX]


def _turns(connection: Connection, turn_ids: Sequence[str], mask: Callable[[str], str]) -> dict[str, Said]:
    rows = run(connection, dialogue_turns(turn_ids)) if turn_ids else []
    return {turn_id: Said(at, mask(customer), said, status, answer) for turn_id, customer, at, said, status, answer in rows}


def _dialogues(rewrite: Rewrite, turns: Mapping[str, Said]) -> tuple[Dialogue, ...]:
    """The pairs of evidence of which both turns are still in the lake; a deleted customer's are not."""
    return tuple(Dialogue(turns[first], turns[then]) for first, then in _pairs(_sample(rewrite)) if first in turns and then in turns)


def _pairs(turn_ids: Sequence[str]) -> Iterable[tuple[str, str]]:
    return zip(turn_ids[::2], turn_ids[1::2], strict=False)
