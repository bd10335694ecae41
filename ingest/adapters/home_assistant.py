"""Home Assistant's pipeline runs, as its pipeline debugger hands them out: a run is the events of one request, and one turn.

Knows what its events mean. Runs name no intent, so turns have no interpretation; without a device the customer is the conversation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ingest.adapters.adapter import Adapter, Document, Event, made_id
from ingest.adapters.fields import found, is_masked, known_id, listed, mapping, moment, objects_only, text
from resay.dialogue.codec import HYPOTHESES_MAX
from resay.dialogue.turn import Context, CustomerKind, Entity, Prompt, Response, ResponseStatus, Turn, TurnPart, Versions

EVENT_TYPES = frozenset(
    f"{stage}-{step}"
    for stage, steps in {
        "run": ("start", "end"),
        "wake_word": ("start", "end"),
        "stt": ("start", "vad-start", "vad-end", "end"),
        "intent": ("start", "progress", "end"),
        "tts": ("start", "end"),
    }.items()
    for step in steps
) | {"error"}
"""The events of a run."""

NOT_UNDERSTOOD = frozenset({"no_intent_match", "intent-not-supported"})
"""Codes of errors that say that nothing was made of the words."""

NEXT_ANSWERS = "continue_conversation"
"""The kind of prompt where the assistant keeps listening: it does not say for what."""

RUN_MAX = timedelta(minutes=2)
"""How long a run lasts that says only when it began; the hop waits as long for a recogniser (`serving.wyoming_hop.LINGER_S`)."""


def _recognises(record: object) -> bool:
    events = _events_in(record)
    return _is_event(_bare(record)) or bool(events and _is_event(events[0]))


def _is_event(record: object) -> bool:
    return text(record, "type") in EVENT_TYPES and ("timestamp" in mapping(record) or "data" in mapping(record))


def _bare(record: object) -> object:
    """An event without the message that brought it."""
    return found(record, "event") if text(record, "type") == "event" else record


def _events_in(record: object) -> Sequence[object]:
    """The events of a run, in a file of its own or in the answer that brought it."""
    return listed(record, "events") or listed(record, "result", "events")


def _records(documents: Sequence[Document]) -> Sequence[Document]:
    """Runs: each of its own, in lists, or event by event, where a `run-start` begins the next."""
    records: list[Document] = []
    run: list[object] = []
    for document in documents:
        content = document.content
        if isinstance(content, list) and any(_is_event(_bare(each)) for each in content):
            records.append(_run([_bare(each) for each in content], document.where))
        elif _is_event(_bare(content)):
            event = _bare(content)
            if not run or text(event, "type") == "run-start":
                run = []
                records.append(_run(run, document.where))
            run.append(event)
        else:
            records += [Document(each, document.where) for each in _listed_runs(content)]
    return records


def _run(events: list[object], where: str) -> Document:
    return Document({"events": events}, where)


def _listed_runs(content: object) -> Sequence[object]:
    if isinstance(content, list):
        return content
    return listed(content, "pipeline_runs") or [content]


def _events(record: object, now: datetime) -> Sequence[Event]:
    run = objects_only(record)
    events = [each for each in _events_in(run) if text(each, "type") in EVENT_TYPES]
    if not events:
        message = "record must hold the events of a pipeline run; there are none; is it only the list of runs?"
        raise ValueError(message)
    times = [moment(each, "timestamp", now=now) for each in _times(run, events)]
    if not times:
        message = "timestamp must be given on an event of the run; there is none"
        raise ValueError(message)
    by_type = {text(each, "type"): mapping(each, "data") for each in events}
    words = words_of(by_type)
    if not words and not by_type.keys() & {"stt-start", "stt-end", "wake_word-end"}:
        return []
    known = text(run, "pipeline_run_id")
    conversation = _conversation(by_type)
    speaker = text(by_type, "intent-start", "device_id") or text(by_type, "intent-start", "satellite_id")
    turn_id = known_id(known, speaker or conversation, min(times).isoformat(), words)
    content = {"run": by_type, "turn_id": turn_id, "speaker": speaker, "conversation": conversation, "until": max(times)}
    content["heard_at"] = _heard_at(events, times, now=now)
    # A run that is asked for while it goes on has fewer events than later.
    key = made_id(turn_id, str(len(events)))
    return [Event(talk=conversation or turn_id, order=min(times).timestamp(), at=min(times), key=key, content=content)]


def _times(run: Mapping[str, object], events: Sequence[object]) -> Iterator[object]:
    stamps = [stamp for each in events if (stamp := found(each, "timestamp")) is not None]
    yield from stamps or [stamp for stamp in [found(run, "timestamp")] if stamp is not None]


def _heard_at(events: Sequence[object], times: Sequence[datetime], *, now: datetime) -> tuple[datetime, datetime] | None:
    """When the words came from the speech service, from when to when as far as that is told; nothing where they were typed."""
    ends = [each for each in events if text(each, "type") == "stt-end"]
    if not ends:
        return None
    stamps = [stamp for each in ends if (stamp := found(each, "timestamp")) is not None]
    if stamps:
        at = moment(stamps[-1], "timestamp", now=now)
        return at, at
    return min(times), max(max(times), min(times) + RUN_MAX)


def words_of(run: Mapping[str, object]) -> str:
    """What the assistant was given to understand, from the events of a run by their types."""
    return text(run, "intent-start", "intent_input") or text(run, "stt-end", "stt_output", "text") or text(run, "stt-end", "stt_output")


def _conversation(run: Mapping[str, object]) -> str:
    paths = (
        ("intent-start", "conversation_id"),
        ("run-start", "conversation_id"),
        ("intent-end", "intent_output", "conversation_id"),
    )
    return next((name for path in paths if (name := text(run, *path))), "")


def _parts(events: Sequence[Event]) -> Iterable[TurnPart]:
    prompt: Prompt | None = None
    for event in events:
        run = mapping(event.content, "run")
        response = _response(run)
        yield _said(event, run, prompt=prompt)
        if response is not None:
            yield _answered(event, run, response)
            prompt = Prompt(text=response.text, kind=NEXT_ANSWERS) if response.status is ResponseStatus.ASKED else None


def _said(event: Event, run: Mapping[str, object], *, prompt: Prompt | None) -> TurnPart:
    words = words_of(run)
    language = text(run, "intent-start", "language") or text(run, "run-start", "language")
    engine = text(run, "intent-start", "engine")
    content: dict[str, Any] = {
        # The turn happened, and counts; what an anonymiser left of its words is not what was said.
        "utterance": "" if is_masked(words) else words,
        "customer_kind": CustomerKind.DEVICE if text(event.content, "speaker") else CustomerKind.SESSION,
        "context": Context(locale=language) if language else None,
        "versions": Versions(nlu=engine) if engine else None,
        "prompt": prompt,
        # Where the hop before the speech service had put other words in place of what was said (`our_words`).
        "rewrite": event.content.get("rewrite"),
    }
    return _part(event, "said", content, at=event.at)


def _answered(event: Event, run: Mapping[str, object], response: Response) -> TurnPart:
    until = event.content["until"]
    assert isinstance(until, datetime), "a run ends at a time"
    content: dict[str, Any] = {"response": response, "ended_at": until}
    if targets := tuple(_targets(run)):
        content["entities"] = targets
    return _part(event, "answered", content, at=until)


def _part(event: Event, name: str, content: dict[str, Any], *, at: datetime) -> TurnPart:
    carried = {field: value for field, value in content.items() if value is not None}
    turn_id = text(event.content, "turn_id")
    customer = text(event.content, "speaker") or text(event.content, "conversation") or turn_id
    return TurnPart(Turn(turn_id=turn_id, customer_id=known_id(customer), at=at, **carried), frozenset(carried), name)


def _response(run: Mapping[str, object]) -> Response | None:
    """What was answered; nothing while the run has neither an answer nor an error."""
    output = mapping(run, "intent-end", "intent_output")
    answer = mapping(output, "response")
    if not answer:
        if "error" not in run:
            return None
        return Response(text=text(run, "error", "message"), status=_status_of_error(run), action=text(run, "error", "code"))
    kind, code = text(answer, "response_type"), text(answer, "data", "code")
    if kind == "error":
        status = ResponseStatus.UNSUPPORTED if code in NOT_UNDERSTOOD else ResponseStatus.FAILED
    elif listed(answer, "data", "failed") and not listed(answer, "data", "success"):
        status = ResponseStatus.FAILED
    else:
        status = ResponseStatus.ASKED if found(output, "continue_conversation") is True else ResponseStatus.DONE
    return Response(text=text(answer, "speech", "plain", "speech"), status=status, action=code or kind)


def _status_of_error(run: Mapping[str, object]) -> ResponseStatus:
    if text(run, "error", "code") in NOT_UNDERSTOOD:
        return ResponseStatus.UNSUPPORTED
    return ResponseStatus.FAILED if words_of(run) else ResponseStatus.NONE


def _targets(run: Mapping[str, object]) -> Iterator[Entity]:
    """What the request was carried out on."""
    answer = mapping(run, "intent-end", "intent_output", "response", "data")
    for target in listed(answer, "success")[:HYPOTHESES_MAX]:
        if kind := text(target, "type"):
            yield Entity(slot=kind, value=text(target, "name"), entity_id=text(target, "id") or None)


HOME_ASSISTANT = Adapter(
    "home-assistant", "Home Assistant's pipeline runs", recognises=_recognises, records=_records, events=_events, parts=_parts
)
