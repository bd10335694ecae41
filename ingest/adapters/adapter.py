"""What an adapter is: how records of one system become events, and how the events of one talk become turn parts.

Knows order, repeats and rejects; what the fields of a system mean is in the file of that system. Nothing here reads a file or a clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter

import msgspec

from resay.dialogue.codec import RECORD_BYTES_MAX
from resay.dialogue.turn import Reject, TurnPart

HASH_HEX_DIGITS = 24
"""Of an id made from sender, time and text: 96 bits, no two of 10^9 turns share one but with a chance near 10^-11."""


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON value that a file held, and where."""

    content: object
    where: str
    """For people: `events.jsonl:17`."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that another system says has happened in a talk."""

    talk: str
    """Names the talk; its events are put in order together, however they arrived."""
    order: float
    """Where in its talk it stands: the sender's own count, or its time as exact as it came."""
    at: datetime
    """Event time, UTC."""
    key: str
    """The same again within a talk is the same event again."""
    content: Mapping[str, object]
    """What the sender wrote of it."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """How the records of one system are read."""

    name: str
    """As the command line has it."""
    title: str
    """For people."""
    recognises: Callable[[object], bool]
    """Whether a record looks like one of this system."""
    records: Callable[[Sequence[Document]], Sequence[Document]]
    """What a file held, as records: some files hold lists of them, others one in pieces."""
    events: Callable[[object, datetime], Sequence[Event]]
    """What a record tells; none where it tells nothing of talk. Raises ValueError in the words of a reject's reason; `now` bounds times."""
    parts: Callable[[Sequence[Event]], Iterable[TurnPart]]
    """The turns of one talk from its events, in order and each once."""


def read(adapter: Adapter, document: Document, *, now: datetime) -> Sequence[Event] | Reject:
    """The events of a record, or a reject with the reason."""
    try:
        return adapter.events(document.content, now)
    except ValueError as error:
        return Reject(raw_of(document.content), str(error), document.where)


def turn_parts(adapter: Adapter, events: Iterable[Event]) -> Iterator[TurnPart]:
    """The turns that events of any number of talks make up; neither the order of events nor repeats change the answer."""
    once = {(event.talk, event.key): event for event in events}
    ordered = sorted(once.values(), key=lambda event: (event.talk, event.order, event.at, event.key))
    for _, talk in groupby(ordered, key=attrgetter("talk")):
        yield from adapter.parts(list(talk))


def apart(documents: Sequence[Document]) -> Sequence[Document]:
    """The records of a file of records or of lists of them."""
    return [
        Document(each, document.where)
        for document in documents
        for each in (document.content if isinstance(document.content, list) else [document.content])
    ]


def made_id(*parts: str) -> str:
    """An id where the sender gave none: a hash of what tells one turn from another."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:HASH_HEX_DIGITS]


def raw_of(content: object) -> bytes:
    """A JSON value as it is kept of what could not be read, cut at the longest that is kept."""
    try:
        return msgspec.json.encode(content)[:RECORD_BYTES_MAX]
    except OverflowError:
        # Numbers beyond 64 bits can be read and not be written.
        return repr(content).encode()[:RECORD_BYTES_MAX]
