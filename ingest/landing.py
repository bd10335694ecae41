"""Landing: records of a source into the lake, none lost and none twice, whatever is killed when.

One position counts: that of `turn_parts`, moved in the very commit that adds the rows (docs/decisions/0003-exactly-once.md).
Dead letters go in before it and are told apart by where they stood, so a run that died between the two commits reads the batch again,
finds its dead letters kept, and adds the parts. Knows nothing of what records mean beyond their key and time.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from ingest.known import letters_not_fetched, letters_not_kept, letters_of_the_known, rows_of_the_known
from ingest.privacy import Mask, keep
from ingest.repeat import without_duplicates, without_same
from ingest.row import ReadBatch, Refused, overlong_of, read_batch, refused_of, reject_rows, turn_part_rows
from ingest.source import Batch, Record, Source, batch_of
from resay.dialogue.codec import RECORD_BYTES_MAX
from resay.dialogue.turn import Reject
from resay.store.commit import Progress
from resay.store.errors import LostPosition
from resay.store.forgotten import Forgotten
from resay.store.lake import COMMIT_TRIES_MAX, Lake
from resay.store.reading import Connection
from resay.store.tables import REJECTS, TURN_PARTS, Table

RECORDS_A_BATCH = 40_000
"""Records a commit: a commit with its screens costs some 50 ms, reading and writing this many some 700 ms (docs/decisions/0006)."""

BYTES_A_BATCH = 33_554_432
"""Bytes a batch: 40,000 records of the usual 0.2 to 2 KB; as values and columns they take some five times as much memory."""

FAULTS_SHOWN_MAX = 5
"""Rejects named in a report; all of them are in table `rejects`."""


class LandingStep(StrEnum):
    """What a landing does to a batch, in order; between any two of them the process may die (docs/protocols/ingest-commit.md)."""

    TAKEN = "taken"
    """Read from the source; nothing is written yet."""
    LETTERS_KEPT = "letters_kept"
    """Its dead letters are in table `rejects`."""
    COMMITTED = "committed"
    """Its parts are in table `turn_parts`, and the position has moved behind it."""
    LOST = "lost"
    """Another process had moved the position: nothing of it went in, and it is read again from where the lake stands."""
    RESTING = "resting"
    """No more talk can wait for its rest: what is left of it is tried again until there is room."""


@dataclass(frozen=True, slots=True)
class LandingReport:
    """What became of the records that were read: each is accepted, rejected, was there already, or is of somebody forgotten."""

    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    faults: tuple[str, ...] = ()
    """The first few rejects, for people: where and why."""
    newest: datetime | None = None
    """Event time of the newest record that could be read."""
    forgotten: int = 0
    """What customers had said before they were forgotten, and come again: not taken in. Whose it is, nothing says."""

    @property
    def read(self) -> int:
        """How many records were read."""
        return self.accepted + self.rejected + self.duplicates + self.forgotten

    def __add__(self, other: LandingReport) -> LandingReport:
        return LandingReport(
            self.accepted + other.accepted,
            self.rejected + other.rejected,
            self.duplicates + other.duplicates,
            (self.faults + other.faults)[:FAULTS_SHOWN_MAX],
            max((each for each in (self.newest, other.newest) if each), default=None),
            self.forgotten + other.forgotten,
        )


@dataclass(frozen=True, slots=True)
class LandingRules:
    """How records are landed."""

    clock: Callable[[], datetime]
    """The time now, UTC; bounds event times from above."""
    mask: Mask = keep
    """What is done to a record before anything reads or stores it."""
    records_a_batch: int = RECORDS_A_BATCH
    bytes_a_batch: int = BYTES_A_BATCH
    conflicts_max: int = 0
    """Lost positions in a row that are answered by reading again; none where nobody else should be reading."""
    fetched_again: bool = False
    """Whether the same records come again at other positions: a dead letter that is there already is then neither kept nor counted."""
    observe: Callable[[LandingStep, Batch], None] = lambda _step, _batch: None
    """Told of every step after it was taken: for metrics, and for the tests that kill at it."""
    rejected: Callable[[Sequence[Refused]], None] = lambda _refused: None
    """Given the dead letters of every batch once they are kept, and before its parts are committed: each is given at least once."""
    landed: Callable[[LandingReport], None] = lambda _report: None
    """Told what became of every batch, once it is committed."""


def land(
    source: Source,
    lake: Lake,
    *,
    rules: LandingRules,
    tick: Callable[[int], None] = lambda _read: None,
    stop: Callable[[], bool] = lambda: False,
) -> LandingReport:
    """Land all that the source has, from where the lake stands; `stop` is asked between batches.

    Safe to interrupt anywhere, and to run again: what was committed is not read again, what was not is.

    Raises: LostPosition where another process keeps reading the same partition; SourceUnavailable; LakeUnavailable.
    """
    for partition in source.partitions():
        source.seek(partition, stored_position(lake, source.name, partition))
    report, conflicts = LandingReport(), 0
    while not stop() and (batch := source.next_batch(rules.records_a_batch, rules.bytes_a_batch)) is not None:
        rules.observe(LandingStep.TAKEN, batch)
        try:
            with _collector_resting():
                landed = _land_batch(batch, lake, source=source.name, rules=rules)
        except LostPosition:
            rules.observe(LandingStep.LOST, batch)
            conflicts += 1
            if conflicts > rules.conflicts_max:
                raise
            source.seek(batch.partition, stored_position(lake, source.name, batch.partition))
            continue
        report, conflicts = report + landed, 0
        rules.landed(landed)
        tick(report.read)
    return report


def stored_position(lake: Lake, source: str, partition: str) -> int:
    """The next record of a source's partition that is not yet landed."""
    return lake.position(TURN_PARTS, _key(source, partition))


def land_records(
    records: Sequence[bytes], *, source: str, lake: Lake, now: datetime, mask: Mask = keep, letters_once: bool = False
) -> LandingReport:
    """Land records that have no position of their own, as they come by HTTP; they are numbered in the order of their commits.

    The parts are committed first: a sender that hears nothing sends all again, and then the parts are known and the dead letters are not,
    unless `letters_once` says that a letter that reads like one of the source's is the same.

    Raises: LakeUnavailable, and LostPosition where others are always first.
    """
    numbered = [Record(raw[:RECORD_BYTES_MAX], source, ordinal, f"{source}:{ordinal + 1}", len(raw)) for ordinal, raw in enumerate(records)]
    batch = batch_of(numbered, source, start=0, end=len(numbered))
    read = read_batch(batch.raws, overlong=overlong_of(batch), now=now, mask=mask)
    forgotten = lake.forgotten()
    refused = letters_of_the_known(refused_of(read, batch), forgotten)
    accepted = _append_numbered(lake, TURN_PARTS, turn_part_rows(read, batch, source=source, now=now))
    rows = reject_rows(refused, source=source, now=now)
    if letters_once and refused:
        kept = _append_numbered(lake, REJECTS, rows, once=True)
        return replace(report_of(read, refused, accepted=accepted, forgotten=forgotten), rejected=kept, faults=())
    _append_numbered(lake, REJECTS, rows)
    return report_of(read, refused, accepted=accepted, forgotten=forgotten)


def keep_letters(letters: Sequence[tuple[bytes, str]], *, source: str, lake: Lake, now: datetime) -> None:
    """Keep records of another system that its adapter cannot read, each with the reason.

    Raises: LakeUnavailable, and LostPosition where others are always first.
    """
    records = [Record(raw, source, place, f"{source}:{place + 1}", len(raw)) for place, (raw, _) in enumerate(letters)]
    refused = [Refused(record, Reject(record.raw, reason, record.origin)) for record, (_, reason) in zip(records, letters, strict=True)]
    _append_numbered(lake, REJECTS, reject_rows(letters_of_the_known(refused, lake.forgotten()), source=source, now=now))


def report_of(read: ReadBatch, refused: Sequence[Refused], *, accepted: int, forgotten: Forgotten) -> LandingReport:
    """What became of records that were read, and of whose good ones so many went in."""
    faults = tuple(f"{each.reject.where}: {each.reject.reason}" for each in refused[:FAULTS_SHOWN_MAX])
    newest = pc.max(read.columns.column("event_time")).as_py()
    left = len(read.good) + len(read.bad) - accepted - len(refused)
    doomed = forgotten.doomed(read.columns) if forgotten else None
    theirs = len(read.bad) - len(refused) + (pc.sum(doomed).as_py() or 0 if doomed is not None else 0)
    # Whoever was forgotten while the batch went in is counted as there already.
    of_forgotten = min(left, theirs)
    return LandingReport(accepted, len(refused), left - of_forgotten, faults, newest, of_forgotten)


def _letters_of_the_known(lake: Lake, connection: Connection, rows: pa.Table, *, once: bool) -> pa.Table:
    return rows_of_the_known(without_same(connection, rows) if once else rows, lake.forgotten())


def _land_batch(batch: Batch, lake: Lake, *, source: str, rules: LandingRules) -> LandingReport:
    now = rules.clock()
    read = read_batch(batch.raws, overlong=overlong_of(batch), now=now, mask=rules.mask, refused=batch.refused)
    forgotten = lake.forgotten()
    refused = letters_of_the_known(refused_of(read, batch), forgotten)
    screen = letters_not_fetched if rules.fetched_again else letters_not_kept
    kept = lake.append(REJECTS, reject_rows(refused, source=source, now=now), screen=partial(screen, lake))
    rules.observe(LandingStep.LETTERS_KEPT, batch)
    if refused:
        rules.rejected(refused)
    rows = turn_part_rows(read, batch, source=source, now=now)
    progress = Progress(_key(source, batch.partition), batch.start, batch.end)
    accepted = lake.append(TURN_PARTS, rows, [progress], screen=without_duplicates)
    rules.observe(LandingStep.COMMITTED, batch)
    report = report_of(read, refused, accepted=accepted, forgotten=forgotten)
    # Which of several letters are new the lake does not say.
    return report if kept == len(refused) or not rules.fetched_again else replace(report, rejected=kept, faults=())


@contextmanager
def _collector_resting() -> Iterator[None]:
    """A block in which Python does not look for reference cycles.

    A batch is some hundred thousands of values that all live until it is committed and form no cycle; going through them again and again
    took a third of the time of a landing.
    """
    resting = not gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if not resting:
            gc.enable()


def _append_numbered(lake: Lake, table: Table, rows: pa.Table, *, once: bool = False) -> int:
    """Append rows of one partition, numbered from where the table stands."""
    if not rows.num_rows:
        return 0
    partition = _key(rows.column("source")[0].as_py(), rows.column("partition")[0].as_py())
    place = rows.column_names.index("position")
    screen = without_duplicates if table is TURN_PARTS else partial(_letters_of_the_known, lake, once=once)
    tries = 0
    while True:
        start = lake.position(table, partition)
        numbers = pa.array(range(start, start + rows.num_rows), pa.int64())
        numbered = rows.set_column(place, rows.schema.field(place), numbers)
        try:
            return lake.append(table, numbered, [Progress(partition, start, start + rows.num_rows)], screen=screen)
        except LostPosition:
            tries += 1
            if tries == COMMIT_TRIES_MAX:
                raise


def _key(source: str, partition: str) -> str:
    return f"{source}#{partition}"
