"""Events of other systems as they happen: taken in piece by piece, told as turns when a talk is whole.

What is taken in lies in the books before its sender is thanked, so that nothing is lost, whoever is killed when. A talk that is told again,
as something came late or a replica was killed, tells the same parts, which the landing drops (docs/decisions/0038-other-systems-live.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

import msgspec

from ingest.adapted_log import WITHHELD
from ingest.adapters.adapter import Adapter, Document, Event, raw_of, read, turn_parts
from ingest.adapters.fields import known_id
from ingest.adapters.otel import OTEL
from ingest.adapters.otlp import Link, link_of
from ingest.adapters.rasa import RASA
from ingest.landing import BYTES_A_BATCH, RECORDS_A_BATCH, LandingReport, keep_letters, land_records
from ingest.privacy import Mask, keep
from resay.dialogue.codec import RECORD_BYTES_MAX, encode
from resay.dialogue.turn import Reject
from resay.store.lake import Lake
from resay.store.waiting import Patience, Piece, WaitingBooks

TALKS_A_LANDING = 200
"""Talks told in one commit of the lake: some thousand events, and a second."""

RECORDS_MAX = 10_000
"""Records a request, those inside envelopes counted one by one: exporters send 512 at once, collectors some 8,000."""

WITHHELD_OF_FORGOTTEN = b'{"withheld": "customers were forgotten, and nobody knows whether this record names one of them"}'
"""Kept in place of a record of another system that could not be read, once anybody was forgotten."""

_NAMES = ("customer", "sender_id")
"""What adapters' events call their customer."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A system whose events come as they happen."""

    name: str
    """Of the source under which its turns lie in the lake."""
    adapter: Adapter
    patience: Patience
    link: Callable[[object], Link | None] = lambda _record: None
    """Where a record stands among the others of its talk, where that is told."""
    talks_are_customers: bool = False
    """Whether a talk is called as its customer is."""


SPANS = Stream(
    "otlp",
    OTEL,
    # Exporters send every five seconds. An agent's own span is sent when it has answered, behind the calls inside it: most take less than
    # five minutes. Collectors send again for five.
    Patience(quiet=timedelta(seconds=6), wait=timedelta(minutes=5), keep=timedelta(minutes=6)),
    link_of,
)
"""OpenTelemetry's spans and log records."""

RASA_EVENTS = Stream(
    "rasa",
    RASA,
    # All of a turn's events are sent when the tracker is saved. Who answers later than in a quarter of an hour is not known to answer.
    Patience(quiet=timedelta(seconds=3), wait=timedelta(seconds=30), keep=timedelta(minutes=15), one_by_one=True),
    talks_are_customers=True,
)
"""Rasa's events, as a broker posts them."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came in one request."""

    pieces: Sequence[Piece]
    rejects: Sequence[Reject]
    records: int


class TooMany(ValueError):
    """A request of more records than are read."""


def refuse_beyond(records: int) -> None:
    """Say how many records a request may hold, where it holds more.

    Raises: TooMany, in words for the sender.
    """
    if records > RECORDS_MAX:
        message = f"body must not hold more than {RECORDS_MAX:,} records; got {records:,}; can they be sent in parts?"
        raise TooMany(message)


def arrived(stream: Stream, documents: Sequence[Document], *, now: datetime, named: Callable[[str], str] | None = None) -> Arrived:
    """What some records hold; `named` puts pseudonyms in place of customers' names, before anything is kept.

    Raises: TooMany.
    """
    pieces: list[Piece] = []
    rejects: list[Reject] = []
    records = stream.adapter.records(documents)
    refuse_beyond(len(records))
    for record in records:
        told = read(stream.adapter, record, now=now)
        if isinstance(told, Reject):
            rejects.append(told)
            continue
        try:
            pieces += _pieces(stream, record, told, now=now, named=named)
        except (OverflowError, ValueError) as error:
            rejects.append(Reject(raw_of(record.content), f"record must be storable as JSON; {error}", record.where))
    return Arrived(pieces, rejects, len(records))


def letter_of(reject: Reject, lake: Lake, *, hash_key: str | None) -> bytes:
    """What is kept of a record that cannot be read: nobody knows where in it names stand.

    Raises: LakeUnavailable.
    """
    if hash_key:
        return WITHHELD
    return WITHHELD_OF_FORGOTTEN if lake.forgotten() else reject.raw


def tell(
    stream: Stream, waiting: WaitingBooks, lake: Lake, *, now: datetime, mask: Mask = keep, as_of: datetime | None = None
) -> LandingReport:
    """Land the turns of all talks that are due, and let go of what was told a while ago; `as_of` another moment, where that is given.

    Safe to be killed anywhere, and to run in several processes.

    Raises: BooksUnavailable, LakeUnavailable, LostPosition.
    """
    report, as_of = LandingReport(), as_of or now
    while talks := waiting.due(stream.name, stream.patience, now=as_of, limit=TALKS_A_LANDING):
        pieces = waiting.pieces(stream.name, talks)
        letters: list[tuple[bytes, str]] = []
        for records in in_batches(_records(stream, pieces, letters)):
            # A talk that is told again tells again what cannot be a turn.
            report += land_records(records, source=stream.name, lake=lake, now=now, mask=mask, letters_once=True)
        if letters:
            keep_letters(letters, source=stream.name, lake=lake, now=now)
            report += LandingReport(rejected=len(letters))
        waiting.note_told(stream.name, pieces)
    waiting.drop(stream.name, stream.patience, now=as_of)
    waiting.count()
    return report


def in_batches(records: Iterable[bytes], *, bytes_max: int = BYTES_A_BATCH) -> Iterator[Sequence[bytes]]:
    """Records as they are landed: not more at once than a landing holds in memory, however long the talks."""
    batch: list[bytes] = []
    size = 0
    for record in records:
        batch.append(record)
        size += len(record)
        if size >= bytes_max or len(batch) == RECORDS_A_BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _records(stream: Stream, pieces: Sequence[Piece], letters: list[tuple[bytes, str]]) -> Iterator[bytes]:
    """What the talks tell, by talk; of one that cannot be told, a letter in place of the rest of it."""
    for talk, group in groupby((each for each in pieces if each.content), key=attrgetter("talk")):
        its = list(group)
        try:
            yield from map(encode, turn_parts(stream.adapter, [_event(each) for each in its]))
        # Whatever the fault, it must not keep the other talks waiting, nor this one's pieces for ever.
        except Exception as error:
            # Names, by which forgetting finds it, and neither words nor the text of the fault, which may quote them.
            letter = msgspec.json.encode({"talk": talk, "customer_id": its[0].customer_id})
            letters.append((letter, f"talk must be told as turns; {type(error).__name__}; is this a fault of resay that wants telling?"))


def _pieces(
    stream: Stream, record: Document, events: Sequence[Event], *, now: datetime, named: Callable[[str], str] | None
) -> Iterator[Piece]:
    link = stream.link(record.content)
    for bare in events:
        event = _renamed(stream, bare, named) if named else bare
        content = msgspec.json.encode({"order": event.order, "at": event.at, **_written(event.content)}).decode()
        if len(content) > RECORD_BYTES_MAX:
            message = f"what it tells must not be longer than {RECORD_BYTES_MAX:,} bytes; it is {len(content):,}"
            raise ValueError(message)
        span, parent = (_name(link.span), _name(link.parent)) if link else ("", "")
        customer = _customer(stream, event)
        customer = named(customer) if named and customer else customer
        yield Piece(_name(event.talk), event.key, customer, event.at, span, parent, content)
    if link and not events:
        # Tells nothing of talk, but what stands inside what.
        span = _name(link.span)
        yield Piece(_name(link.talk), f"span {span}", "", now, span, _name(link.parent))


def _name(name: str) -> str:
    """A name as the books can keep and find it; none stays none."""
    return known_id(name) if name else ""


def _renamed(stream: Stream, event: Event, named: Callable[[str], str]) -> Event:
    content = {
        name: named(known_id(value)) if name in _NAMES and isinstance(value, str) and value else value
        for name, value in event.content.items()
    }
    return replace(event, content=content, talk=named(known_id(event.talk)) if stream.talks_are_customers else event.talk)


def _customer(stream: Stream, event: Event) -> str:
    """Who speaks: as the turns will say that this event alone would make, else as the talk is called."""
    if stream.talks_are_customers:
        return known_id(event.talk)
    return next((part.turn.customer_id for part in stream.adapter.parts([event])), "")


def _written(content: Mapping[str, object]) -> dict[str, object]:
    """Times stand apart, as JSON has none and whatever would mark one may stand in what a sender wrote."""
    times = {name: value for name, value in content.items() if isinstance(value, datetime)}
    return {"times": times, "content": {name: value for name, value in content.items() if name not in times}}


def _event(piece: Piece) -> Event:
    written = msgspec.json.decode(piece.content)
    times = {name: datetime.fromisoformat(value) for name, value in written["times"].items()}
    at = datetime.fromisoformat(written["at"])
    return Event(piece.talk, written["order"], at, piece.event_key, written["content"] | times)
