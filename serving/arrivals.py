"""Other systems' events that come over HTTP: kept in the books at once, told as turns in rounds. Knows no system."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ingest.adapters.adapter import Document
from ingest.arriving import RASA_EVENTS, SPANS, Arrived, Stream, arrived, letter_of, tell
from ingest.landing import keep_letters
from ingest.privacy import Pseudonymise, keep
from resay.store.lake import Lake
from serving.service import Service

STREAMS = (SPANS, RASA_EVENTS)

LETTERS_MAX = 100
"""Dead letters kept of one request: whoever sends thousands has sent something else than they meant."""


def take_in(service: Service, stream: Stream, documents: Sequence[Document], *, now: datetime) -> Arrived:
    """Keep what some records tell; they are safe when this returns.

    Raises: Crowded, BooksUnavailable, LakeUnavailable.
    """
    key = service.settings.hash_key
    told = arrived(stream, documents, now=now, named=service.pseudonym if key else None)
    service.waiting.add(stream.name, told.pieces, now=now)
    if told.rejects:
        lake = Lake(service.settings.lake)
        letters = [(letter_of(each, lake, hash_key=key), each.reason) for each in told.rejects[:LETTERS_MAX]]
        keep_letters(letters, source=stream.name, lake=lake, now=now)
        service.metrics.landed(stream.name, accepted=0, rejected=len(told.rejects))
    return told


def tell_all(service: Service) -> None:
    """Land the turns of all talks that are due.

    Raises: BooksUnavailable, LakeUnavailable.
    """
    key = service.settings.hash_key
    mask = Pseudonymise(key) if key else keep
    for stream in STREAMS:
        report = tell(stream, service.waiting, Lake(service.settings.lake), now=service.clock(), mask=mask)
        service.metrics.landed(stream.name, accepted=report.accepted, rejected=report.rejected)
