"""A log of another system's events as they happen, such as Rasa's topic: each record goes into what waits, and is told from there.

Exactly once: the position moves in the very transaction that keeps what was read before it (docs/decisions/0044). Dead letters go into the
lake before that, and are told apart by where they stood. Events of one talk may stand anywhere, in any partition.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import msgspec

from ingest.adapters.adapter import Document
from ingest.arriving import Arrived, Stream, TooMany, arrived, letter_of, tell
from ingest.known import letters_not_kept, letters_of_the_known
from ingest.landing import FAULTS_SHOWN_MAX, LandingReport, LandingRules, LandingStep
from ingest.privacy import Pseudonymise, keep, pseudonym
from ingest.row import Refused, reject_rows
from ingest.source import Batch, Source
from resay.dialogue.codec import NESTING_MAX, RECORD_BYTES_MAX, nests_too_deep, refuse_length
from resay.dialogue.turn import Reject
from resay.store.books import Books
from resay.store.commit import Progress
from resay.store.errors import LostPosition
from resay.store.lake import Lake
from resay.store.tables import REJECTS
from resay.store.waiting import CHARACTERS_MAX, PIECES_MAX, Crowded, Piece, WaitingBooks

CROWDED_S = 1.0
"""How long a reader rests where no more can wait: what was told goes a quarter of an hour later."""

PIECES_A_SLICE = 5_000
"""Pieces kept in one transaction: some 200 ms for which nobody else writes the books. A batch of trackers may hold more than ever waits."""

READERS_SHARE = 2
"""One part in so many of the room is a reader's at most: it can rest, while those who send over HTTP would be turned away."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Where a system's events wait, and where its turns are landed; safe to use from two threads, one that reads and one that tells."""

    stream: Stream
    waiting: WaitingBooks
    lake: Lake
    hash_key: str | None = None
    pieces_a_slice: int = PIECES_A_SLICE

    def position(self, source: str, partition: str) -> int:
        """The next record of a source's partition that is not yet kept.

        Raises: BooksUnavailable.
        """
        return self.positions(source, [partition])[partition]

    def positions(self, source: str, partitions: Iterable[str]) -> dict[str, int]:
        """The same of several partitions, whoever reads them.

        Raises: BooksUnavailable.
        """
        names = {partition: _key(source, partition) for partition in partitions}
        return dict(zip(names, self.waiting.positions(list(names.values())), strict=True))

    def has_untold(self) -> bool:
        """Whether anything is kept that was not told yet.

        Raises: BooksUnavailable.
        """
        return self.waiting.has_untold(self.stream.name)

    def tell(self, rules: LandingRules, *, at_once: bool = False, as_of: datetime | None = None) -> LandingReport:
        """Land the turns of all talks that are due, or of all; `as_of` the moment up to which all of the log is kept, where that is known.

        Raises: BooksUnavailable, LakeUnavailable, LostPosition.
        """
        patience = replace(self.stream.patience, quiet=timedelta(0), wait=timedelta(0)) if at_once else self.stream.patience
        mask = Pseudonymise(self.hash_key) if self.hash_key else keep
        return tell(replace(self.stream, patience=patience), self.waiting, self.lake, now=rules.clock(), mask=mask, as_of=as_of)


def arrivals_of(stream: Stream, topic: str, *, books: Books, lake: Lake, pieces_max: int = PIECES_MAX) -> Arrivals:
    """Where the events of a topic wait: apart from all others, as only its readers know when it has no more of a talk."""
    waiting = WaitingBooks(books, pieces_max=pieces_max // READERS_SHARE, characters_max=CHARACTERS_MAX // READERS_SHARE)
    return Arrivals(replace(stream, name=f"{stream.name}@{topic}"), waiting, lake)


def land_events(
    source: Source,
    arrivals: Arrivals,
    *,
    rules: LandingRules,
    tick: Callable[[int], None] = lambda _read: None,
    stop: Callable[[], bool] = lambda: False,
) -> LandingReport:
    """Keep all that the source has, from where the books stand; `Arrivals.tell` lands it.

    Safe to interrupt anywhere, and to run again: what was kept is not read again, what was not is.

    Raises: LostPosition where another process keeps reading the same partition; SourceUnavailable, BooksUnavailable, LakeUnavailable.
    """
    for partition in source.partitions():
        source.seek(partition, arrivals.position(source.name, partition))
    report, conflicts = LandingReport(), 0
    while not stop() and (batch := source.next_batch(rules.records_a_batch, rules.bytes_a_batch)) is not None:
        rules.observe(LandingStep.TAKEN, batch)
        try:
            for kept in _keep(batch, arrivals, source=source.name, rules=rules, stop=stop):
                report, conflicts = report + kept, 0
                rules.landed(kept)
                tick(report.read)
        except LostPosition:
            rules.observe(LandingStep.LOST, batch)
            conflicts += 1
            if conflicts > rules.conflicts_max:
                raise
            source.seek(batch.partition, arrivals.position(source.name, batch.partition))
    return report


def _keep(batch: Batch, arrivals: Arrivals, *, source: str, rules: LandingRules, stop: Callable[[], bool]) -> Iterator[LandingReport]:
    """What became of a batch, slice by slice; it ends early where we were stopped before there was room.

    Raises: LostPosition.
    """
    now, lake = rules.clock(), arrivals.lake
    told = [_read(batch, place, arrivals, rules=rules) for place in range(len(batch.raws))]
    refused = [_refused(batch, place, each, arrivals=arrivals) for place, each in enumerate(told) if isinstance(each, Reject)]
    refused = letters_of_the_known(refused, lake.forgotten())
    lake.append(REJECTS, reject_rows(refused, source=source, now=now), screen=partial(letters_not_kept, lake))
    rules.observe(LandingStep.LETTERS_KEPT, batch)
    if refused:
        rules.rejected(refused)
    start = batch.start
    for first, last in _slices(told, arrivals.pieces_a_slice):
        end = batch.positions[last] if last < len(told) else batch.end
        pieces = [piece for each in told[first:last] if isinstance(each, Arrived) for piece in each.pieces]
        while (new := _added(pieces, arrivals, Progress(_key(source, batch.partition), start, end), rules=rules)) is None:
            rules.observe(LandingStep.RESTING, batch)
            if stop():
                return
            time.sleep(CROWDED_S)
        letters = [each.reject for each in refused if start <= each.record.position < end]
        start = end
        yield _report(last - first, letters, pieces, new=new)
    rules.observe(LandingStep.COMMITTED, batch)


def _slices(told: Sequence[Arrived | Reject], pieces_max: int) -> Iterator[tuple[int, int]]:
    """From which record to which a batch is kept at once: one at least, also where a stretch of the log held nothing for us."""
    first = pieces = 0
    for place, each in enumerate(told):
        pieces += len(each.pieces) if isinstance(each, Arrived) else 0
        if pieces >= pieces_max:
            yield first, place + 1
            first, pieces = place + 1, 0
    if first < len(told) or not told:
        yield first, len(told)


def _report(records: int, letters: Sequence[Reject], pieces: Sequence[Piece], *, new: int) -> LandingReport:
    good = records - len(letters)
    known = min(len(pieces) - new, good)
    faults = tuple(f"{each.where}: {each.reason}" for each in letters[:FAULTS_SHOWN_MAX])
    return LandingReport(good - known, len(letters), known, faults, max((each.event_time for each in pieces), default=None))


def _added(pieces: list[Piece], arrivals: Arrivals, progress: Progress, *, rules: LandingRules) -> int | None:
    """How many pieces are new; nothing where there is no room, though all that waits was told.

    That is the one time that talks are told while a part of the log is not yet read: nothing else would make room.
    """
    for _ in range(2):
        try:
            return arrivals.waiting.add(arrivals.stream.name, pieces, now=rules.clock(), progress=progress)
        except Crowded:
            arrivals.tell(rules, at_once=True)
    return None


def _refused(batch: Batch, place: int, reject: Reject, *, arrivals: Arrivals) -> Refused:
    raw = letter_of(reject, arrivals.lake, hash_key=arrivals.hash_key)
    return Refused(replace(batch.record(place), raw=raw), replace(reject, raw=raw))


def _read(batch: Batch, place: int, arrivals: Arrivals, *, rules: LandingRules) -> Arrived | Reject:
    """What one record tells; a record of which any event cannot be read is refused, with the first reason."""
    raw, length, where, key = batch.raws[place], batch.lengths[place], batch.origin(place), arrivals.hash_key
    if length > RECORD_BYTES_MAX:
        return refuse_length(raw, length, where=where)
    if nests_too_deep(raw):
        return Reject(raw, f"record must not nest deeper than {NESTING_MAX} objects and lists; it does", where)
    try:
        document = Document(msgspec.json.decode(raw), where)
        told = arrived(arrivals.stream, [document], now=rules.clock(), named=partial(pseudonym, key=key) if key else None)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Reject(raw, f"record must be JSON; {error}; is this a topic of {arrivals.stream.adapter.title}?", where)
    except TooMany as error:
        return Reject(raw, str(error), where)
    return replace(told.rejects[0], raw=raw, where=where) if told.rejects else told


def _key(source: str, partition: str) -> str:
    """The name of the mark in the books."""
    return f"waiting#{source}#{partition}"
