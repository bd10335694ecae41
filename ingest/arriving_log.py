"""A log of another system's events as they happen, such as Rasa's topic: each record goes into what waits, and is told from there.

Exactly once: the position moves in the very transaction that keeps what was read before it (docs/decisions/0044). Dead letters go into the
lake before that, and are told apart by where they stood. Events of one talk may stand anywhere, in any partition.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
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
from resay.store.commit import Progress
from resay.store.errors import LostPosition
from resay.store.lake import Lake
from resay.store.tables import REJECTS
from resay.store.waiting import Crowded, Piece, WaitingBooks

CROWDED_S = 1.0
"""How long a reader rests where no more can wait: what was told goes a quarter of an hour later."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Where a system's events wait, and where its turns are landed; safe to use from two threads, one that reads and one that tells."""

    stream: Stream
    waiting: WaitingBooks
    lake: Lake
    hash_key: str | None = None

    def position(self, source: str, partition: str) -> int:
        """The next record of a source's partition that is not yet kept.

        Raises: BooksUnavailable.
        """
        return self.waiting.position(_key(source, partition))

    def tell(self, rules: LandingRules, *, at_once: bool = False, let_go: bool = True) -> LandingReport:
        """Land the turns of all talks that are due, or of all.

        Raises: BooksUnavailable, LakeUnavailable, LostPosition.
        """
        patience = replace(self.stream.patience, quiet=timedelta(0), wait=timedelta(0)) if at_once else self.stream.patience
        mask = Pseudonymise(self.hash_key) if self.hash_key else keep
        return tell(replace(self.stream, patience=patience), self.waiting, self.lake, now=rules.clock(), mask=mask, let_go=let_go)


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
            kept = _keep(batch, arrivals, source=source.name, rules=rules, stop=stop)
        except LostPosition:
            rules.observe(LandingStep.LOST, batch)
            conflicts += 1
            if conflicts > rules.conflicts_max:
                raise
            source.seek(batch.partition, arrivals.position(source.name, batch.partition))
            continue
        if kept is None:
            break
        report, conflicts = report + kept, 0
        rules.landed(kept)
        tick(report.read)
    return report


def _keep(batch: Batch, arrivals: Arrivals, *, source: str, rules: LandingRules, stop: Callable[[], bool]) -> LandingReport | None:
    """What became of a batch; nothing where we were stopped before there was room for it."""
    now, lake = rules.clock(), arrivals.lake
    pieces: list[Piece] = []
    refused: list[Refused] = []
    for place in range(len(batch.raws)):
        told = _read(batch, place, arrivals, rules=rules)
        if isinstance(told, Reject):
            raw = letter_of(told, lake, hash_key=arrivals.hash_key)
            refused.append(Refused(replace(batch.record(place), raw=raw), replace(told, raw=raw)))
            continue
        pieces += told.pieces
    newest = max((each.event_time for each in pieces), default=None)
    refused = letters_of_the_known(refused, lake.forgotten())
    lake.append(REJECTS, reject_rows(refused, source=source, now=now), screen=partial(letters_not_kept, lake))
    rules.observe(LandingStep.LETTERS_KEPT, batch)
    if refused:
        rules.rejected(refused)
    progress = Progress(_key(source, batch.partition), batch.start, batch.end)
    while (new := _added(pieces, arrivals, progress, rules=rules)) is None:
        if stop():
            return None
        time.sleep(CROWDED_S)
    rules.observe(LandingStep.COMMITTED, batch)
    good = len(batch.raws) - len(refused)
    known = min(len(pieces) - new, good)
    faults = tuple(f"{each.reject.where}: {each.reject.reason}" for each in refused[:FAULTS_SHOWN_MAX])
    return LandingReport(good - known, len(refused), known, faults, newest)


def _added(pieces: list[Piece], arrivals: Arrivals, progress: Progress, *, rules: LandingRules) -> int | None:
    """How many pieces are new; nothing where there is no room, though all that waits was told."""
    for _ in range(2):
        try:
            return arrivals.waiting.add(arrivals.stream.name, pieces, now=rules.clock(), progress=progress)
        except Crowded:
            arrivals.tell(rules, at_once=True)
    return None


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
