"""States of the chain: what a turn stands for when talk is seen as a walk."""

from __future__ import annotations

import json
from collections.abc import Mapping

from resay.dialogue.text import canonical
from resay.dialogue.turn import Interpretation, Turn, prompt_kind

SUCCESS = "success"
FAILURE = "failure"

_UNINTERPRETED = "?"
"""Stands where the domain would: no assistant names a domain so."""


def state_of(turn: Turn) -> str:
    """The state that a turn is in: its interpretation, or its own text where the assistant could not interpret it.

    `domain|intent|slots`, or `?|canonical text|prompt kind`. A turn whose entity was not resolved counts as not interpreted:
    the words were the trouble, and other words would resolve.
    """
    top = turn.interpretations[0] if turn.interpretations else None
    if top is None or is_unresolved(turn):
        return uninterpreted_state(canonical(turn.utterance), prompt_kind(turn))
    return interpretation_key(top)


def interpretation_key(interpretation: Interpretation) -> str:
    """`domain|intent|slots`, the slots as JSON with sorted names, so that equal meanings have equal keys."""
    return f"{interpretation.domain}|{interpretation.intent}|{_slots_key(interpretation.slots)}"


def uninterpreted_state(text: str, kind: str) -> str:
    """The state of a request that the assistant could not interpret, by canonical text and prompt kind."""
    return f"{_UNINTERPRETED}|{text}|{kind}"


def is_uninterpreted(state: str) -> bool:
    """Whether a state is one of unread text."""
    return state.startswith(f"{_UNINTERPRETED}|")


def is_unresolved(turn: Turn) -> bool:
    """Whether an entity of the turn was named and not found."""
    return any(entity.status != "resolved" for entity in turn.entities)


def _slots_key(slots: Mapping[str, object]) -> str:
    return _encode_sorted(dict(slots)) if slots else ""


_encode_sorted = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode
