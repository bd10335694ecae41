"""`POST /v1/rasa/events`: a broker posts events as they happen, one by one or many, and turns are in the lake once."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest

from ingest.arriving import RASA_EVENTS, tell
from resay.dialogue.turn import Turn
from resay.store.forgotten import mark_of
from resay.store.lake import Lake
from resay.store.tables import FORGOTTEN
from resay.store.turns import read_turns
from serving.server import RunningService
from serving.service import Service
from tests.builders import BASE
from tests.serving.conftest import Serve, client_of, standing_still

SECONDS = BASE.timestamp()

TALK: list[dict[str, Any]] = [
    {"event": "user", "timestamp": SECONDS, "text": "book a table", "message_id": "m1"},
    {"event": "bot", "timestamp": SECONDS + 1, "text": "For how many?", "metadata": {"utter_action": "utter_ask_people"}},
    {"event": "user", "timestamp": SECONDS + 9, "text": "for for", "message_id": "m2"},
    {"event": "action", "timestamp": SECONDS + 10, "name": "action_default_fallback"},
    {"event": "bot", "timestamp": SECONDS + 11, "text": "Sorry?"},
]
EVENTS = [{"sender_id": "s1", **each} for each in TALK]
NESTED = [
    {"conversation_id": "s1", "event_id": f"e{place}", "sequence": place, "timestamp": each["timestamp"], each["event"]: each}
    for place, each in enumerate(TALK)
]


@pytest.fixture
def service(home: Path, serve: Serve) -> RunningService:
    """A service over a home."""
    return serve(standing_still(home))


def turns_after(running: RunningService, **later: float) -> list[Turn]:
    """The turns of the lake once so much time has passed."""
    parts: Service = running.app.state.service
    lake = Lake(parts.settings.lake)
    tell(RASA_EVENTS, parts.waiting, lake, now=parts.clock() + timedelta(**later))
    return list(read_turns(lake))


def post(client: httpx.Client, *events: object) -> httpx.Response:
    return client.post("/v1/rasa/events", content="\n".join(json.dumps(each) for each in events))


def told(turns: list[Turn]) -> list[tuple[str, str, str, str]]:
    return [
        (each.utterance, each.response.text, each.response.status, each.prompt.kind if each.prompt else "")
        for each in turns
        if each.response
    ]


WANTED = [("book a table", "For how many?", "asked", ""), ("for for", "Sorry?", "unsupported", "utter_ask_people")]


@pytest.mark.parametrize("events", [EVENTS, NESTED], ids=["flat", "nested"])
def test_events_one_by_one_are_the_turns_that_they_are_together(service: RunningService, events: list[dict[str, Any]]):
    """Each in a request of its own, all of them twice, told between any two: what was asked before is known all the same."""
    with client_of(service) as client:
        for each in [*events, *events]:
            assert post(client, each).json() == {"taken": 1, "rejected": 0, "faults": []}
            turns = turns_after(service, seconds=4)

    assert told(turns) == WANTED


def test_the_order_in_which_events_of_a_moment_come_does_not_matter(service: RunningService):
    """Workers send side by side."""
    with client_of(service) as client:
        for each in reversed(EVENTS):
            post(client, each)

    assert told(turns_after(service, seconds=4)) == WANTED


def test_a_tracker_is_its_events(service: RunningService):
    """As Rasa's HTTP API answers it, and beside events."""
    with client_of(service) as client:
        reply = client.post("/v1/rasa/events", json=[{"sender_id": "s1", "events": TALK[:2]}, *EVENTS[2:]])

    assert reply.json()["taken"] == 5
    assert told(turns_after(service, seconds=4)) == WANTED


def test_events_wait_for_the_rest_of_their_turn(service: RunningService):
    """A tracker is saved after the turn; what comes a second later belongs to it."""
    with client_of(service) as client:
        post(client, EVENTS[0])

    assert turns_after(service, seconds=1) == []
    assert [each.utterance for each in turns_after(service, seconds=4)] == ["book a table"]


def test_what_cannot_be_read_is_kept_with_the_reason(service: RunningService):
    """It stops nothing."""
    with client_of(service) as client:
        reply = client.post("/v1/rasa/events", content=json.dumps(EVENTS[0]) + '\n{half\n{"event": "user", "sender_id": "s1"}')

    answered = reply.json()
    assert (answered["taken"], answered["rejected"]) == (1, 2)
    assert "record must be one JSON object" in answered["faults"][0] and "timestamp must be seconds" in answered["faults"][1]
    with Lake(service.app.state.service.settings.lake).connect() as connection:
        assert connection.execute("select count(*), min(source) from rejects").fetchall() == [(2, "rasa")]


def test_customers_are_named_by_hashes_before_anything_is_kept(home: Path, serve: Serve):
    """With a hash key no name is in the books either, and the turn's customer is the one that the file import would name."""
    running = serve(standing_still(home, hash_key="k"))
    with client_of(running) as client:
        post(client, *({**each, "sender_id": "anna"} for each in EVENTS))
    parts: Service = running.app.state.service
    pieces = parts.waiting.pieces("rasa", [parts.pseudonym("anna")])

    turns = turns_after(running, seconds=4)

    assert len(pieces) == 5 and not any("anna" in each.content for each in pieces)
    assert {each.customer_id for each in turns} == {parts.pseudonym("anna")}


def test_a_tracker_of_more_events_than_are_read_at_once_is_refused(shared: RunningService):
    """They are counted one by one, however few envelopes they come in."""
    with client_of(shared) as client:
        reply = client.post("/v1/rasa/events", content=b'{"sender_id": "s1", "events": [' + b"{}," * 10_000 + b"{}]}")

    assert (reply.status_code, "10,001; can they be sent in parts?" in reply.json()["detail"]) == (413, True)


def test_letters_are_kept_without_the_record_once_anybody_was_forgotten(service: RunningService):
    """Nobody knows where in it a name stands: a sender may send again what was said by whoever was forgotten."""
    parts: Service = service.app.state.service
    row = {"salt": "salt", "mark": mark_of("berta", "salt"), "until": parts.clock()}
    Lake(parts.settings.lake).append(FORGOTTEN, pa.Table.from_pylist([row], FORGOTTEN.schema()))
    with client_of(service) as client:
        post(client, {"event": "user", "sender_id": "berta"})

    with Lake(parts.settings.lake).connect() as connection:
        ((raw,),) = connection.execute("select raw from rejects").fetchall()
    assert b"berta" not in raw and b"withheld" in raw


def test_a_body_without_events_is_refused(shared: RunningService):
    """The sender has made a mistake."""
    with client_of(shared) as client:
        assert client.post("/v1/rasa/events", content=b" ").status_code == 422
