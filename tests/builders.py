"""Builders: values for tests, with everything that the test is not about supplied."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from resay.dialogue.rewrite import BeforeRequest, Heard, Rewrite, Risk
from resay.dialogue.session import Session
from resay.dialogue.turn import Interpretation, Prompt, Response, ResponseStatus, Turn
from resay.store.rewrites import PROOF_FILE, REWRITES_FILE, encode_rewrites, rewrite_id_of

BASE = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""The instant from which builders count seconds: a Monday morning."""


def turn(  # noqa: PLR0913 - a builder names whatever a test may be about.
    utterance: str = "play madonna",
    *,
    at: float = 0,
    customer: str = "c1",
    turn_id: str | None = None,
    status: ResponseStatus | str | None = ResponseStatus.DONE,
    intent: str | None = None,
    domain: str = "",
    slots: Mapping[str, object] | None = None,
    confidence: float | None = None,
    prompt_kind: str | None = None,
    prompt: str = "",
    response: str = "",
    **others: Any,
) -> Turn:
    """A turn `at` seconds after the base instant; `others` are fields of `Turn` by their own names.

    Its id tells customer and second; `status=None` leaves the response out, no `intent` leaves it uninterpreted.
    """
    reading = Interpretation(intent, domain=domain, slots=dict(slots or {}), confidence=confidence) if intent is not None else None
    content: dict[str, Any] = {
        "interpretations": (reading,) if reading else (),
        "prompt": None if prompt_kind is None and not prompt else Prompt(text=prompt, kind=prompt_kind or ""),
        "response": None if status is None else Response(text=response, status=ResponseStatus(status)),
    }
    return Turn(
        turn_id=turn_id or f"{customer}@{at:g}",
        customer_id=customer,
        at=BASE + timedelta(seconds=at),
        utterance=utterance,
        **(content | others),
    )


def session(*turns: Turn) -> Session:
    """Turns of one customer as one session, whatever their gaps."""
    return Session(turns[0].customer_id, turns)


def rewrite(source: str = "play madona", target: str = "play madonna", *, prompt_kind: str = "", **others: Any) -> Rewrite:
    """A rewrite that the gate lets pass; `others` are fields of `Rewrite` by their own names."""
    room, device_type = others.get("room", ""), others.get("device_type", "")
    content: dict[str, Any] = {
        "rewrite_id": rewrite_id_of(source, prompt_kind, target, room=room, device_type=device_type),
        "state": "music|play|",
        "risk": Risk.LOW,
        "score": 0.8,
        "success_as_said": 0.1,
        "success_as_rewritten": 0.9,
        "support": 12,
        "times": 20,
        "evidence": ("t1", "t2"),
    }
    return Rewrite(source=source, target=target, prompt_kind=prompt_kind, **(content | others))


def asked(utterance: str = "play madona", *, prompt_kind: str | None = None, turn_id: str = "t1", **others: Any) -> BeforeRequest:
    """A request for a rewrite in mode `before`; `others` are fields of `Heard` by their own names."""
    prompt = None if prompt_kind is None else Prompt(kind=prompt_kind)
    content: dict[str, Any] = {"customer_id": "c1", "at": BASE, "prompt": prompt}
    return BeforeRequest(Heard(turn_id=turn_id, utterance=utterance, **(content | others)))


def rewrite_files(*rewrites: Rewrite) -> dict[str, bytes]:
    """The files of a generation that holds these rewrites, with a proof that they were checked, those of high risk by a person."""
    table = encode_rewrites(rewrites)
    proof = {
        "verdict": "proven",
        "table_sha256": hashlib.sha256(table).hexdigest(),
        "rewrites": len(rewrites),
        "parameters": {"customers_min": 10, "high_risk_factor": 3, "approved": sum(each.risk is Risk.HIGH for each in rewrites)},
    }
    return {REWRITES_FILE: table, PROOF_FILE: json.dumps(proof).encode()}


def record(turn_id: str = "t1", **fields: object) -> bytes:
    """A record of `resay.turn/1`, as it lies on a log; `fields` are its fields by their own names, and None leaves one out."""
    content: dict[str, object] = {
        "schema": "resay.turn/1",
        "turn_id": turn_id,
        "customer_id": "c1",
        "at": "2026-11-02T09:00:00.000Z",
        "utterance": "play madonna",
    }
    return json.dumps({name: value for name, value in (content | fields).items() if value is not None}, ensure_ascii=False).encode()
