"""Looking into JSON of other systems, where any field may be absent, null or something else than is said."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from ingest.adapters.adapter import made_id
from resay.dialogue.codec import ID_CHARS_MAX, instant
from resay.dialogue.text import has_control_characters

WHOLE_NUMBER_MAX = 2**53
"""Beyond this JSON numbers are not exact, and they are kept as text."""

_NOTHING: Mapping[str, object] = {}
_MASKED = re.compile(r"#{3,}")


def found(record: object, *path: str) -> object:
    """What stands at the end of a path of names; nothing where it ends before."""
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return record


def text(record: object, *path: str) -> str:
    """A text; empty where there is none."""
    value = found(record, *path)
    return value if isinstance(value, str) else ""


def mapping(record: object, *path: str) -> Mapping[str, object]:
    """An object; empty where there is none."""
    value = found(record, *path)
    return value if isinstance(value, dict) else _NOTHING


def listed(record: object, *path: str) -> Sequence[object]:
    """A list; empty where there is none."""
    value = found(record, *path)
    return value if isinstance(value, list) else ()


def number(record: object, *path: str) -> float | None:
    """A finite number; nothing where there is none."""
    value = found(record, *path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def share(record: object, *path: str) -> float | None:
    """A number from 0 to 1; nothing where there is none."""
    value = number(record, *path)
    return value if value is not None and 0 <= value <= 1 else None


def slot_value(value: object) -> object:
    """A value as a slot may hold it: a plain one as it is, anything else as text."""
    if value is None or isinstance(value, bool | str | float):
        return value
    if isinstance(value, int) and abs(value) <= WHOLE_NUMBER_MAX:
        return value
    return str(value)


def known_id(value: str, *otherwise: str) -> str:
    """The sender's own id where it can be one; else a hash of what else tells one from another."""
    if 0 < len(value) <= ID_CHARS_MAX and not has_control_characters(value):
        return value
    return made_id(*((value,) if value else otherwise))


def moment(value: object, name: str, *, now: datetime) -> datetime:
    """A time in text or in milliseconds since 1970, UTC.

    Raises: ValueError, in the words of a reject's reason.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        message = f"{name} must be given and be a time; got {type(value).__name__}"
        raise ValueError(message)
    try:
        return instant(value, now=now)
    except ValueError as error:
        message = f"{name} {error}"
        raise ValueError(message) from None


def is_masked(utterance: str) -> bool:
    """Whether an anonymiser has put runs of `###` in place of words: nothing may be learnt from what is left."""
    return bool(_MASKED.search(utterance))


def objects_only(record: object) -> Mapping[str, object]:
    """The record, which must be an object.

    Raises: ValueError.
    """
    if isinstance(record, dict):
        return record
    message = f"record must be one JSON object; got {type(record).__name__}"
    raise ValueError(message)
