"""Rasa's events, flat or nested, as its event broker and its tracker stores write them: one JSON object an event, or a tracker with all.

Knows what its fields mean; a turn is what the customer said and all that the assistant did until they spoke again.
Rasa does not say whether an action has failed: a turn is answered, refused (`nlu_fallback`, a fallback action), or asked back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from ingest.adapters.adapter import Adapter, Document, Event, apart, made_id
from ingest.adapters.fields import (
    found,
    is_masked,
    known_id,
    listed,
    mapping,
    moment,
    number,
    objects_only,
    share,
    slot_value,
    text,
)
from resay.dialogue.codec import HYPOTHESES_MAX, ID_CHARS_MAX
from resay.dialogue.text import has_command_prefix
from resay.dialogue.turn import AppliedRewrite, Context, Interpretation, Prompt, Response, ResponseStatus, Turn, TurnPart, Versions

REFUSED_INTENT = "nlu_fallback"
"""What Rasa puts first in the ranking where it does not trust the others."""

CANNOT_HANDLE = "cannot handle"
"""The command of Rasa's language model where it found no flow."""

NESTED_MARKS = frozenset({"event_id", "sequence"})
"""Either stands in the envelope of a nested event, beside its payload; flat events have neither."""

ANSWER_CHARS_MAX = 8_000
"""Of an answer that comes in many events: each of them tells all of it again, so that without an end a talk would grow by its square."""

_ENVELOPE = NESTED_MARKS | {"conversation_id", "timestamp", "user_id", "deployment_environment", "session_id", "metadata"}
_FALLBACKS = frozenset({"action_default_fallback", "action_two_stage_fallback", "action_default_ask_rephrase"})
_SILENT = frozenset(
    {"action_listen", "action_session_start", "action_restart", "action_extract_slots", "action_run_slot_rejections", "action_back"}
)
"""Actions that are no answer to anybody."""

_TOLD = frozenset({"user", "bot", "action", "slot"})
_ANY_TIME = datetime(9000, 1, 1, tzinfo=UTC)
"""Bounds are looked at once the time is known."""
_CUTS = frozenset({"session_started", "restart", "session_ended"})
"""Events after which nothing said before counts."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the assistant has done since the customer spoke."""

    text: str = ""
    action: str = ""
    asked: str = ""
    """The kind of question it waits for; empty where it asked nothing."""
    refused: bool = False

    @property
    def response(self) -> Response:
        """As a turn has it."""
        if self.refused:
            status = ResponseStatus.UNSUPPORTED
        elif self.asked:
            status = ResponseStatus.ASKED
        else:
            status = ResponseStatus.DONE if self.text or self.action else ResponseStatus.NONE
        return Response(text=self.text, status=status, action=self.action)

    @property
    def prompt(self) -> Prompt | None:
        """What the next turn answers, if anything."""
        return Prompt(text=self.text, kind=self.asked) if self.asked else None


def _recognises(record: object) -> bool:
    if _is_nested(record):
        return True
    if isinstance(found(record, "events"), list) and "sender_id" in mapping(record):
        return True
    return isinstance(found(record, "event"), str) and ("sender_id" in mapping(record) or "timestamp" in mapping(record))


def _is_nested(record: object) -> bool:
    """Whether an event is one of today's form: an envelope, and one payload that is named by its type."""
    fields = mapping(record)
    return "conversation_id" in fields and bool(NESTED_MARKS & fields.keys()) and "event" not in fields


def _flat(record: Mapping[str, object]) -> Mapping[str, object]:
    """A nested event as a flat one, by the names that both forms share.

    Raises: ValueError.
    """
    payloads = [name for name, value in record.items() if name not in _ENVELOPE and isinstance(value, dict)]
    if len(payloads) != 1:
        message = f"event must carry exactly one payload; got {', '.join(sorted(payloads)) or 'none'}"
        raise ValueError(message)
    kind, payload = payloads[0], mapping(record, payloads[0])
    if kind == "user" and not (text(payload, "text") or text(payload, "parse_data", "text")):
        message = f"payload user must hold the words under text; it holds {', '.join(sorted(payload)) or 'nothing'}"
        raise ValueError(message)
    # Proto's JSON writes times as text.
    seconds = found(record, "timestamp")
    if isinstance(seconds, str):
        seconds = moment(seconds, "timestamp", now=_ANY_TIME).timestamp()
    envelope = {"event": kind, "sender_id": found(record, "conversation_id"), "timestamp": seconds, "sequence": found(record, "sequence")}
    return {"metadata": found(record, "metadata"), **payload, **envelope}


def _records(documents: Sequence[Document]) -> Sequence[Document]:
    """Events; those of a tracker are given the name of its sender."""
    return [
        Document(content, document.where)
        for document in apart(documents)
        for content in (_of_tracker(document.content) if isinstance(found(document.content, "events"), list) else [document.content])
    ]


def _of_tracker(tracker: object) -> Iterator[object]:
    sender = {"sender_id": found(tracker, "sender_id")}
    return ({**sender, **event} if isinstance(event, dict) else event for event in listed(tracker, "events"))


def _events(record: object, now: datetime) -> Sequence[Event]:
    content, faults = objects_only(record), []
    if _is_nested(content):
        content = _flat(content)
    kind, sender, seconds = text(content, "event"), text(content, "sender_id"), number(content, "timestamp")
    if not kind:
        faults.append("event must name the type of the event; it is missing")
    if not sender:
        faults.append("sender_id must name who speaks; it is missing")
    if seconds is None:
        faults.append("timestamp must be seconds since 1970; it is missing")
    if faults or seconds is None:
        raise ValueError("; ".join(faults))
    at = moment(seconds * 1_000, "timestamp, in milliseconds,", now=now)
    if kind not in _TOLD and kind not in _CUTS:
        return []
    key = made_id(kind, repr(seconds), text(content, "text"), text(content, "name"), str(found(content, "value")))
    # A count of the sender's own, where there is one, is surer than the clocks of its workers.
    counted = number(content, "sequence")
    return [Event(talk=sender, order=seconds if counted is None else counted, at=at, key=key, content=content)]


def _parts(events: Sequence[Event]) -> Iterable[TurnPart]:
    turn: Turn | None = None
    answer, number_of_answers = Answer(), 0
    for event in events:
        kind = text(event.content, "event")
        if kind == "user":
            turn, prompt = _heard(event, answer.prompt), answer.prompt
            answer, number_of_answers = Answer(refused=_is_refused(event.content)), 0
            if turn is not None:
                yield _said(turn, answer, prompt=prompt)
        elif kind in _CUTS:
            turn, answer = None, Answer()
        else:
            before, answer = answer, _answered(answer, event.content, kind=kind)
            if turn is not None and answer != before:
                number_of_answers += 1
                # Numbered, as of parts within one millisecond the one whose name sorts last counts.
                name = f"answered-{number_of_answers:03}-{event.key}"
                yield TurnPart(replace(_blank(turn, event.at), response=answer.response), frozenset({"response"}), name)


def _said(turn: Turn, answer: Answer, *, prompt: Prompt | None) -> TurnPart:
    carried = {"utterance", "interpretations"}
    carried |= {
        name
        for name, value in (("prompt", prompt), ("context", turn.context), ("versions", turn.versions), ("rewrite", turn.rewrite))
        if value
    }
    name = "said again" if turn.rewrite else "said"
    if not answer.refused:
        return TurnPart(turn, frozenset(carried), name)
    return TurnPart(replace(turn, response=answer.response), frozenset(carried | {"response"}), name)


def _blank(turn: Turn, at: datetime) -> Turn:
    return Turn(turn_id=turn.turn_id, customer_id=turn.customer_id, at=at)


def _heard(event: Event, prompt: Prompt | None) -> Turn | None:
    """What a customer said; nothing where it was a button or a channel that spoke, or no words were kept."""
    content = event.content
    words = text(content, "text") or text(content, "parse_data", "text")
    if not words.strip() or has_command_prefix(words):
        return None
    masked, ours = is_masked(words), _said_for_them(content)
    channel, model = text(content, "input_channel"), text(content, "metadata", "model_id")
    return Turn(
        # What our action said for them is the same turn, said again (deploy/rasa/resay_action.py).
        turn_id=known_id(
            text(content, "parse_data", "resay", "turn_id") or text(content, "message_id"), event.talk, event.at.isoformat(), words
        ),
        customer_id=known_id(event.talk),
        at=event.at,
        # The turn happened, and counts; what an anonymiser left of its words is not what was said.
        utterance="" if masked else words,
        interpretations=() if masked or _is_refused(content) else tuple(islice(_interpretations(content), HYPOTHESES_MAX)),
        prompt=prompt,
        context=Context(device_type=channel) if channel else None,
        versions=Versions(nlu=model) if model else None,
        rewrite=ours,
    )


def _said_for_them(content: Mapping[str, object]) -> AppliedRewrite | None:
    """The rewrite, where these are our words in place of the customer's."""
    told = mapping(content, "parse_data", "resay", "rewrite")
    original, decision = text(told, "original"), text(told, "decision_id")
    if not original or not decision:
        return None
    names = {name: text(told, name) or None for name in ("rewrite_id", "layer", "experiment", "arm")}
    generation = number(told, "generation")
    return AppliedRewrite(decision, original, generation=None if generation is None else int(generation), **names)


def _is_refused(content: Mapping[str, object]) -> bool:
    ranking, commands = listed(content, "parse_data", "intent_ranking"), listed(content, "parse_data", "commands")
    first = text(ranking[0], "name") if ranking else ""
    cannot = any(text(command, "command") == CANNOT_HANDLE for command in commands)
    return REFUSED_INTENT in {first, text(content, "parse_data", "intent", "name")} or cannot


def _interpretations(content: Mapping[str, object]) -> Iterator[Interpretation]:
    """What was acted on, then the rest of the ranking; of flows, the command that starts one."""
    parsed = mapping(content, "parse_data")
    slots = _slots(parsed)
    acted_on = text(parsed, "intent", "name")
    if acted_on:
        yield Interpretation(acted_on, slots=slots, confidence=share(parsed, "intent", "confidence"))
    else:
        flows = [flow for command in listed(parsed, "commands") if (flow := text(command, "flow"))]
        if flows:
            yield Interpretation(flows[0], slots=slots)
    for each in listed(parsed, "intent_ranking") if acted_on else ():
        name = text(each, "name")
        if name and name != acted_on:
            yield Interpretation(name, confidence=share(each, "confidence"))


def _slots(parsed: Mapping[str, object]) -> Mapping[str, object]:
    """Values by the name of their entity; a list where one is named twice."""
    values: dict[str, list[object]] = {}
    for entity in listed(parsed, "entities"):
        if name := text(entity, "entity"):
            values.setdefault(name, []).append(slot_value(found(entity, "value")))
    for command in listed(parsed, "commands"):
        if text(command, "command") == "set slot" and (name := text(command, "name")):
            values.setdefault(name, []).append(slot_value(found(command, "value")))
    return {name: each[0] if len(each) == 1 else each for name, each in sorted(values.items())}


def _answered(answer: Answer, content: Mapping[str, Any], *, kind: str) -> Answer:
    """The answer with one more event in it."""
    name = text(content, "name")[:ID_CHARS_MAX]
    if kind == "bot":
        said = text(content, "text")
        action = text(content, "metadata", "utter_action")[:ID_CHARS_MAX]
        choice = "choice" if listed(content, "data", "buttons") or listed(content, "data", "quick_replies") else ""
        asked = answer.asked or (action if action.startswith("utter_ask") else choice)
        words = "\n".join(filter(None, (answer.text, said)))[:ANSWER_CHARS_MAX]
        return replace(answer, text=words, action=answer.action or action, asked=asked)
    if kind == "slot" and name == "requested_slot":
        return replace(answer, asked=text(content, "value")[:ID_CHARS_MAX])
    if kind == "action" and name in _FALLBACKS:
        return replace(answer, action=name, refused=True)
    if kind == "action" and name and name not in _SILENT:
        return replace(answer, action=name)
    return answer


RASA = Adapter("rasa", "Rasa events", recognises=_recognises, records=_records, events=_events, parts=_parts)
