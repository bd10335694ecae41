"""Files of another system as a source: their turns, and what could not be read of them, at positions that stay.

All that is given is read at once, as the events of a talk may be spread over files and stand in any order. The partition is named by
the turns themselves, so an import that was cut goes on where it stood, and files that have grown are another partition, whose repeats
the landing drops. Knows no system: adapters do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ingest.adapters.adapter import Adapter, Document, Event, read, turn_parts
from ingest.adapters.files import CONTENT_BYTES_MAX, files_of, read_file
from ingest.source import Batch, Record, batch_of
from resay.dialogue.codec import encode
from resay.dialogue.turn import Reject

WITHHELD = b'{"withheld": "customer ids are replaced by hashes, and nobody knows where in this record they stand"}'
"""Kept in place of a record of another system that could not be read, where ids are hashed before anything is stored."""


Settle = Callable[[Sequence[Event]], tuple[Sequence[Event], Sequence[Reject]]]
"""What else is known of events than their files say: the events with it, and those that must not be taken in."""

DIGEST_HEX_DIGITS = 32
"""128 bits: no two imports share a partition by chance."""


@dataclass(frozen=True, slots=True)
class Given:
    """What an adapter made of files."""

    turns: Sequence[bytes]
    """Records of `resay.turn/1`."""
    rejects: Sequence[Reject]
    records: int
    """How many records the files held, good and bad."""
    silent: int
    """Of these, how many told nothing of talk."""

    @property
    def digest(self) -> str:
        """Names all of it: the same files read alike give the same."""
        digest = hashlib.sha256()
        for raw in (*(f"{each.where} {each.reason}".encode() for each in self.rejects), *self.turns):
            digest.update(len(raw).to_bytes(8, "big") + raw)
        return digest.hexdigest()[:DIGEST_HEX_DIGITS]


class AdaptedLog:
    """The turns in files of one system: one partition, one position a reject, then one a turn part, by talk and time."""

    def __init__(self, adapter: Adapter, given: Given, *, keep_raw: bool = True) -> None:
        self.name = adapter.name
        self._given = given
        self._keep_raw = keep_raw
        self._partition = f"{adapter.name}@{given.digest}"
        self._position = 0

    def partitions(self) -> Sequence[str]:
        """The one that there is."""
        return (self._partition,)

    def seek(self, partition: str, position: int) -> None:
        """Stand before a record; behind the last one where there are fewer."""
        assert partition == self._partition, "a log is asked for what it has"
        self._position = min(position, self._end)

    def next_batch(self, records_max: int, bytes_max: int) -> Batch | None:
        """The next records."""
        start, rejects = self._position, self._given.rejects
        taken: list[Record] = []
        size = 0
        for place in range(start, min(start + records_max, self._end)):
            taken.append(self._record(place))
            size += taken[-1].length
            if size >= bytes_max:
                break
        if not taken:
            return None
        self._position = start + len(taken)
        batch = batch_of(taken, self._partition, start=start, end=self._position)
        refused = {place - start: rejects[place].reason for place in range(start, min(self._position, len(rejects)))}
        return Batch(batch.partition, batch.raws, batch.positions, batch.lengths, batch.origin, batch.end, batch.start, refused)

    def close(self) -> None:
        """Nothing is held open."""

    @property
    def _end(self) -> int:
        return len(self._given.rejects) + len(self._given.turns)

    def _record(self, place: int) -> Record:
        rejects = self._given.rejects
        if place < len(rejects):
            raw = rejects[place].raw if self._keep_raw else WITHHELD
            return Record(raw, self._partition, place, rejects[place].where, len(raw))
        turn = self._given.turns[place - len(rejects)]
        return Record(turn, self._partition, place, f"{self.name}, turn part {place - len(rejects) + 1}", len(turn))


def as_told(events: Sequence[Event]) -> tuple[Sequence[Event], Sequence[Reject]]:
    """Nothing else is known."""
    return events, ()


def read_files(
    adapter: Adapter, paths: Sequence[Path], *, now: datetime, tick: Callable[[int, int], None], settle: Settle = as_told
) -> Given:
    """What an adapter makes of files; `tick` is told how many of how many files have been read.

    Raises: SourceUnavailable.
    """
    files = files_of(paths)
    told = _Told([], [], records=0, silent=0)
    left = CONTENT_BYTES_MAX
    for done, path in enumerate(files, 1):
        contents = read_file(path, bytes_max=left)
        left -= contents.length
        told += _told(adapter, contents.documents, contents.rejects, now=now)
        tick(done, len(files))
    return _given(adapter, told, settle)


def read_documents(adapter: Adapter, documents: Sequence[Document], *, now: datetime, settle: Settle = as_told) -> Given:
    """What an adapter makes of records that lie in no file."""
    return _given(adapter, _told(adapter, documents, (), now=now), settle)


def _given(adapter: Adapter, told: _Told, settle: Settle) -> Given:
    settled, refused = settle(told.events)
    turns = [encode(part) for part in turn_parts(adapter, settled)]
    return Given(turns, [*told.rejects, *refused], records=told.records, silent=told.silent)


@dataclass(slots=True)
class _Told:
    events: list[Event]
    rejects: list[Reject]
    records: int
    silent: int

    def __iadd__(self, other: _Told) -> _Told:
        self.events += other.events
        self.rejects += other.rejects
        self.records += other.records
        self.silent += other.silent
        return self


def _told(adapter: Adapter, documents: Sequence[Document], damaged: Sequence[Reject], *, now: datetime) -> _Told:
    read_records = [read(adapter, document, now=now) for document in adapter.records(documents)]
    rejects = [*damaged, *(each for each in read_records if isinstance(each, Reject))]
    events = [event for each in read_records if not isinstance(each, Reject) for event in each]
    silent = sum(not isinstance(each, Reject) and not each for each in read_records)
    return _Told(events, rejects, records=len(read_records) + len(damaged), silent=silent)
