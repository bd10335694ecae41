"""`POST /v1/failure-point`: verdicts over HTTP."""

from __future__ import annotations

import json
from pathlib import Path

from serving.failure_point_api import EXPLAINED_MAX, TURNS_MAX
from tests.failure_point.made_model import write_made_model
from tests.serving.conftest import Serve, client_of
from tests.serving.test_turns_api import lines, record

REFUSED = {"text": "Sorry, I couldn't understand that", "status": "unsupported"}


def test_turns_are_judged_in_one_call(home: Path, serve: Serve):
    """Each record has a verdict, by customer and time; a bad one is named and stops no other."""
    write_made_model(home / "model")
    body = b"\n".join([lines(record("t1", response=REFUSED), record("t2", utterance="")), b"not json"])
    with client_of(serve(home, failure_point=home / "model")) as client:
        reply = client.post("/v1/failure-point", content=body).json()

    assert [(each["turn_id"], each["failure_point"]) for each in reply["verdicts"]] == [("t1", "nlu"), ("t2", "false_wake")]
    assert abs(sum(reply["verdicts"][0]["probabilities"].values()) - 1) < 1e-3
    assert "evidence" not in reply["verdicts"][0]
    assert [fault.split(":")[0] for fault in reply["faults"]] == ["record 3"]


def test_evidence_is_told_where_it_is_asked_for(home: Path, serve: Serve):
    """With `explain` each verdict says what it rests on."""
    write_made_model(home / "model")
    with client_of(serve(home, failure_point=home / "model")) as client:
        reply = client.post("/v1/failure-point?explain=true", json=[record("t1", response=REFUSED)]).json()

    assert reply["verdicts"][0]["evidence"][0]["what"] == "was_refused"


def test_a_missing_model_is_said_and_stops_nothing_else(home: Path, serve: Serve):
    """The route answers 503 with what is wrong; the service goes on."""
    with client_of(serve(home, failure_point=home / "nowhere")) as client:
        reply = client.post("/v1/failure-point", json=[record("t1")])
        alive = client.get("/healthz")

    assert (reply.status_code, alive.status_code) == (503, 200)
    assert "must hold a model of failure points" in reply.json()["detail"]


def test_too_many_records_are_refused(home: Path, serve: Serve):
    """A body beyond the limit is answered with the limit; so is an empty one."""
    with client_of(serve(home, failure_point=home / "nowhere")) as client:
        many = client.post("/v1/failure-point", content="\n".join(["{}"] * (TURNS_MAX + 1)))
        explained = client.post("/v1/failure-point?explain=1", content="\n".join([json.dumps({})] * (EXPLAINED_MAX + 1)))
        empty = client.post("/v1/failure-point", content=b"")

    assert [each.status_code for each in (many, explained, empty)] == [422, 422, 422]
    assert f"more than {TURNS_MAX:,} records" in many.json()["detail"]


def test_nobody_is_answered_without_a_key(home: Path, serve: Serve):
    """As every endpoint under `/v1`."""
    with client_of(serve(home), key=None) as client:
        assert client.post("/v1/failure-point", json=[record("t1")]).status_code == 401
