"""`POST /v1/turns`: records over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from resay.store.lake import Lake
from resay.store.turns import read_turns
from serving.turns_api import records_of
from tests.serving.conftest import Serve, client_of


def record(turn_id: str, **others: Any) -> dict[str, Any]:
    base = {"schema": "resay.turn/1", "turn_id": turn_id, "customer_id": "c1", "at": "2026-11-02T09:00:00Z", "utterance": "play madonna"}
    return base | others


def lines(*records: object) -> bytes:
    return "\n".join(json.dumps(each) for each in records).encode()


def test_records_land_in_the_lake(home: Path, serve: Serve):
    """JSON lines, an array and a single record all become turns."""
    with client_of(serve(home)) as client:
        replies = [
            client.post("/v1/turns", content=lines(record("t1"), record("t2")), headers={"Content-Type": "application/x-ndjson"}),
            client.post("/v1/turns", json=[record("t3"), record("t4")]),
            client.post("/v1/turns", content=json.dumps(record("t5"), indent=2)),
        ]

    assert [reply.json()["accepted"] for reply in replies] == [2, 2, 1]
    assert {turn.turn_id for turn in read_turns(Lake(home / "lake"))} == {"t1", "t2", "t3", "t4", "t5"}


def test_bad_records_do_not_stop_good_ones(home: Path, serve: Serve):
    """The reply says how many were rejected and why; they are counted, and kept as dead letters."""
    body = b"\n".join([lines(record("t1")), b"not json", lines(record("t2", schema="resay.turn/9")), lines(record("t3"))])
    with client_of(serve(home)) as client:
        reply = client.post("/v1/turns", content=body).json()
        counted = client.get("/metrics").text

    assert (reply["accepted"], reply["rejected"], reply["duplicates"]) == (2, 2, 0)
    assert any("must be one JSON object" in fault for fault in reply["faults"])
    assert any("schema must be 'resay.turn/1'" in fault for fault in reply["faults"])
    assert 'resay_events_rejected_total{reason="unreadable",source="http"} 2.0' in counted
    assert 'resay_events_accepted_total{source="http"} 2.0' in counted


def test_sending_again_is_safe(home: Path, serve: Serve):
    """Who heard nothing sends all again; nothing is there twice."""
    with client_of(serve(home)) as client:
        first = client.post("/v1/turns", json=[record("t1")]).json()
        again = client.post("/v1/turns", json=[record("t1"), record("t2")]).json()

    assert (first["accepted"], first["duplicates"]) == (1, 0)
    assert (again["accepted"], again["duplicates"]) == (1, 1)


def test_customer_ids_are_hashed_where_a_key_is_set(home: Path, serve: Serve):
    """The lake never sees the customer's own id."""
    with client_of(serve(home, hash_key="secret")) as client:
        client.post("/v1/turns", json=[record("t1", customer_id="maria@example.org")])

    (turn,) = read_turns(Lake(home / "lake"))
    assert turn.customer_id.startswith("h1:")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "must hold at least one record"),
        (b"  \n \n", "must hold at least one record"),
        (b"[]", "must hold at least one record"),
        (b'[{"a": 1}, ', "was it cut short?"),
        (b"{}\n" * 10_001, "must not hold more than 10,000 records"),
    ],
)
def test_a_body_without_records_is_told_so(client: httpx.Client, body: bytes, sentence: str):
    """422 and one clear sentence."""
    reply = client.post("/v1/turns", content=body)

    assert reply.status_code == 422
    assert sentence in reply.json()["detail"]


def test_the_key_is_needed(client: httpx.Client):
    """Whoever may write a log may make Resay learn."""
    client.headers.pop("Authorization")

    assert client.post("/v1/turns", json=[record("t1")]).status_code == 401


def test_a_lake_that_cannot_be_written_is_told_and_answers_go_on(home: Path, serve: Serve):
    """503 with what to do; the records are the sender's to send again."""
    (home / "lake").write_text("in the way")
    with client_of(serve(home)) as client:
        reply = client.post("/v1/turns", json=[record("t1")])
        alive = client.get("/healthz")

    assert (reply.status_code, alive.status_code) == (503, 200)
    assert "must be a folder that can be read and written" in reply.json()["detail"]


@pytest.mark.parametrize(
    ("body", "records"),
    [
        (b'{"a": 1}', [b'{"a": 1}']),
        (b'{"a":\n 1}', [b'{"a":\n 1}']),
        (b'{"a": 1}\n\n{"b": 2}\r\n', [b'{"a": 1}', b'{"b": 2}\r']),
        (b' [ {"a": 1} , 2 ]', [b'{"a": 1}', b"2"]),
        (b"half", [b"half"]),
        (b"\xff\n{}", [b"\xff", b"{}"]),
    ],
)
def test_records_are_taken_as_they_came(body: bytes, records: list[bytes]):
    """Byte for byte, so that a dead letter shows what was sent."""
    assert records_of(body) == records
