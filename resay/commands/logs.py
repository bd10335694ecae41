"""Logs: events with fields on standard error, as lines of text or of JSON. What customers said is never among them.

A record of ours is `event name=value …`, and its values are numbers, names and sentences for operators. Of others' records only the
template is told, and of errors that are not ours only their kind and where they were raised: their words may be a customer's.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from enum import StrEnum
from typing import TextIO

from resay.dialogue.errors import ResayError

OURS = ("resay", "ingest", "rephrase", "markov", "rewrite_online", "failure_point", "serving")
"""Packages whose events are told from `info` on; of others, warnings."""

PLACES_MAX = 8
"""Frames told of an error, the innermost ones."""

FIELD_CHARS_MAX = 500
"""Longest value: a sentence."""

_EVENT = re.compile(r"(\w+)((?: \w+=%\S+)*)")
_FIELD = re.compile(r"(\w+)=(%\S+)")


class LogForm(StrEnum):
    """How events are written."""

    TEXT = "text"
    JSON = "json"


class Lines(logging.Formatter):
    """One line an event."""

    def __init__(self, form: LogForm) -> None:
        """In this form."""
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told = fields_of(record)
        if self._form is LogForm.JSON:
            return json.dumps(told, ensure_ascii=False, default=str)
        rest = " ".join(f"{name}={value}" for name, value in told.items() if name not in {"at", "level", "event"})
        return f"{told['at']} {told['level']} {told['event']} {rest}".replace("\n", " ")


def log_to(stream: TextIO | None = None, *, form: LogForm = LogForm.TEXT) -> logging.Handler:
    """From now on tell events there, or on standard error; gives the handler, so that it can be taken off again."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Lines(form))
    handler.addFilter(_is_told)
    root = logging.getLogger()
    root.addHandler(handler)
    for package in OURS:
        logging.getLogger(package).setLevel(logging.INFO)
    return handler


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """What is told of a record."""
    told: dict[str, object] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "event": str(record.msg),
        "logger": record.name,
    }
    event = _EVENT.fullmatch(str(record.msg)) if _is_ours(record) else None
    if event is not None:
        told["event"] = event[1]
        told |= _named(event[2], record.args)
    if record.exc_info and record.exc_info[1] is not None:
        told |= _error(record.exc_info[1])
    return told


def _named(template: str, values: object) -> dict[str, object]:
    """Fields by name; errors among the values as their sentences, where they are ours."""
    given = values if isinstance(values, tuple) else ()
    return {name: _safe(value) for (name, _), value in zip(_FIELD.findall(template), given, strict=False)}


def _safe(value: object) -> object:
    if isinstance(value, BaseException):
        return str(value)[:FIELD_CHARS_MAX] if isinstance(value, ResayError) else type(value).__name__
    if isinstance(value, bool | int | float) or value is None:
        return value
    return str(value)[:FIELD_CHARS_MAX]


def _error(error: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)[-PLACES_MAX:]
    places = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames]
    sentence = {"sentence": str(error)[:FIELD_CHARS_MAX]} if isinstance(error, ResayError) else {}
    return {"kind": type(error).__name__, **sentence, "where": " < ".join(reversed(places))}


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.split(".")[0] in OURS


def _is_told(record: logging.LogRecord) -> bool:
    return record.levelno >= (logging.INFO if _is_ours(record) else logging.WARNING)
