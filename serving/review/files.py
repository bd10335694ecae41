"""Rules as files: CSV for tables, JSON for programs. What is written can be read again; what cannot be read says which line, and why."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from markov.draft import Draft
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Place, Rewrite
from resay.store.books import Veto
from serving.review.drafting import DRAFTS_MAX
from serving.trials.fared import UNTRIED, Fared

TEXT_CHARS_MAX = 2_000
"""Longest text of a field, as the wire has it."""


class RulesForm(StrEnum):
    """How rules are written."""

    CSV = "csv"
    JSON = "json"


class UnreadableRules(ResayError):
    """A file holds no rules that could be read."""


@dataclass(frozen=True, slots=True)
class RulesFile:
    """What a file asks for."""

    drafts: tuple[Draft, ...]
    blocked: tuple[tuple[str, str], ...]
    """Source and target of what must never be said; empty stands for any."""


_WORDS = ("do", "source", "target", "prompt_kind", "room", "device_type")
"""What is read again; the other columns tell how a rewrite stands."""

_FIGURES = ("rewrite_id", "risk", "support", "times", "success_as_said", "success_as_rewritten", "stage", "wins", "losses")

REWRITE, BLOCK = "rewrite", "block"
"""What a row asks for."""


def rules_rows(rewrites: Sequence[Rewrite], fared: Mapping[str, Fared], vetoes: Sequence[Veto]) -> list[dict[str, object]]:
    """Rows of a file, the table first."""
    return [_row(each, fared.get(each.rewrite_id, UNTRIED)) for each in rewrites] + [
        {"do": BLOCK, "source": each.source, "target": each.target} for each in vetoes
    ]


def written(rows: Sequence[Mapping[str, object]], form: RulesForm) -> str:
    """A file of these rows."""
    if form is RulesForm.JSON:
        return json.dumps({"rules": rows}, ensure_ascii=False, indent=1) + "\n"
    text = io.StringIO()
    writer = csv.DictWriter(text, (*_WORDS, *_FIGURES), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_rules(text: str, *, allowed: bool) -> RulesFile:
    """What a file asks for, JSON or CSV; `allowed`: whether who asks allows what is risky.

    Raises: UnreadableRules.
    """
    rows = _json_rows(text) if text.lstrip()[:1] in {"{", "["} else _csv_rows(text)
    if len(rows) > DRAFTS_MAX:
        message = f"a file must hold at most {DRAFTS_MAX:,} rules; got {len(rows):,}; can it be split?"
        raise UnreadableRules(message)
    return rules_of(rows, allowed=allowed)


def rules_of(rows: Sequence[Mapping[str, Any]], *, allowed: bool) -> RulesFile:
    """What rows ask for.

    Raises: UnreadableRules, naming all rows at fault.
    """
    faults = [f"row {number}: {fault}" for number, row in enumerate(rows, 1) for fault in _faults(row)]
    if faults:
        more = f"; and {len(faults) - 5:,} more" if len(faults) > 5 else ""
        message = f"rules must have `source` and `target`; {'; '.join(faults[:5])}{more}; is the first line that of the columns?"
        raise UnreadableRules(message)
    drafts = [
        Draft(row["source"], row["target"], Place(*(str(row.get(name) or "") for name in _WORDS[3:])), allowed)
        for row in rows
        if (row.get("do") or REWRITE) == REWRITE
    ]
    blocked = [(str(row.get("source") or ""), str(row.get("target") or "")) for row in rows if row.get("do") == BLOCK]
    return RulesFile(tuple(drafts), tuple(blocked))


def _faults(row: Mapping[str, Any]) -> list[str]:
    if row.get("do") not in {None, "", REWRITE, BLOCK}:
        return [f"`do` is {REWRITE} or {BLOCK}"]
    texts = [row.get(name) or "" for name in _WORDS[1:]]
    if not all(isinstance(each, str) and len(each) <= TEXT_CHARS_MAX for each in texts):
        return [f"fields are texts of at most {TEXT_CHARS_MAX:,} characters"]
    if row.get("do") == BLOCK:
        return [] if any(texts[:2]) else ["a block must name a source or a target"]
    return [] if all(texts[:2]) else ["no source or no target"]


def _row(rewrite: Rewrite, fared: Fared) -> dict[str, object]:
    figures = {name: getattr(rewrite, name) for name in (*_WORDS[1:], *_FIGURES[:6])}
    return {"do": REWRITE, **figures, "stage": fared.stage.value, "wins": fared.applied.right, "losses": fared.applied.wrong}


def _json_rows(text: str) -> list[dict[str, Any]]:
    try:
        read = json.loads(text)
    except ValueError as error:
        message = f"rules must be JSON or CSV; {error}; was the file cut short?"
        raise UnreadableRules(message) from error
    rows = read.get("rules") if isinstance(read, dict) else read
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        message = "rules must be a list of objects, or stand under `rules`; got something else; is it a file of `resay rules export`?"
        raise UnreadableRules(message)
    return rows


def _csv_rows(text: str) -> list[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    if not {"source", "target"} <= set(reader.fieldnames or ()):
        message = (
            f"the first line must name the columns source and target; got {(reader.fieldnames or [])[:8]}; is it a CSV file with commas?"
        )
        raise UnreadableRules(message)
    try:
        return list(reader)
    except csv.Error as error:
        message = f"rules must be JSON or CSV; {error}; is a field too long?"
        raise UnreadableRules(message) from error
