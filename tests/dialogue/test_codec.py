"""The codec of `resay.turn/1`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.dialogue.codec import RECORD_BYTES_MAX, decode, encode, whole
from resay.dialogue.turn import Explicit, Feedback, Reject, Turn, TurnPart
from tests.builders import BASE, record, turn
from tests.strategies import turn_parts

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def reason(raw: bytes) -> str:
    """Why a record is rejected."""
    verdict = decode(raw, where="turns.jsonl:1", now=NOW)
    assert isinstance(verdict, Reject)
    return verdict.reason


def part(raw: bytes) -> TurnPart:
    """The part that a good record carries."""
    verdict = decode(raw, where="turns.jsonl:1", now=NOW)
    assert isinstance(verdict, TurnPart)
    return verdict


@given(turn_parts())
def test_what_is_encoded_is_decoded_again(written: TurnPart):
    """decode(encode(x)) == x, fields that are carried and say nothing included."""
    read = decode(encode(written), where="", now=NOW)

    assert read == written


@given(
    st.binary()
    | st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["schema", "turn_id", "at", "utterance", "hypotheses", "x"]), inner)
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_bytes_whatever_stop_the_codec(raw: bytes):
    """Whatever comes, the answer is a part or a reject with a reason."""
    verdict = decode(raw, where="here", now=NOW)

    assert isinstance(verdict, TurnPart) or (verdict.reason and verdict.raw == raw and verdict.where == "here")


def test_a_turn_survives_the_wire_whole():
    """`whole` carries all of a turn that differs from the defaults."""
    said = turn("play madonna", at=3, intent="play", confidence=0.5, feedback=Feedback(explicit=Explicit.NO), barge_in=True)

    assert part(encode(whole(said))).turn == said


def test_times_are_utc_milliseconds():
    """An offset is taken off and what is finer than a millisecond is dropped; numbers are milliseconds since 1970."""
    assert part(record(at="2026-11-02T10:00:00.123999+01:00")).turn.at == BASE + timedelta(milliseconds=123)
    assert part(record(at=1_793_610_000_123)).turn.at == BASE + timedelta(milliseconds=123)


def test_unknown_fields_are_kept():
    """Fields that this version does not know come back as they were."""
    kept = part(record(**{"x-floor": {"level": [1, 2.5, None]}}))

    assert kept.turn == Turn("t1", "c1", BASE, "play madonna", unknown={"x-floor": {"level": [1, 2.5, None]}})
    assert json.loads(encode(kept))["x-floor"] == {"level": [1, 2.5, None]}


def test_a_number_out_of_range_in_a_field_that_nobody_knows_is_kept_as_text():
    """What we do not know cannot be wrong."""
    assert part(record(x=1).replace(b"1}", b"1e400}")).turn.unknown == {"x": "1e400"}


def test_a_null_field_is_not_carried():
    """A field that is null says nothing about the turn, and overwrites nothing in the merge."""
    assert (
        "session_id"
        not in part(b'{"schema":"resay.turn/1","turn_id":"t","customer_id":"c","at":1793610000000,"utterance":"","session_id":null}').fields
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"not json", "record must be one JSON object; JSON is malformed"),
        (b"[]", "record must be one JSON object; got list"),
        (b"", "was it cut off?"),
        (record()[:-9], "was it cut off?"),
        (record("t1") + record("t2"), "are several records on one line? `curl -d @FILE` joins lines, `--data-binary @FILE` keeps them"),
        (b'\xff{"schema":', "record must be UTF-8; got byte 0xff at 0"),
        (record(utterance="x").replace(b'"x"', b'"\xc3\x28"'), "record must be UTF-8; got byte 0xc3 at"),
        (record(schema="resay.turn/2"), "schema must be 'resay.turn/1'; got 'resay.turn/2'; was it written by a newer version?"),
        (record(schema=None), "schema must be given; it is missing"),
        (record(utterance=None), "utterance must be given (it may be empty); it is missing"),
        (record(utterance=17), "utterance: Expected `str | null`, got `int`"),
        (record(turn_id=""), "turn_id must be 1 to 256 characters without control characters; got ''"),
        (record(customer_id="a\x00b"), "customer_id must be 1 to 256 characters without control characters; got 'a\\x00b'"),
        (record(customer_kind="robot"), "customer_kind: Invalid enum value 'robot'"),
        (record(at=float("nan")), "is NaN or Infinity in it, which JSON does not know?"),
        (record(at="NaN"), "at must be RFC 3339 or milliseconds since 1970; got 'NaN'"),
        (record(at="2026-11-02T09:00:00"), "at must name its offset from UTC; got '2026-11-02T09:00:00'; is a trailing Z missing?"),
        (record(at="2031-01-01T00:00:00Z"), "at must not lie in the future; got '2031-01-01T00:00:00Z'; is the sender's clock right?"),
        (record(at=1_793_610_000), "are these seconds instead of milliseconds?"),
        (record(at="0001-01-01T00:00:00+23:59"), "at must be a time of this age"),
        (record(at=-99_999_999_999_999), "at must be a time of this age"),
        (record(at=True), "at: Expected `int | float | str`, got `bool`"),
        (record(ended_at="yesterday"), "ended_at must be RFC 3339"),
        (record(utterance="la " * 700), "utterance must not be longer than 2,000 characters; got 2,100"),
        (record(hypotheses=[{"text": "a"}] * 101), "hypotheses must not be more than 100; got 101"),
        (record(context={"device_states": {"x": 1}}).replace(b"1}", b"1e400}"), "Number out of range"),
        (record(audio={}).replace(b"{}", b'{"\xff":1}'), "record must be UTF-8; got byte 0xff at"),
        (record(x=1).replace(b"1}", b"[" * 900 + b"]" * 900 + b"}"), "record must not nest deeper than 64 objects and lists"),
        (record(x=1).replace(b"1}", b'"\\ud83d"}'), "is half a surrogate pair in it?"),
    ],
)  # fmt: skip
def test_a_bad_record_is_rejected_with_the_reason(raw: bytes, expected: str):
    """Each kind of bad input has its own sentence."""
    assert expected in reason(raw)


def test_all_faults_are_named_at_once():
    """Who mends a record should have to mend it once."""
    faults = reason(record(turn_id=None, at=None, utterance=5))

    assert faults == "turn_id must be given; it is missing; at must be given; it is missing; utterance: Expected `str | null`, got `int`"


def test_a_record_that_is_too_long_is_rejected_with_its_length():
    """A 10 MB utterance is refused before it is looked at."""
    assert reason(record(utterance="a" * 10_000_000)) == f"record must not be longer than {RECORD_BYTES_MAX:,} bytes; got 10,000,115"


def test_brackets_inside_strings_do_not_nest():
    """What a customer says may hold any number of brackets."""
    assert part(record(utterance="[{" * 500 + '"')).turn.utterance == "[{" * 500 + '"'


def test_many_shallow_objects_are_not_deep():
    """A long n-best list is wide, not deep."""
    assert len(part(record(hypotheses=[{"text": "a"}] * 100)).turn.hypotheses) == 100
