"""Rasa's flat events: what they mean for a turn, one claim at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.adapters.adapter import Document, read, turn_parts
from ingest.adapters.rasa import RASA
from resay.dialogue.assembly import assemble
from resay.dialogue.codec import encode
from resay.dialogue.turn import Reject, ResponseStatus, Turn

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SECONDS = 1_790_000_000.0


def test_a_fallback_put_first_in_the_ranking_is_a_refusal():
    """What Rasa did not trust was not understood, whatever its answer says."""
    ranking = [{"name": "nlu_fallback", "confidence": 0.7}, {"name": "light_on", "confidence": 0.4}]

    (turn,) = _turns(_user("kick it on", intent_ranking=ranking), _bot("Sorry?", after=1))

    assert turn.response is not None
    assert turn.response.status is ResponseStatus.UNSUPPORTED
    assert turn.interpretations == ()


def test_masked_words_are_not_kept_as_words():
    """The turn counts, and neither its words nor its slots can be learnt from."""
    (turn,) = _turns(_user("i am #### smith", entities=[{"entity": "name", "value": "####"}], intent={"name": "inform"}))

    assert (turn.utterance, turn.interpretations) == ("", ())


def test_an_event_without_an_id_is_known_by_sender_time_and_text():
    """The same again has the same id; another text, time or sender has another."""
    first, again, later, other = (
        _turns(event)[0].turn_id
        for event in (_user("hello"), _user("hello"), _user("hello", after=1), {**_user("hello"), "sender_id": "s2"})
    )

    assert first == again
    assert len({first, later, other}) == 3


def test_the_slot_that_is_asked_for_is_the_kind_of_the_next_prompt():
    """A short answer means nothing without it."""
    asked = {**_bot("Which room?", after=2), "metadata": {}}
    wants = {"sender_id": "s1", "timestamp": 1_790_000_001.5, "event": "slot", "name": "requested_slot", "value": "room"}

    first, second = _turns(_user("lights on"), wants, asked, _user("kitchen", after=5))

    assert first.response is not None and first.response.status is ResponseStatus.ASKED
    assert second.prompt is not None and (second.prompt.kind, second.prompt.text) == ("room", "Which room?")


def test_an_answer_that_was_lost_leaves_the_turn():
    """Brokers drop events: what the customer said is kept, with no answer."""
    (turn,) = _turns(_user("lights on"))

    assert (turn.utterance, turn.response) == ("lights on", None)


def test_what_answers_a_button_is_not_put_to_the_words_before():
    """A payload ends the turn before it and is none itself."""
    (turn,) = _turns(_user("lights on"), _bot("Done.", after=1), _user("/thanks", after=2), _bot("You are welcome.", after=3))

    assert turn.response is not None and turn.response.text == "Done."


def test_an_answer_in_many_events_does_not_grow_by_its_square():
    """Each event tells the whole answer again, up to a length: some eighty parts of it here, and no more."""
    told = [read(RASA, Document(each, "made"), now=NOW) for each in (_user("hello"), *(_bot("x" * 99, after=at) for at in range(1, 500)))]

    parts = [encode(part) for part in turn_parts(RASA, [event for each in told if not isinstance(each, Reject) for event in each])]

    assert len(parts) == 1 + 81
    assert max(map(len, parts)) < 10_000


def test_all_faults_of_an_event_are_named():
    """One sentence a fault, and the record is kept."""
    verdict = read(RASA, Document({"event": "user", "text": "hello"}, "events.jsonl:3"), now=NOW)

    assert isinstance(verdict, Reject)
    assert verdict.reason == "sender_id must name who speaks; it is missing; timestamp must be seconds since 1970; it is missing"
    assert (verdict.where, verdict.raw) == ("events.jsonl:3", b'{"event":"user","text":"hello"}')


def test_a_tracker_gives_its_name_to_its_events():
    """Stores write events without their sender."""
    event = _user("hello")
    del event["sender_id"]

    records = RASA.records([Document({"sender_id": "s7", "events": [event]}, "tracker.json")])

    assert [record.content for record in records] == [{**event, "sender_id": "s7"}]


def _user(said: str, *, after: float = 0, **parsed: Any) -> dict[str, object]:
    return {"sender_id": "s1", "timestamp": 1_790_000_000.0 + after, "event": "user", "text": said, "parse_data": parsed}


def _bot(said: str, *, after: float) -> dict[str, object]:
    return {"sender_id": "s1", "timestamp": 1_790_000_000.0 + after, "event": "bot", "text": said}


def _turns(*records: object) -> list[Turn]:
    told = [read(RASA, Document(record, "made"), now=NOW) for record in records]
    parts = list(turn_parts(RASA, [event for each in told if not isinstance(each, Reject) for event in each]))
    turns = [assemble([part for part in parts if part.turn.turn_id == turn_id]) for turn_id in dict.fromkeys(p.turn.turn_id for p in parts)]
    return [turn for turn in turns if turn is not None]


def test_nested_events_are_the_turns_that_flat_ones_are():
    """An envelope around one payload, named by its type; order is that of the count, whatever the clocks say."""
    flat = [
        {"event": "user", "sender_id": "s1", "timestamp": SECONDS, "text": "lights on", "message_id": "m1"},
        {"event": "bot", "sender_id": "s1", "timestamp": SECONDS + 1, "text": "Done."},
    ]
    nested = [_nested(0, "user", SECONDS + 2, text="lights on", message_id="m1"), _nested(1, "bot", SECONDS + 1, text="Done.")]

    (of_flat,), (of_nested,) = _turns(*flat), _turns(*reversed(nested))

    assert (of_nested.turn_id, of_nested.customer_id, of_nested.utterance) == (of_flat.turn_id, of_flat.customer_id, of_flat.utterance)
    assert of_nested.response == of_flat.response


def test_times_of_nested_events_may_be_text():
    """As JSON of protobuf writes them."""
    (turn,) = _turns({**_nested(0, "user", SECONDS, text="hello"), "timestamp": "2026-11-02T09:00:00.250Z"})

    assert turn.at == datetime(2026, 11, 2, 9, 0, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"conversation_id": "s1", "event_id": "e", "timestamp": 1_762_000_000}, "event must carry exactly one payload; got none"),
        (
            {"conversation_id": "s1", "sequence": 0, "timestamp": 1_762_000_000, "user": {}, "bot": {}},
            "event must carry exactly one payload; got bot, user",
        ),
        (
            {"conversation_id": "s1", "sequence": 0, "timestamp": 1_762_000_000, "user": {"words": "hello"}},
            "payload user must hold the words under text; it holds words",
        ),
    ],
)
def test_a_nested_event_that_is_not_as_we_know_it_is_refused(record: dict[str, Any], reason: str):
    """With what it holds: nothing is taken for words that may be something else."""
    verdict = read(RASA, Document(record, "made"), now=NOW)

    assert isinstance(verdict, Reject)
    assert verdict.reason == reason


def _nested(sequence: int, kind: str, seconds: float, **payload: object) -> dict[str, Any]:
    return {"conversation_id": "s1", "timestamp": seconds, "event_id": f"e{sequence}", "sequence": sequence, "user_id": "u", kind: payload}
