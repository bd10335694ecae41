"""Home Assistant's pipeline runs: what they mean for a turn, one claim at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.adapters.adapter import Document, read, turn_parts
from ingest.adapters.home_assistant import HOME_ASSISTANT
from resay.dialogue.assembly import assemble
from resay.dialogue.turn import CustomerKind, Reject, ResponseStatus, Turn

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("response", "status"),
    [
        ({"response_type": "action_done", "data": {"success": [], "failed": []}}, ResponseStatus.DONE),
        ({"response_type": "action_done", "data": {"success": [], "failed": [{"type": "area", "name": "Hall"}]}}, ResponseStatus.FAILED),
        ({"response_type": "query_answer", "data": {}}, ResponseStatus.DONE),
        ({"response_type": "error", "data": {"code": "no_intent_match"}}, ResponseStatus.UNSUPPORTED),
        ({"response_type": "error", "data": {"code": "no_valid_targets"}}, ResponseStatus.FAILED),
        ({"response_type": "error"}, ResponseStatus.FAILED),
    ],
)
def test_the_kind_of_the_answer_is_the_status(response: dict[str, Any], status: ResponseStatus):
    """What was not understood is unsupported; what was and could not be done has failed."""
    (turn,) = _turns(_run(("intent-start", {"intent_input": "hall lights"}), ("intent-end", {"intent_output": {"response": response}})))

    assert turn.response is not None and turn.response.status is status


def test_a_device_is_the_customer_where_one_is_named():
    """Satellites speak for a household; a browser for its conversation, which counts towards no floor."""
    (satellite,) = _turns(_run(("intent-start", {"intent_input": "hello", "conversation_id": "c1", "device_id": "d1"})))
    (browser,) = _turns(_run(("intent-start", {"intent_input": "hello", "conversation_id": "c1", "device_id": None})))

    assert (satellite.customer_id, satellite.customer_kind) == ("d1", CustomerKind.DEVICE)
    assert (browser.customer_id, browser.customer_kind) == ("c1", CustomerKind.SESSION)


def test_a_run_that_broke_after_the_words_has_failed():
    """An agent that raised did not do what was asked."""
    (turn,) = _turns(_run(("intent-start", {"intent_input": "hello"}), ("error", {"code": "intent-failed", "message": "Unexpected"})))

    assert turn.response is not None and turn.response.status is ResponseStatus.FAILED


def test_a_run_in_which_nobody_spoke_is_no_turn():
    """Speech that a script asked for is passed over; a wake word with nothing behind it is a turn without words."""
    spoken = _turns(_run(("tts-start", {}), ("tts-end", {})))
    (woken,) = _turns(_run(("wake_word-end", {}), ("stt-start", {}), ("error", {"code": "stt-no-text-recognized"})))

    assert spoken == []
    assert (woken.utterance, woken.response and woken.response.status) == ("", ResponseStatus.NONE)


def test_a_run_that_was_saved_while_it_went_on_is_completed_later():
    """Both savings are one turn, whichever is read first."""
    whole = _run(("intent-start", {"intent_input": "hello"}), ("intent-end", {"intent_output": {"response": {"response_type": "x"}}}))
    begun = {"pipeline_run_id": "r1", "events": whole["events"][:1]}

    assert _turns(begun, whole) == _turns(whole, begun) == _turns(whole)


def test_a_list_of_runs_without_their_events_is_refused():
    """The list that names the runs is easily taken for the runs."""
    verdict = read(HOME_ASSISTANT, Document({"pipeline_run_id": "r1", "timestamp": "2026-11-02T09:00:00+00:00"}, "runs.json"), now=NOW)

    assert isinstance(verdict, Reject)
    assert verdict.reason == "record must hold the events of a pipeline run; there are none; is it only the list of runs?"


def _run(*events: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    stamped = [{"type": kind, "data": content, "timestamp": f"2026-11-02T09:00:0{at}+00:00"} for at, (kind, content) in enumerate(events)]
    return {"pipeline_run_id": "r1", "events": stamped}


def _turns(*runs: object) -> list[Turn]:
    told = [read(HOME_ASSISTANT, run, now=NOW) for run in HOME_ASSISTANT.records([Document(run, "made") for run in runs])]
    parts = list(turn_parts(HOME_ASSISTANT, [event for each in told if not isinstance(each, Reject) for event in each]))
    turns = [assemble([part for part in parts if part.turn.turn_id == turn_id]) for turn_id in dict.fromkeys(p.turn.turn_id for p in parts)]
    return [turn for turn in turns if turn is not None]
