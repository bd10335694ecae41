"""GenAI and OpenInference spans: what they mean for a turn, one claim at a time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from ingest.adapters.adapter import Document, read, turn_parts
from ingest.adapters.otel import OTEL
from resay.dialogue.assembly import assemble
from resay.dialogue.turn import CustomerKind, Reject, ResponseStatus, Turn

NOW = datetime(2026, 12, 1, tzinfo=UTC)
AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": "c1"}
CALL = {"gen_ai.operation.name": "chat", "gen_ai.conversation.id": "c1"}


def test_what_an_agent_asks_for_itself_is_no_turn():
    """The outermost span that holds words is what the customer said, whatever order spans come in."""
    inner = _span("b", CALL | _said("CLASSIFY: hello") | _answered("greeting"), parent="a", at=1)
    outer = _span("a", AGENT | _said("hello") | _answered("Hello to you."), at=0, took=3)

    turns = _turns(inner, outer)

    assert [turn.utterance for turn in turns] == ["hello"]
    assert turns == _turns(outer, inner)
    assert turns[0].response is not None and turns[0].response.text == "Hello to you."


def test_calls_about_the_same_words_are_one_turn():
    """A model that calls a tool is asked again with the same words; its last answer counts."""
    first = _span("a", CALL | _said("cancel it"), at=0)
    then = _span("b", CALL | _said("cancel it") | _answered("It is cancelled."), at=2)

    (turn,) = _turns(first, then)

    assert turn.response is not None and turn.response.text == "It is cancelled."


def test_the_last_words_of_the_customer_are_the_utterance():
    """The messages hold the whole talk; what came before has its own spans."""
    (turn,) = _turns(_span("a", CALL | _said("cancel it", "the last one"), at=0))

    assert turn.utterance == "the last one"


def test_an_error_is_a_failure():
    """By the status of the span, or by its type of error."""
    by_status = _turns(_span("a", CALL | _said("hello"), at=0) | {"status": {"code": 2}})
    by_type = _turns(_span("a", CALL | _said("hello") | {"error.type": "timeout"}, at=0))

    assert [turn.response and turn.response.status for turn in (*by_status, *by_type)] == [ResponseStatus.FAILED] * 2


def test_a_talk_without_a_named_customer_counts_towards_no_floor():
    """Who speaks is named by `user.id`; else the conversation stands for them."""
    (unnamed,) = _turns(_span("a", CALL | _said("hello"), at=0))
    (named,) = _turns(_span("a", CALL | _said("hello") | {"user.id": "u1"}, at=0))

    assert (unnamed.customer_id, unnamed.customer_kind) == ("c1", CustomerKind.SESSION)
    assert (named.customer_id, named.customer_kind) == ("u1", CustomerKind.ACCOUNT)


def test_spans_without_words_are_passed_over():
    """Embeddings, retrievals, and calls whose content was not recorded tell nothing of talk."""
    assert _turns(_span("a", {"gen_ai.operation.name": "embeddings"}, at=0), _span("b", CALL, at=1)) == []


def test_what_is_no_span_is_refused():
    """The reason says what was looked for."""
    verdict = read(OTEL, Document({"text": "hello"}, "traces.jsonl:1"), now=NOW)

    assert isinstance(verdict, Reject)
    assert "must be a span or a log record of OTLP" in verdict.reason


def _said(*texts: str) -> dict[str, str]:
    return {"gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": each}]} for each in texts])}


def _answered(text: str) -> dict[str, str]:
    return {"gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": text}]}])}


def _span(span_id: str, attributes: dict[str, str], *, at: int, parent: str = "", took: int = 1) -> dict[str, Any]:
    return {
        "traceId": "t1",
        "spanId": span_id,
        "parentSpanId": parent,
        "startTimeUnixNano": str((1_790_000_000 + at) * 10**9),
        "endTimeUnixNano": str((1_790_000_000 + at + took) * 10**9),
        "attributes": [{"key": name, "value": {"stringValue": value}} for name, value in attributes.items()],
    }


def _turns(*spans: object) -> list[Turn]:
    told = [read(OTEL, span, now=NOW) for span in OTEL.records([Document(span, "made") for span in spans])]
    parts = list(turn_parts(OTEL, [event for each in told if not isinstance(each, Reject) for event in each]))
    turns = [assemble([part for part in parts if part.turn.turn_id == turn_id]) for turn_id in dict.fromkeys(p.turn.turn_id for p in parts)]
    return [turn for turn in turns if turn is not None]
