"""vCon, the IETF's container of conversations: its dialogs of type text, turn by turn.

Knows who speaks by the roles of the parties, and takes the first party for the customer where none has a role. Recordings hold no
words and are passed over; signed and encrypted containers are refused. A vCon does not say whether a request was carried out, but where
it was exported by us (`vcon_export`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ingest.adapters.adapter import Adapter, Event, apart, made_id
from ingest.adapters.fields import found, is_masked, known_id, listed, mapping, moment, objects_only, text
from ingest.adapters.otlp import opened_json
from resay.dialogue.turn import AppliedRewrite, CustomerKind, Response, ResponseStatus, Turn, TurnPart

CUSTOMER_ROLES = frozenset({"customer", "caller", "client", "user", "consumer", "contact", "patient", "guest"})
"""Roles that contact centres give to those who call; the draft leaves them open."""

ASSISTANT_ROLES = frozenset({"agent", "assistant", "bot", "system", "virtual_agent", "ivr", "operator", "representative"})
"""Roles of those who answer."""

DIALOGS_MAX = 100_000
"""Dialogs of one container: every message of a support thread over years is fewer."""

VENDOR, OUR_TURN = "resay", "resay.turn"
"""Vendor and type of the analysis by which we say of a dialog what a vCon cannot: `vcon_export` writes it."""

_STATUSES = frozenset(ResponseStatus)
_NAMES = ("uuid", "tel", "sip", "mailto", "did", "name")
_PLAIN_TEXT = frozenset({"", "text/plain"})
_UNENCODED = frozenset({"", "none"})


def _recognises(record: object) -> bool:
    return isinstance(record, dict) and ("vcon" in record or _is_sealed(record)) and "event" not in record


def _is_sealed(record: Mapping[str, object]) -> bool:
    return ("payload" in record and "signatures" in record) or ("ciphertext" in record and "recipients" in record)


def _events(record: object, now: datetime) -> Sequence[Event]:
    vcon = objects_only(record)
    if _is_sealed(vcon):
        message = "vcon must be in its unsigned form; it is signed or encrypted; can its payload be exported?"
        raise ValueError(message)
    if not isinstance(found(vcon, "dialog"), list) and "vcon" not in vcon:
        message = "record must be a vCon with its dialogs; it has neither the field vcon nor dialog"
        raise ValueError(message)
    dialogs = [(ordinal, each) for ordinal, each in enumerate(listed(vcon, "dialog")[:DIALOGS_MAX]) if _is_words(each)]
    name = known_id(text(vcon, "uuid"), text(vcon, "created_at"), *(text(each, "start") + text(each, "body") for _, each in dialogs[:1]))
    customer = _customer(vcon)
    known = _known(vcon)
    events = [_event(vcon, name, (ordinal, each), customer=customer, now=now) for ordinal, each in dialogs]
    return [
        replace(event, content={**event.content, "known": known.get(ordinal, {})})
        for event, (ordinal, _) in zip(events, dialogs, strict=True)
    ]


def _known(vcon: Mapping[str, object]) -> dict[int, object]:
    """What our own analysis says of dialogs, by their places."""
    known: dict[int, object] = {}
    for each in listed(vcon, "analysis")[:DIALOGS_MAX]:
        place = found(each, "dialog")
        if text(each, "vendor") == VENDOR and text(each, "type") == OUR_TURN and isinstance(place, int):
            body = found(each, "body")
            known[place] = opened_json(body) if isinstance(body, str) else body
    return known


def _is_words(dialog: object) -> bool:
    media = text(dialog, "mediatype") or text(dialog, "mimetype")
    plain = media.partition(";")[0].strip().casefold() in _PLAIN_TEXT and text(dialog, "encoding").casefold() in _UNENCODED
    return text(dialog, "type") == "text" and plain and bool(text(dialog, "body").strip())


def _event(vcon: Mapping[str, object], name: str, dialog: tuple[int, object], *, customer: int, now: datetime) -> Event:
    ordinal, said = dialog
    at = moment(found(said, "start"), f"start of dialog {ordinal}", now=now)
    content = {
        "speaker": "customer" if _speaker(said) == customer else "assistant",
        "customer": next((each for field in _NAMES if (each := text(_party(vcon, customer), field))), ""),
        "body": text(said, "body"),
        "ordinal": f"{ordinal:06}",
    }
    return Event(talk=name, order=at.timestamp(), at=at, key=f"{ordinal:06}", content=content)


def _party(vcon: Mapping[str, object], place: int) -> object:
    parties = listed(vcon, "parties")
    return parties[place] if 0 <= place < len(parties) else None


def _customer(vcon: Mapping[str, object]) -> int:
    """The place of the party that is the customer."""
    roles = [text(party, "role").strip().casefold() for party in listed(vcon, "parties")]
    by_role = [place for place, role in enumerate(roles) if role in CUSTOMER_ROLES]
    not_answering = [place for place, role in enumerate(roles) if role not in ASSISTANT_ROLES]
    return next(iter(by_role or not_answering), 0)


def _speaker(dialog: object) -> int:
    """The place of the party that speaks: the originator, else the first of the parties, or the only one."""
    for value in (found(dialog, "originator"), *listed(dialog, "parties")[:1], found(dialog, "parties")):
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return 0


def _parts(events: Sequence[Event]) -> Iterable[TurnPart]:
    turn_id, answered, known = "", "", mapping({})
    for event in events:
        body = text(event.content, "body")
        if text(event.content, "speaker") == "customer":
            known, answered = mapping(event.content, "known"), ""
            own = text(known, "turn_id")
            turn_id = known_id(own) if own else made_id(event.talk, text(event.content, "ordinal"))
            yield _part(event, turn_id, name="said", content=_said(body, known))
            if silent := _response(known, ""):
                # By its name before all answers with words, which may be of the same millisecond.
                yield _part(event, turn_id, name="answered", content={"response": silent})
        elif turn_id:
            answered = "\n".join(filter(None, (answered, body)))
            response = _response(known, answered) or Response(text=answered, status=ResponseStatus.DONE)
            yield _part(event, turn_id, name=f"answered-{text(event.content, 'ordinal')}", content={"response": response})


def _said(body: str, known: Mapping[str, object]) -> dict[str, Any]:
    """What was said; where we had said something else for the customer, the assistant was given that."""
    # The turn happened, and counts; what an anonymiser left of its words is not what was said.
    words = "" if is_masked(body) else body
    rewrite = mapping(known, "rewrite")
    content: dict[str, Any] = {"utterance": words}
    if words and text(rewrite, "decision_id"):
        named = {name: text(rewrite, name) or None for name in ("rewrite_id", "layer", "experiment", "arm")}
        generation = found(rewrite, "generation")
        number = generation if isinstance(generation, int) and not isinstance(generation, bool) else None
        applied = AppliedRewrite(text(rewrite, "decision_id"), words, generation=number, **named)
        content = {"utterance": text(known, "utterance") or words, "rewrite": applied}
    return content


def _response(known: Mapping[str, object], answered: str) -> Response | None:
    """The answer as we exported it; nothing where we did not."""
    status = text(known, "response", "status")
    if status not in _STATUSES:
        return None
    return Response(text=answered, status=ResponseStatus(status), action=text(known, "response", "action"))


def _part(event: Event, turn_id: str, *, name: str, content: dict[str, Any]) -> TurnPart:
    customer = text(event.content, "customer")
    content |= {"session_id": event.talk, "customer_kind": CustomerKind.ACCOUNT if customer else CustomerKind.SESSION}
    return TurnPart(Turn(turn_id=turn_id, customer_id=known_id(customer or event.talk), at=event.at, **content), frozenset(content), name)


VCON = Adapter("vcon", "vCon containers", recognises=_recognises, records=apart, events=_events, parts=_parts)
