"""Spans and events of OpenTelemetry's GenAI conventions and of OpenInference, OTLP as JSON: what was said to a model and what it said.

A turn is told by the outermost span of a trace that holds a customer's words, so that the calls which an agent makes for itself are none;
where there is none, by the calls themselves, those with the same words together. Knows the names of attributes; status is what the
span says of itself: an answer that helps nobody counts as done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ingest.adapters.adapter import Adapter, Event, made_id
from ingest.adapters.fields import found, is_masked, known_id, listed, mapping, moment, objects_only, text
from ingest.adapters.otlp import ENVELOPES, attributes_of, nanoseconds, opened_json, records
from resay.dialogue.turn import CustomerKind, Response, ResponseStatus, Turn, TurnPart, Versions
from resay.label.verdicts import TRACE_FIELD

OUTER_KINDS = frozenset({"AGENT", "CHAIN", "invoke_agent", "invoke_workflow"})
"""Spans around calls of a model."""

MODEL_KINDS = frozenset({"LLM", "chat", "text_completion", "generate_content"})
"""Calls of a model."""

MESSAGES_MAX = 10_000
"""Messages looked through for the last one of the customer: far more than any model is given."""

_SPOKEN_BY_CUSTOMER = frozenset({"user", "human"})
_ANSWER_NAMES = ("output", "answer", "response", "content", "text", "result")
_QUESTION_NAMES = ("input", "question", "query", "prompt", "text", "message")


def _recognises(record: object) -> bool:
    if any(isinstance(found(record, envelope[0]), list) for envelope in ENVELOPES):
        return True
    return isinstance(found(record, "attributes"), list) and ("traceId" in record if isinstance(record, dict) else False)


def _events(record: object, now: datetime) -> Sequence[Event]:
    span = objects_only(record)
    if not _recognises(span) and nanoseconds(span, "startTimeUnixNano", "timeUnixNano") is None:
        message = "record must be a span or a log record of OTLP as JSON, or an envelope of them; it is neither"
        raise ValueError(message)
    attributes = attributes_of(span)
    kind = _kind(attributes)
    if kind not in OUTER_KINDS | MODEL_KINDS:
        return []
    words, ordinal = _words(attributes)
    if not words:
        return []
    began = nanoseconds(span, "startTimeUnixNano", "timeUnixNano", "observedTimeUnixNano")
    ended = nanoseconds(span, "endTimeUnixNano") or began
    if began is None or ended is None:
        message = "startTimeUnixNano must be given, or timeUnixNano; neither is"
        raise ValueError(message)
    conversation = _first(attributes, "gen_ai.conversation.id", "session.id")
    trace, span_id = text(span, "traceId"), text(span, "spanId")
    content = {
        "outer": kind in OUTER_KINDS,
        "parent": text(span, "parentSpanId"),
        "span": span_id,
        "words": words,
        "said": _answer(attributes),
        "failed": found(span, "status", "code") in (2, "STATUS_CODE_ERROR") or bool(_first(attributes, "error.type")),
        "conversation": conversation,
        "customer": _first(attributes, "user.id", "enduser.id"),
        "model": _first(attributes, "gen_ai.request.model", "gen_ai.response.model", "llm.model_name"),
        "ordinal": ordinal,
        "trace": {"trace_id": trace, "span_id": span_id, "response_id": _first(attributes, "gen_ai.response.id")},
        "began": moment(began / 1e6, "startTimeUnixNano, in milliseconds,", now=now),
        "ended": moment(ended / 1e6, "endTimeUnixNano, in milliseconds,", now=now),
    }
    talk = trace or conversation or made_id(str(began), words)
    key = made_id(span_id, str(began), words, text(content, "said"))
    return [Event(talk=talk, order=float(began), at=moment(began / 1e6, "time", now=now), key=key, content=content)]


def _kind(attributes: Mapping[str, object]) -> str:
    return _first(attributes, "gen_ai.operation.name", "openinference.span.kind")


def _first(attributes: Mapping[str, object], *names: str) -> str:
    """The first of some attributes that is given, as text."""
    return next((str(value) for name in names if (value := attributes.get(name)) not in (None, "")), "")


def _words(attributes: Mapping[str, object]) -> tuple[str, int]:
    """What the customer said last, and how many times they had spoken by then."""
    spoken = [words for role, words in _messages(attributes, "input") if role in _SPOKEN_BY_CUSTOMER and words.strip()]
    if spoken:
        return spoken[-1], len(spoken)
    return _one_text(opened_json(attributes.get("input.value")), _QUESTION_NAMES), 0


def _answer(attributes: Mapping[str, object]) -> str:
    said = "\n".join(words for _, words in _messages(attributes, "output") if words.strip())
    return said or _one_text(opened_json(attributes.get("output.value")), _ANSWER_NAMES)


def _messages(attributes: Mapping[str, object], side: str) -> Sequence[tuple[str, str]]:
    """Roles and texts, in order, by either convention, or as they stand in the value of the span."""
    for name in (f"gen_ai.{side}.messages", f"gen_ai.{'prompt' if side == 'input' else 'completion'}"):
        if messages := _listed_messages(opened_json(attributes.get(name))):
            return messages
    if numbered := _numbered_messages(attributes, f"llm.{side}_messages."):
        return numbered
    value = opened_json(attributes.get(f"{side}.value"))
    return _listed_messages(value if isinstance(value, list) else found(value, "messages"))


def _listed_messages(value: object) -> Sequence[tuple[str, str]]:
    messages = value[-MESSAGES_MAX:] if isinstance(value, list) else []
    return [(text(each, "role"), _content(each)) for each in messages if isinstance(each, dict)]


def _content(message: object) -> str:
    """The words of a message: its parts of text, or its content as older writers have it."""
    parts = listed(message, "parts") or listed(message, "content")
    spoken = [text(each, "content") or text(each, "text") for each in parts if text(each, "type") in {"text", ""}]
    return "\n".join(filter(None, spoken)) or text(message, "content")


def _numbered_messages(attributes: Mapping[str, object], prefix: str) -> Sequence[tuple[str, str]]:
    """Messages that are spread over attributes: `llm.input_messages.0.message.role`."""
    spread: dict[int, dict[str, list[str]]] = {}
    for name in sorted(attributes):
        ordinal, _, field = name.removeprefix(prefix).partition(".")
        value = attributes[name]
        if name.startswith(prefix) and ordinal.isascii() and ordinal.isdigit() and len(ordinal) < 6 and isinstance(value, str):
            kind = "role" if field == "message.role" else "words" if field.endswith((".content", ".text")) else ""
            spread.setdefault(int(ordinal), {}).setdefault(kind, []).append(value)
    return [("".join(spread[each].get("role", ())), "\n".join(spread[each].get("words", ()))) for each in sorted(spread)]


def _one_text(value: object, names: Sequence[str]) -> str:
    """The text that a value is, or that the only likely member of it is."""
    if isinstance(value, str):
        return value if value.strip() else ""
    return next((each for name in names if (each := text(value, name)).strip()), "")


def _parts(events: Sequence[Event]) -> Iterable[TurnPart]:
    spans = {text(event.content, "span") for event in events}
    outer = [each for each in events if each.content["outer"]]
    outermost = [each for each in outer if text(each.content, "parent") not in spans - {""}]
    told: set[str] = set()
    for event in outermost or outer or events:
        content = event.content
        turn_id = made_id(event.talk, str(content["ordinal"]), text(content, "words"))
        if turn_id not in told:
            told.add(turn_id)
            yield _part(event, turn_id, name="said", content=_said(content))
        yield from _answered(event, turn_id)


def _said(content: Mapping[str, object]) -> dict[str, Any]:
    words, model = text(content, "words"), text(content, "model")
    said: dict[str, Any] = {
        # The turn happened, and counts; what an anonymiser left of its words is not what was said.
        "utterance": "" if is_masked(words) else words,
        "customer_kind": CustomerKind.ACCOUNT if text(content, "customer") else CustomerKind.SESSION,
    }
    if text(content, "conversation"):
        said["session_id"] = text(content, "conversation")
    if model:
        said["versions"] = Versions(nlu=model)
    # By these the sender finds the turn again, when what is held against it goes back (`resay.label.verdicts`).
    trace = {name: value for name, value in mapping(content, "trace").items() if value}
    if trace:
        said["unknown"] = {TRACE_FIELD: trace}
    return said


def _answered(event: Event, turn_id: str) -> Iterator[TurnPart]:
    said, failed = text(event.content, "said"), bool(event.content["failed"])
    if said or failed:
        status = ResponseStatus.FAILED if failed else ResponseStatus.DONE
        answer = {"response": Response(text=said, status=status), "ended_at": event.content["ended"]}
        yield _part(event, turn_id, name=f"answered-{made_id(text(event.content, 'span'), event.key)}", content=answer)


def _part(event: Event, turn_id: str, *, name: str, content: dict[str, Any]) -> TurnPart:
    at = content.get("ended_at", event.at)
    customer = text(event.content, "customer") or text(event.content, "conversation") or event.talk
    fields = frozenset(content.keys() - {"unknown"})
    return TurnPart(Turn(turn_id=turn_id, customer_id=known_id(customer), at=at, **content), fields, name)


OTEL = Adapter(
    "otel",
    "OpenTelemetry's GenAI or OpenInference spans",
    recognises=_recognises,
    records=records,
    events=_events,
    parts=_parts,
)
