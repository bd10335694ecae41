"""`POST /v1/feedback`: answers to "did that do what you wanted?"."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resay.dialogue.label import GoalOutcome
from resay.dialogue.session import sessionize
from resay.dialogue.turn import Explicit
from resay.label.job import labels_of
from resay.store.lake import Lake
from resay.store.turns import read_turns
from tests.serving.conftest import Serve, client_of

TURN: dict[str, Any] = {
    "schema": "resay.turn/1",
    "turn_id": "t1",
    "customer_id": "c1",
    "at": "2026-11-02T09:00:00Z",
    "utterance": "play madonna",
    "response": {"status": "done"},
}
ANSWER: dict[str, Any] = {"turn_id": "t1", "customer_id": "c1", "at": "2026-11-02T09:00:20Z", "explicit": "no"}


def test_an_answer_becomes_part_of_its_turn(home: Path, serve: Serve):
    """The turn stays when and what it was, and labels follow what the customer said."""
    with client_of(serve(home)) as client:
        client.post("/v1/turns", json=TURN)
        reply = client.post("/v1/feedback", json=ANSWER)

    assert (reply.status_code, reply.json()) == (200, {"accepted": True})
    (turn,) = read_turns(Lake(home / "lake"))
    assert turn.feedback is not None
    assert turn.feedback.explicit is Explicit.NO
    assert (turn.utterance, turn.at.minute, turn.at.second) == ("play madonna", 0, 0)
    (session,) = sessionize([turn])
    assert labels_of(session, {}).outcomes[0].outcome is GoalOutcome.FAILURE


def test_the_same_answer_twice_is_one(home: Path, serve: Serve):
    """Who heard nothing sends it again."""
    with client_of(serve(home)) as client:
        client.post("/v1/turns", json=TURN)
        replies = [client.post("/v1/feedback", json=ANSWER).json() for _ in range(2)]

    assert [each["accepted"] for each in replies] == [True, False]


@pytest.mark.parametrize(
    "wrong",
    [
        {"explicit": None},
        {"explicit": "maybe"},
        {"turn_id": ""},
        {"at": "yesterday"},
        {"at": "2026-11-02T09:00:20"},
        {"other": 1},
    ],
)
def test_what_is_no_answer_is_refused(home: Path, serve: Serve, wrong: dict[str, Any]):
    """Nothing told, another word, no turn, no moment, a field that nobody knows."""
    with client_of(serve(home)) as client:
        reply = client.post("/v1/feedback", json=ANSWER | wrong)

    assert reply.status_code == 422
