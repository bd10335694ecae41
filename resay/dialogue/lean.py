"""Records read for their columns alone: what `codec` reads, without what no column is made of.

Accepts what `codec.decode` accepts and nothing else (a property test holds them together), at several times its speed: free-form
JSON is passed over and kept as bytes, a batch is looked at as a whole where it can be, and no turn is made. Event times are not judged
here. Why a record is refused is the codec's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from resay.dialogue.codec import RECORD_BYTES_MAX, WireTurn, faults_of_content, nests_too_deep

_OBJECT = ord("{")

_SHAPE = bytes.maketrans(b"123456789E", b"000000000e")
"""All digits alike, to look for numbers that may be out of range: those with an exponent, and those of very many digits."""

_LONG_NUMBER = b"0" * 300


def read_lean(raws: Sequence[bytes]) -> list[WireTurn | None]:
    """Of each record its lean turn; nothing where the codec refuses it."""
    return [_read(raw) if raw.isascii() or _is_utf8(raw) else None for raw in raws]


def free_form(member: Mapping[str, object]) -> bytes:
    """A free-form member of a lean turn, as it stood in the record; empty where it was not given."""
    return bytes(member)  # type: ignore[arg-type] # Lean: what the type calls a mapping is bytes.


def _read(raw: bytes) -> WireTurn | None:
    if len(raw) > RECORD_BYTES_MAX or nests_too_deep(raw):
        return None
    try:
        wire = _decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return None if faults_of_content(wire) or not _has_objects(wire) else wire


def _is_utf8(raw: bytes) -> bool:
    """The decoder does not look at the text of what it passes over."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_objects(wire: WireTurn) -> bool:
    """Whether what is kept as bytes are objects, of which all that can be wrong otherwise is known: the decoder has passed over them."""
    if wire.context is not None and not _is_object(free_form(wire.context.device_states)):
        return False
    return wire.interpretations is None or all(_is_object(free_form(each.slots)) for each in wire.interpretations)


def _is_object(content: bytes) -> bool:
    if not content:
        return True
    if content[0] != _OBJECT:
        return False
    shape = content.translate(_SHAPE)
    if b"0e" not in shape and _LONG_NUMBER not in shape:
        return True
    # Numbers out of range are told only by reading them.
    try:
        msgspec.json.decode(content)
    except msgspec.MsgspecError:
        return False
    return True


def _lean(kind: Any) -> Any:
    """A wire type with structs in place of dataclasses, as they are made faster, and bytes in place of free-form objects."""
    if is_dataclass(kind) or kind is WireTurn:
        return msgspec.defstruct("Lean", _members(kind), gc=False)
    if get_origin(kind) is Mapping:
        return msgspec.Raw
    if get_origin(kind) in {UnionType, Union}:
        return Union[tuple(_lean(each) for each in get_args(kind))]  # noqa: UP007 - the members are values here.
    if get_origin(kind) is tuple:
        return tuple[(_lean(get_args(kind)[0]), ...)]  # type: ignore[misc] # The member is a value here.
    return kind


def _members(kind: Any) -> list[tuple[str, Any] | tuple[str, Any, Any]]:
    """Names, lean types and defaults of a wire type's fields."""
    members: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for name, hint in get_type_hints(kind).items():
        lean, default = _lean(hint), kind.__dataclass_fields__[name].default if is_dataclass(kind) else _STRUCT_DEFAULTS[name]
        if lean is msgspec.Raw:
            members.append((name, lean, msgspec.Raw()))
        elif default in {MISSING, msgspec.NODEFAULT}:
            members.append((name, lean))
        else:
            members.append((name, lean, default))
    return members


_STRUCT_DEFAULTS = {each.name: each.default for each in msgspec.structs.fields(WireTurn)}
_decode: Callable[[bytes], WireTurn] = msgspec.json.Decoder(_lean(WireTurn)).decode
