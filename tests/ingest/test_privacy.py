"""Keyed hashes in place of customer ids."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.privacy import Pseudonymise, pseudonym
from resay.dialogue.codec import decode, encode
from resay.dialogue.turn import TurnPart
from tests.builders import record
from tests.strategies import ids, turn_parts

MASK = Pseudonymise("key")
ALICE = pseudonym("alice", "key")


def test_a_pseudonym_is_the_same_under_the_same_key_only():
    """Customers stay apart, and another key makes other pseudonyms."""
    assert pseudonym("alice", "key") == ALICE
    assert len({ALICE, pseudonym("bob", "key"), pseudonym("alice", "other key")}) == 3
    assert ALICE.startswith("h1:")
    assert len(ALICE) == 35


def test_hashing_twice_changes_nothing():
    """Replayed records are hashed already."""
    assert pseudonym(ALICE, "key") == ALICE
    assert MASK(MASK(record(customer_id="alice"))) == MASK(record(customer_id="alice"))


def test_the_rest_of_a_record_stays_byte_for_byte():
    """Unknown fields, spaces and the order of fields are the sender's."""
    raw = b'{ "x":1.50,  "customer_id" : "alice" , "note":"\\u00e9 \\"customer_id\\": \\"alice\\"" }'

    assert MASK(raw) == raw.replace(b'"customer_id" : "alice"', f'"customer_id" : "{ALICE}"'.encode())


@pytest.mark.parametrize(
    "raw",
    [
        b'{"customer_id":"alice","at":',  # cut off behind the id
        b'{"customer_id":"alice',  # cut off within it
        b'{"customer_id":"al\\u0069ce"}',  # spelled in another way
        b'{"customer\\u005fid":"alice"}',  # named in another way
        b'{"turn":{"customer_id":"alice"},"customer_id":"alice"}',
        b'\xff{"customer_id":"alice"}',
        b'{"customer_id":"alice"} trailing',
    ],
)
def test_broken_records_are_hashed_where_the_id_can_be_found(raw: bytes):
    """Dead letters are stored too."""
    assert ALICE.encode() in MASK(raw)
    assert b"alice" not in MASK(raw)
    assert b"ce" not in MASK(raw)


def test_an_id_of_the_wrong_type_is_hashed_too():
    """It will be rejected, and kept."""
    assert json.loads(MASK(record(customer_id=1234567)))["customer_id"] == pseudonym("1234567", "key")


@given(turn_parts(), ids)
def test_a_masked_record_is_the_record_of_the_pseudonym(part: TurnPart, key: str):
    """Whatever the record holds, only whose it is changes."""
    masked = decode(Pseudonymise(key)(encode(part)), where="", now=datetime(2026, 11, 21, tzinfo=UTC))

    assert isinstance(masked, TurnPart)
    assert masked.turn.customer_id == pseudonym(part.turn.customer_id, key)
    assert (masked.turn.turn_id, masked.fields, masked.turn.utterance) == (part.turn.turn_id, part.fields, part.turn.utterance)


@given(st.binary())
def test_no_bytes_whatever_stop_the_mask(raw: bytes):
    """A mask answers bytes for bytes."""
    assert isinstance(MASK(raw), bytes)
    assert isinstance(MASK(b'{"customer_id":"' + raw), bytes)
