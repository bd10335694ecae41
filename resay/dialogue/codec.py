"""The codec of `resay.turn/1`: records (bytes) to turn parts and back.

The only place that knows the wire form. Typed decoding is the fast path; a record that fails it is read again field by field,
so that the reject names all of its faults at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import MISSING, is_dataclass
from dataclasses import fields as dataclass_fields
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec

from resay.dialogue.text import has_control_characters
from resay.dialogue.turn import (
    AppliedRewrite,
    Audio,
    Context,
    CustomerKind,
    Entity,
    Feedback,
    Hypothesis,
    Interpretation,
    Prompt,
    Reject,
    Response,
    Turn,
    TurnPart,
    Versions,
)

SCHEMA = "resay.turn/1"

RECORD_BYTES_MAX = 1_048_576
"""Longest record that is read: Kafka's own default for a message."""

UTTERANCE_CHARS_MAX = 2_000
"""Longest utterance: a minute of fast speech is under 1,000 characters."""

ID_CHARS_MAX = 256
"""Longest id; ids are keys in every table."""

HYPOTHESES_MAX = 100
"""Longest n-best list, of hypotheses or interpretations."""

NESTING_MAX = 64
"""Deepest nesting: states of devices nest five deep, and msgspec gives up near 1,000, sooner the deeper its caller stands."""

FUTURE_MAX = timedelta(days=1)
"""How far ahead of the clock an event time may lie: a device in another time zone that sends local time as UTC."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Event times before this are seconds read as milliseconds, or a clock that was never set."""


class WireTurn(msgspec.Struct, omit_defaults=True):
    """One event of `resay.turn/1`: a turn, or a part of one."""

    schema: str
    turn_id: str
    customer_id: str
    at: str | int | float
    """Event time: RFC 3339 with offset, or milliseconds since 1970 UTC."""
    utterance: str | None = None
    """Required, unless `part` names another part than `whole` or `said`."""
    part: str = "whole"
    customer_kind: CustomerKind | None = None
    session_id: str | None = None
    device_id: str | None = None
    hypotheses: tuple[Hypothesis, ...] | None = None
    interpretations: tuple[Interpretation, ...] | None = None
    entities: tuple[Entity, ...] | None = None
    prompt: Prompt | None = None
    response: Response | None = None
    barge_in: bool | None = None
    ended_at: str | int | float | None = None
    audio: Audio | None = None
    context: Context | None = None
    feedback: Feedback | None = None
    rewrite: AppliedRewrite | None = None
    cohorts: tuple[str, ...] | None = None
    versions: Versions | None = None


_WIRE_FIELDS = {wire.name: wire for wire in msgspec.structs.fields(WireTurn)}
_ENVELOPE = frozenset({"schema", "turn_id", "customer_id", "at", "part"})
_TEXT_PARTS = frozenset({"whole", "said"})
_CONTENT = frozenset(_WIRE_FIELDS) - _ENVELOPE
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"?|[][{}]', re.DOTALL)
"""Brackets, and the strings in which they are none."""
_DEFAULTS = [(name, getattr(Turn(turn_id="", customer_id="", at=EARLIEST), name)) for name in _CONTENT]
_PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types of values that JSON has itself."""
_decode_wire = msgspec.json.Decoder(WireTurn).decode
_decode_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encoder = msgspec.json.Encoder()


def decode(raw: bytes, *, where: str, now: datetime) -> TurnPart | Reject:
    """The turn part that a record carries, or a reject that names all of its faults.

    `now` bounds event times from above. Unknown fields are kept in `Turn.unknown`; unknown schema versions are rejected.
    """
    if len(raw) > RECORD_BYTES_MAX:
        return refuse_length(raw, len(raw), where=where)
    if nests_too_deep(raw):
        return _reject(raw, [f"record must not nest deeper than {NESTING_MAX} objects and lists; it does"], where)
    try:
        raw.decode()  # What the decoder passes over, it does not look at; the record is kept as text all the same.
        wire = _decode_wire(raw)
        keys = _decode_keys(raw)
        return _part(wire, keys, raw, where=where, now=now)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _reject(raw, _faults_of_shape(raw), where)


def refuse_length(raw: bytes, length: int, *, where: str) -> Reject:
    """The reject for a record that is too long to be read; `raw` may be its beginning only."""
    return _reject(raw, [f"record must not be longer than {RECORD_BYTES_MAX:,} bytes; got {length:,}"], where)


def encode(part: TurnPart) -> bytes:
    """The record that `decode` reads back as this part; field order is fixed, so equal parts give equal bytes."""
    turn = part.turn
    record: dict[str, object] = {"schema": SCHEMA, "turn_id": turn.turn_id}
    if part.part != "whole":
        record["part"] = part.part
    record |= {"customer_id": turn.customer_id, "at": iso_ms(turn.at)}
    for name in _WIRE_FIELDS:
        if name in part.fields:
            record[name] = wire_value(getattr(turn, name))
    return _encoder.encode(record | dict(turn.unknown))


def whole(turn: Turn) -> TurnPart:
    """The one part that carries all of a turn that differs from the defaults."""
    carried = {name for name, default in _DEFAULTS if getattr(turn, name) != default}
    return TurnPart(turn=turn, fields=frozenset(carried | {"utterance"}))


def instant(value: str | float, *, now: datetime) -> datetime:
    """A wire time as UTC, rounded down to milliseconds.

    Raises: ValueError, in the words of a reject's reason.
    """
    try:
        moment = _from_text(value) if isinstance(value, str) else _from_number(value)
    except OverflowError:
        message = f"must be a time of this age; got {value!r}"
        raise ValueError(message) from None
    if moment < EARLIEST:
        message = f"must not lie before {EARLIEST:%Y}; got {value!r}; are these seconds instead of milliseconds?"
        raise ValueError(message)
    if moment > now + FUTURE_MAX:
        message = f"must not lie in the future; got {value!r}; is the sender's clock right?"
        raise ValueError(message)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def iso_ms(moment: datetime) -> str:
    """A time as it is written on the wire: RFC 3339, UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wire_value(value: Any) -> Any:
    """A field of a turn as JSON-ready values, nulls and empty members left out unless they must be given."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, datetime):
        return iso_ms(value)
    if isinstance(value, tuple):
        return [wire_value(each) for each in value]
    if isinstance(value, Mapping):
        return dict(value)
    if members := _members_of(type(value)):  # type: ignore[arg-type] # mypy takes types for unhashable.
        written = ((name, required, wire_value(getattr(value, name))) for name, required in members)
        return {name: member for name, required, member in written if required or member not in _EMPTY}
    return value


@cache
def _members_of(kind: type) -> list[tuple[str, bool]]:
    """The members of values of this type, and whether each must be given; none where it is no dataclass."""
    if not is_dataclass(kind):
        return []
    return [(each.name, each.default is MISSING and each.default_factory is MISSING) for each in dataclass_fields(kind)]


_EMPTY: tuple[object, ...] = (None, "", {}, [])


def nests_too_deep(raw: bytes) -> bool:
    """Whether a record nests deeper than `NESTING_MAX`."""
    # Hardly any record has so many brackets that it must be looked at twice.
    if raw.count(b"{") + raw.count(b"[") <= NESTING_MAX:
        return False
    depth = 0
    for bracket in _BRACKETS.finditer(raw):
        depth += {b"{": 1, b"[": 1, b"}": -1, b"]": -1}.get(bracket[0], 0)
        if depth > NESTING_MAX:
            return True
    return False


def _part(wire: WireTurn, keys: Mapping[str, msgspec.Raw], raw: bytes, *, where: str, now: datetime) -> TurnPart | Reject:
    faults = faults_of_content(wire)
    times: dict[str, datetime] = {}
    for name in ("at", "ended_at"):
        value = getattr(wire, name)
        if value is not None:
            try:
                times[name] = instant(value, now=now)
            except ValueError as error:
                faults.append(f"{name} {error}")
    if faults:
        return _reject(raw, faults, where)
    carried = frozenset(name for name in _CONTENT & keys.keys() if getattr(wire, name) is not None)
    unknown = {name: _unknown_value(keys[name]) for name in keys.keys() - _WIRE_FIELDS.keys()}
    content = {name: getattr(wire, name) for name in carried} | times
    turn = Turn(turn_id=wire.turn_id, customer_id=wire.customer_id, unknown=unknown, **content)
    return TurnPart(turn=turn, fields=carried, part=wire.part)


def faults_of_content(wire: WireTurn) -> list[str]:
    """What is wrong with a record whose types are right, but for its times."""
    if _is_plain(wire):
        return []
    faults = []
    if wire.schema != SCHEMA:
        faults.append(f"schema must be {SCHEMA!r}; got {wire.schema[:40]!r}; was it written by a newer version?")
    faults += [
        f"{name} must be 1 to {ID_CHARS_MAX} characters without control characters; got {value[:40]!r}"
        for name, value in (("turn_id", wire.turn_id), ("customer_id", wire.customer_id), ("part", wire.part))
        if not 0 < len(value) <= ID_CHARS_MAX or has_control_characters(value)
    ]
    if wire.utterance is None and wire.part in _TEXT_PARTS:
        faults.append("utterance must be given (it may be empty); it is missing")
    if wire.utterance is not None and len(wire.utterance) > UTTERANCE_CHARS_MAX:
        length = len(wire.utterance)
        faults.append(f"utterance must not be longer than {UTTERANCE_CHARS_MAX:,} characters; got {length:,}")
    faults += [
        f"{name} must not be more than {HYPOTHESES_MAX}; got {len(value)}"
        for name, value in (("hypotheses", wire.hypotheses), ("interpretations", wire.interpretations))
        if value is not None and len(value) > HYPOTHESES_MAX
    ]
    return faults


def _unknown_value(raw: msgspec.Raw) -> object:
    """A value that we know nothing of; where a number in it is out of range, its text: what we do not know cannot be wrong."""
    try:
        return msgspec.json.decode(raw)
    except msgspec.MsgspecError:
        return bytes(raw).decode()


def _is_plain(wire: WireTurn) -> bool:
    """Whether a glance is enough to see that content is right: nearly always, and each of a hundred thousand records a second is asked."""
    return (
        wire.schema == SCHEMA
        and 0 < len(wire.turn_id) <= ID_CHARS_MAX
        and 0 < len(wire.customer_id) <= ID_CHARS_MAX
        and 0 < len(wire.part) <= ID_CHARS_MAX
        and (wire.turn_id + wire.customer_id + wire.part).isprintable()
        and wire.utterance is not None
        and len(wire.utterance) <= UTTERANCE_CHARS_MAX
        and (wire.hypotheses is None or len(wire.hypotheses) <= HYPOTHESES_MAX)
        and (wire.interpretations is None or len(wire.interpretations) <= HYPOTHESES_MAX)
    )


def _faults_of_shape(raw: bytes) -> list[str]:
    """All faults of a record that could not be decoded as a whole, field by field."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return [f"record must be UTF-8; got byte 0x{raw[error.start]:02x} at {error.start}"]
    try:
        record = msgspec.json.decode(raw)
    except msgspec.DecodeError as error:
        return [f"record must be one JSON object; {error}{_hint(raw, error)}"]
    if not isinstance(record, dict):
        return [f"record must be one JSON object; got {type(record).__name__}"]
    faults = []
    for name, wire in _WIRE_FIELDS.items():
        if name not in record:
            if wire.required:
                faults.append(f"{name} must be given; it is missing")
            continue
        try:
            msgspec.convert(record[name], wire.type)
        except msgspec.ValidationError as error:
            faults.append(f"{name}: {error}")
    return faults or ["record must follow resay.turn/1; it does not"]


def _hint(raw: bytes, error: msgspec.DecodeError) -> str:
    """What is wrong most often with what is almost JSON."""
    if "trailing characters" in str(error):
        return "; are several records on one line? `curl -d @FILE` joins lines, `--data-binary @FILE` keeps them"
    if re.search(rb"\b(NaN|Infinity)\b", raw):
        return "; is NaN or Infinity in it, which JSON does not know?"
    if re.search(rb"\\u[dD][89a-fA-F]", raw):
        return "; is half a surrogate pair in it?"
    return "" if raw.rstrip().endswith(b"}") else "; was it cut off?"


def _from_text(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        message = f"must be RFC 3339 or milliseconds since 1970; got {value[:40]!r}"
        raise ValueError(message) from None
    if moment.tzinfo is None:
        message = f"must name its offset from UTC; got {value!r}; is a trailing Z missing?"
        raise ValueError(message)
    return moment.astimezone(UTC)


def _from_number(value: float) -> datetime:
    # `not <` catches NaN too; 1e14 ms is the year 5138, beyond what datetime arithmetic here must survive.
    if not math.fabs(value) < 1e14:
        message = f"must be milliseconds since 1970; got {value!r}"
        raise ValueError(message)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)


def _reject(raw: bytes, faults: list[str], where: str) -> Reject:
    return Reject(raw=raw, reason="; ".join(faults), where=where)
