"""Rows in bulk: what is read column by column is what the codec reads record by record."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.privacy import Pseudonymise, pseudonym
from ingest.row import read_batch
from resay.dialogue.codec import RECORD_BYTES_MAX, decode, encode
from resay.dialogue.state import interpretation_key, is_unresolved
from resay.dialogue.text import canonical
from resay.dialogue.turn import Reject, TurnPart
from tests.builders import record
from tests.strategies import turn_parts, values

NOW = datetime(2026, 11, 21, tzinfo=UTC)

TOKENS = [
    *(b"null", b"true", b"0", b"-1", b"1.5", b"1e5", b"1e999", b"-1E-400", b"1" * 400, b"01", b"1.", b"NaN", b"[]", b"{}", b"[{}]"),
    *(b'""', b'"x"', b'"\\ud800"', b'"\\u0000"', b'"\x7f"', b'"\xff"', b'"\xed\xa0\x80"', b'"\\q"', b'{"a":1e999}', b'{"\xff":1}'),
    *(
        b'{"a":{"b":[1e5]}}',
        b"[" * 70 + b"]" * 70,
        b'"2026-11-02T09:00:00.000Z"',
        b'"2026-02-29T09:00:00.000Z"',
        b'"2024-02-29T09:00:00.000Z"',
    ),
    *(b'"2026-11-02T09:00:00.0004Z"', b'"2026-11-02 09:00:00+02:00"', b'"2026-11-02T24:00:00.000Z"', b'"2026-11-30T23:59:59.999Z"'),
    *(b'"1999-12-31T23:59:59.999Z"', b'"2026-11-31T09:00:00.000Z"', b"1793000000000", b"1793000000000.9", b'"done"', b'"whole"', b'"said"'),
]
"""Values as they may stand on the wire: of every type, out of range, half broken, and times of every form."""

PATHS = [
    *("schema", "turn_id", "customer_id", "at", "utterance", "part", "customer_kind", "session_id", "hypotheses", "interpretations"),
    *("entities", "prompt", "response", "barge_in", "ended_at", "audio", "context", "feedback", "rewrite", "cohorts", "versions", "x-new"),
    *(
        "context.device_states",
        "context.room",
        "interpretations.slots",
        "interpretations.confidence",
        "hypotheses.score",
        "entities.status",
    ),
    *("response.status", "feedback.explicit", "rewrite.original", "audio.snr_db"),
]


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A record with one value put in another's place, or with some bytes gone, doubled or changed."""
    raw = encode(draw(turn_parts()))
    if draw(st.booleans()):
        return _with(json.loads(raw), draw(st.sampled_from(PATHS)), draw(st.sampled_from(TOKENS)))
    start = draw(st.integers(0, len(raw)))
    end = draw(st.integers(start, min(len(raw), start + 3)))
    return raw[:start] + draw(st.binary(max_size=2)) + raw[end:]


@given(st.lists(turn_parts().map(encode) | spoilt(), max_size=6))
@example([record("t1", at="2026-11-02T09:00:00.000Z"), record("t2", at=1_793_000_000_000), record("t3", at="2024-02-29T09:00:00.000Z")])
def test_in_bulk_the_same_records_are_good_and_say_the_same(raws: list[bytes]):
    """Columns and reasons are those that `decode` gives one by one."""
    verdicts = [decode(raw, where="", now=NOW) for raw in raws]

    read = read_batch(raws, overlong={}, now=NOW)

    assert read.bad == {place: verdict for place, verdict in enumerate(verdicts) if isinstance(verdict, Reject)}
    good = [(place, verdict) for place, verdict in enumerate(verdicts) if isinstance(verdict, TurnPart)]
    assert list(read.good) == [place for place, _ in good]
    assert read.columns.to_pylist() == [row(part, raws[place]) for place, part in good]


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: repr(token[:24]))
def test_in_bulk_every_odd_value_at_every_place_is_judged_alike(token: bytes):
    """One by one and in bulk, for each value in the place of each field."""
    whole = {
        **json.loads(record("t1")),
        **{"hypotheses": [{"text": "a"}], "interpretations": [{"intent": "i"}], "entities": [{"slot": "s"}], "context": {}, "audio": {}},
        **{"response": {}, "feedback": {}, "rewrite": {"decision_id": "d", "original": "o"}},
    }
    raws = [_with(whole, path, token) for path in PATHS]
    verdicts = [decode(raw, where="", now=NOW) for raw in raws]

    read = read_batch(raws, overlong={}, now=NOW)

    assert {PATHS[place]: reject.reason for place, reject in read.bad.items()} == {
        path: verdict.reason for path, verdict in zip(PATHS, verdicts, strict=True) if isinstance(verdict, Reject)
    }


@given(st.dictionaries(st.text(max_size=5), values, max_size=3))
def test_slots_have_one_key_however_they_are_written(slots: dict[str, Any]):
    """Spaces, and the order of names, make no difference."""
    turned = dict(reversed(slots.items()))
    raws = [record(f"t{number}", interpretations=[{"intent": "i", "slots": each}]) for number, each in enumerate([slots, turned])]
    spaced = json.dumps(json.loads(raws[0]), indent=1, ensure_ascii=False).encode()

    read = read_batch([*raws, spaced], overlong={}, now=NOW)

    assert len(set(read.columns.column("interpretation").to_pylist())) == 1


def test_a_record_that_was_cut_is_refused_even_where_what_is_left_reads_well():
    """Spaces behind an object are part of the record: too long is too long."""
    cut = record("t1").ljust(RECORD_BYTES_MAX)

    read = read_batch([record("t0"), cut], overlong={1: RECORD_BYTES_MAX + 1}, now=NOW)

    assert list(read.good) == [0]
    assert read.bad[1].reason == "record must not be longer than 1,048,576 bytes; got 1,048,577"


def test_masks_are_put_on_before_anything_is_read():
    """Neither columns, nor body, nor reject show what was masked."""
    read = read_batch(
        [record("t1", customer_id="ann"), record("t2", customer_id="ann", at="soon")], overlong={}, now=NOW, mask=Pseudonymise("k")
    )

    assert read.columns.column("customer_id").to_pylist() == [pseudonym("ann", "k")]
    assert b"ann" not in read.bad[1].raw
    assert "ann" not in read.columns.column("body")[0].as_py()


def row(part: TurnPart, raw: bytes) -> dict[str, Any]:
    """The columns of one part, in plain Python."""
    turn, carried = part.turn, part.fields
    top = turn.interpretations[0] if turn.interpretations else None
    context = turn.context if "context" in carried else None
    score = turn.hypotheses[0].score if turn.hypotheses else None
    return {
        **{"turn_id": turn.turn_id, "part": part.part, "customer_id": turn.customer_id, "event_time": turn.at},
        "customer_kind": turn.customer_kind.value if "customer_kind" in carried else None,
        "session_id": turn.session_id,
        "utterance": turn.utterance if "utterance" in carried else None,
        "canonical": canonical(turn.utterance) if "utterance" in carried else None,
        "original": canonical(turn.rewrite.original) if turn.rewrite else None,
        "prompt_kind": turn.prompt.kind if turn.prompt else None,
        "interpretation": (interpretation_key(top) if top else "") if "interpretations" in carried else None,
        "unresolved": is_unresolved(turn) if "entities" in carried else None,
        "confidence": top.confidence if top else None,
        "asr_score": (-math.inf if score is None else score) if "hypotheses" in carried else None,
        "status": turn.response.status.value if turn.response else None,
        "barge_in": turn.barge_in if "barge_in" in carried else None,
        "ended_at": turn.ended_at,
        "explicit": (turn.feedback.explicit or "") if turn.feedback else None,
        "room": context.room if context else None,
        "device_type": context.device_type if context else None,
        "rewrite_id": turn.rewrite.rewrite_id if turn.rewrite else None,
        "decision_id": turn.rewrite.decision_id if turn.rewrite else None,
        "arm": turn.rewrite.arm if turn.rewrite else None,
        "cohorts": list(turn.cohorts) if "cohorts" in carried else None,
        "body": raw.decode(),
    }


def _with(record: dict[str, Any], path: str, token: bytes) -> bytes:
    """A record with a value, given as it stands on the wire, in place of what stands at a path; lists are entered at their first member."""
    mark = "\N{SYMBOL FOR SUBSTITUTE}"
    whole = json.loads(json.dumps(record))
    *outer, last = path.split(".")
    inner: Any = whole
    for name in outer:
        inner = inner.setdefault(name, {})
        inner = inner[0] if isinstance(inner, Sequence) and inner else inner
    if isinstance(inner, dict):
        inner[last] = mark
    return json.dumps(whole, ensure_ascii=False).encode().replace(f'"{mark}"'.encode(), token)
