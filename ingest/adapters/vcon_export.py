"""Sessions as vCon containers, the way back of `vcon`: what was said and answered as dialogs of type text, what we know of it as analysis.

The words of a dialog are the customer's own; what we said for them stands in our analysis, so that whoever imports it learns from no words
of ours as if they were theirs. A turn without words cannot be said.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from ingest.adapters.vcon import OUR_TURN, VENDOR
from resay.dialogue.codec import iso_ms
from resay.dialogue.turn import CustomerKind, Turn, said
from resay.label.verdicts import Verdict

VERSION = "0.4.0"
"""As draft-ietf-vcon-vcon-core-04 has it."""

CUSTOMER, ASSISTANT = 0, 1
"""Places of the parties."""


def container_of(turns: Sequence[Turn], verdicts: Mapping[str, Sequence[Verdict]], *, now: datetime) -> bytes | None:
    """A session of one customer as a container, JSON; nothing where no turn of it has words."""
    sayable = [turn for turn in turns if said(turn).strip()]
    if not sayable:
        return None
    dialogs: list[dict[str, object]] = []
    analysis: list[dict[str, object]] = []
    for turn in sayable:
        place = len(dialogs)
        dialogs.append(_dialog(CUSTOMER, said(turn), turn.at))
        if turn.response is not None and turn.response.text.strip():
            dialogs.append(_dialog(ASSISTANT, turn.response.text, max(turn.ended_at or turn.at, turn.at)))
        analysis.append(_analysis(OUR_TURN, place, _known_of(turn)))
        told = ({"label": each.label, "score": each.score, "explanation": each.explanation} for each in verdicts.get(turn.turn_id, ()))
        analysis += [_analysis(each.name, place, body) for each, body in zip(verdicts.get(turn.turn_id, ()), told, strict=True)]
    return msgspec.json.encode(
        {
            "vcon": VERSION,
            "uuid": _uuid(sayable[0]),
            "created_at": iso_ms(now),
            "parties": [_customer(sayable[0]), {"role": "assistant"}],
            "dialog": dialogs,
            "analysis": analysis,
        }
    )


def _customer(turn: Turn) -> dict[str, str]:
    # Whoever is known for one session only has no name that would mean anything elsewhere.
    named = {} if turn.customer_kind is CustomerKind.SESSION else {"name": turn.customer_id}
    return {**named, "role": "customer"}


def _uuid(turn: Turn) -> str:
    """The session's own id where it is a UUID; else one that is made of it, and the same again for the same session."""
    try:
        if turn.session_id and str(uuid.UUID(turn.session_id)) == turn.session_id:
            return turn.session_id
    except ValueError:
        pass
    digest = hashlib.sha256("\x1f".join((turn.customer_id, turn.session_id or turn.turn_id)).encode()).digest()
    # Version 8 (RFC 9562): of a making of one's own.
    fixed = bytes([digest[6] & 0x0F | 0x80, digest[7], digest[8] & 0x3F | 0x80])
    return str(uuid.UUID(bytes=digest[:6] + fixed + digest[9:16]))


def _dialog(speaker: int, words: str, at: datetime) -> dict[str, object]:
    return {
        "type": "text",
        "start": iso_ms(at),
        "parties": [speaker, 1 - speaker],
        "originator": speaker,
        "mediatype": "text/plain",
        "encoding": "none",
        "body": words,
    }


def _known_of(turn: Turn) -> dict[str, object]:
    """What no dialog says of a turn; the customer's words are not repeated, as dialogs may be redacted."""
    known: dict[str, object] = {"turn_id": turn.turn_id}
    if turn.response is not None:
        known["response"] = {"status": turn.response.status, "action": turn.response.action}
    if turn.rewrite is not None:
        names = ("decision_id", "rewrite_id", "generation", "layer", "experiment", "arm")
        known["rewrite"] = {name: value for name in names if (value := getattr(turn.rewrite, name)) is not None}
        known["utterance"] = turn.utterance
    return known


def _analysis(kind: str, dialog: int, body: Mapping[str, object]) -> dict[str, object]:
    return {
        "type": kind,
        "dialog": dialog,
        "vendor": VENDOR,
        "product": "resay",
        "mediatype": "application/json",
        "encoding": "json",
        "body": msgspec.json.encode(body).decode(),
    }
