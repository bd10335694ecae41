"""Rewrites as custom sentences of Home Assistant: what a wording that works means, said of the wording that failed.

Knows hassil's files and which rewrites can be said in them; knows nothing of where rewrites lie, nor which are vetoed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from resay.dialogue.rewrite import Rewrite
from resay.dialogue.state import is_uninterpreted
from resay.dialogue.text import canonical

SAY_INTENT = "ResaySay"
"""The intent of a sentence whose meaning only the assistant knows: its slot `say` holds what is to be said to it instead."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A custom sentence."""

    intent: str
    words: str
    slots: Mapping[str, object]
    requires: Mapping[str, object]
    """Of the context: where it holds."""
    excludes: Mapping[str, object]
    rewrite_id: str


@dataclass(frozen=True, slots=True)
class Sentences:
    """Those that can be said so, and how many cannot."""

    sentences: tuple[Sentence, ...]
    left_out: Mapping[str, int]
    """Rewrites by the reason why they cannot."""


def custom_sentences(rewrites: Iterable[Rewrite]) -> Sentences:
    """The sentences of rewrites, in their order."""
    sentences: list[Sentence] = []
    left_out: dict[str, int] = {}
    for rewrite in rewrites:
        if reason := _why_not(rewrite):
            left_out[reason] = left_out.get(reason, 0) + 1
        else:
            sentences.append(_sentence(rewrite))
    return Sentences(tuple(sentences), left_out)


def yaml_of(sentences: Iterable[Sentence], *, language: str, title: str) -> str:
    """The file, each value as JSON has it: that is YAML too, and nothing in a wording can be taken for anything else."""
    by_intent: dict[str, list[Sentence]] = {}
    for each in sentences:
        by_intent.setdefault(each.intent, []).append(each)
    lines = [f"# {title}", f"language: {_json(language)}", "intents:" if by_intent else "intents: {}"]
    for intent in sorted(by_intent):
        lines += [f"  {_json(intent)}:", "    data:"]
        for each in by_intent[intent]:
            lines.append(f"      - sentences: {_json([each.words])}")
            told = {"slots": each.slots, "requires_context": each.requires, "excludes_context": each.excludes}
            lines += [f"        {name}: {_json(value)}" for name, value in told.items() if value]
            lines.append(f"        metadata: {_json({'resay_rewrite': each.rewrite_id})}")
    return "\n".join(lines) + "\n"


def _why_not(rewrite: Rewrite) -> str:
    """Why a rewrite would be said where it must not be, as a custom sentence; empty where it can be one."""
    if rewrite.prompt_kind:
        return "answers a question of the assistant"
    if rewrite.device_type or rewrite.not_device_types:
        return "holds on some kinds of device only"
    return "does not hold for some customers" if rewrite.not_cohorts else ""


def _sentence(rewrite: Rewrite) -> Sentence:
    intent, slots = (SAY_INTENT, {"say": rewrite.target}) if is_uninterpreted(rewrite.state) else _meaning(rewrite.state)
    requires = {"area": rewrite.room} if rewrite.room else {}
    excludes = {"area": list(rewrite.not_rooms)} if rewrite.not_rooms else {}
    # Canonical text holds none of the signs that templates are made of.
    return Sentence(intent, canonical(rewrite.source), slots, requires, excludes, rewrite.rewrite_id)


def _meaning(state: str) -> tuple[str, Mapping[str, object]]:
    """Intent and slots of a state `domain|intent|slots`."""
    _, intent, slots = state.split("|", 2)
    return intent, json.loads(slots) if slots else {}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
