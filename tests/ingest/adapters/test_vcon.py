"""vCon containers: what they mean for a turn, one claim at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.adapters.adapter import Document, read, turn_parts
from ingest.adapters.vcon import VCON
from resay.dialogue.assembly import assemble
from resay.dialogue.turn import CustomerKind, Reject, Turn

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("parties", "customer"),
    [
        ([{"tel": "+1", "role": "Agent"}, {"tel": "+2", "role": "Customer"}], "+2"),
        ([{"tel": "+1", "role": "bot"}, {"tel": "+2"}], "+2"),
        ([{"tel": "+1"}, {"tel": "+2"}], "+1"),
    ],
)
def test_roles_tell_who_the_customer_is(parties: list[dict[str, str]], customer: str):
    """Where none has a role, it is the first party."""
    turns = _turns(_vcon(_text(0, 0, "zero"), _text(1, 1, "one"), parties=parties))

    assert [turn.customer_id for turn in turns] == [customer]


def test_answers_up_to_the_next_words_are_of_one_turn():
    """Whoever answers may need several messages; what was said before the customer spoke answers nothing."""
    vcon = _vcon(_text(1, 0, "Hello!"), _text(0, 1, "where is it"), _text(1, 2, "One moment."), _text(1, 3, "It is here."))

    (turn,) = _turns(vcon)

    assert turn.utterance == "where is it"
    assert turn.response is not None and turn.response.text == "One moment.\nIt is here."


def test_a_party_without_a_name_counts_towards_no_floor():
    """Nobody can tell whether they have called before."""
    (turn,) = _turns(_vcon(_text(0, 0, "hello"), parties=[{}, {}]))

    assert (turn.customer_id, turn.customer_kind) == ("v1", CustomerKind.SESSION)


def test_recordings_are_passed_over():
    """They hold no words."""
    assert _turns(_vcon({"type": "recording", "start": "2026-11-02T09:00:00Z", "url": "https://example.com/a.wav"})) == []


@pytest.mark.parametrize("sealed", [{"payload": "e30", "signatures": []}, {"ciphertext": "x", "recipients": []}])
def test_sealed_containers_are_refused(sealed: dict[str, Any]):
    """They are recognised, and the reason says what would be read."""
    verdict = read(VCON, Document(sealed, "a.vcon"), now=NOW)

    assert VCON.recognises(sealed)
    assert isinstance(verdict, Reject)
    assert "must be in its unsigned form" in verdict.reason


def _text(speaker: int, second: int, body: str) -> dict[str, Any]:
    return {"type": "text", "start": f"2026-11-02T09:00:0{second}Z", "parties": [speaker], "body": body, "encoding": "none"}


def _vcon(*dialog: dict[str, Any], parties: list[dict[str, str]] | None = None) -> dict[str, Any]:
    return {"vcon": "0.4.0", "uuid": "v1", "parties": parties or [{"tel": "+1"}, {"tel": "+2"}], "dialog": list(dialog)}


def _turns(vcon: object) -> list[Turn]:
    told = read(VCON, Document(vcon, "made"), now=NOW)
    assert not isinstance(told, Reject)
    parts = list(turn_parts(VCON, told))
    turns = [assemble([part for part in parts if part.turn.turn_id == turn_id]) for turn_id in dict.fromkeys(p.turn.turn_id for p in parts)]
    return [turn for turn in turns if turn is not None]
