"""Dead letters: the records that could not be read, looked at, tried again, or given up.

Knows table `rejects`; how a record is read and landed is `landing`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter

import pyarrow as pa

from ingest.landing import BYTES_A_BATCH, LandingReport, LandingRules, report_of
from ingest.repeat import without_duplicates
from ingest.row import read_batch, refused_of, turn_part_rows
from ingest.source import Record, batch_of
from resay.dialogue.codec import RECORD_BYTES_MAX
from resay.store.lake import Lake
from resay.store.tables import REJECTS, TURN_PARTS

LETTERS_A_BATCH = 1_000
"""Dead letters tried in one commit; bytes bound it too, as each may hold a mebibyte."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that could not be read, as it was kept."""

    source: str
    partition: str
    position: int
    landed_at: datetime
    """Processing time, UTC."""
    origin: str
    reason: str
    raw: bytes
    """Cut where asked."""
    raw_bytes: int
    """How long the record was when it came."""


def count_letters(lake: Lake, *, matching: str = "") -> int:
    """How many dead letters there are whose origin or reason contains `matching`."""
    with lake.connect() as connection:
        return int(connection.execute(f"select count(*) from rejects where {_MATCHES}", {"matching": matching}).fetchall()[0][0])


def list_letters(lake: Lake, *, matching: str = "", limit: int, raw_bytes_max: int = RECORD_BYTES_MAX) -> list[DeadLetter]:
    """Dead letters whose origin or reason contains `matching`, the newest first."""
    query = f"""
        select source, partition, position, landed_at, origin, reason, raw[1:{int(raw_bytes_max)}], raw_bytes
        from rejects where {_MATCHES} order by landed_at desc, source, partition, position limit $limit
    """
    with lake.connect() as connection:
        rows = connection.execute(query, {"matching": matching, "limit": limit}).fetchall()
    return [DeadLetter(*row) for row in rows]


def replay_letters(lake: Lake, *, rules: LandingRules, matching: str = "") -> LandingReport:
    """Read dead letters again; those that are good now land in `turn_parts` and leave `rejects`.

    They land before they leave, and what has landed is not landed again: a replay that dies loses nothing and doubles nothing.
    Records that were too long are not tried, as only their beginning was kept.
    """
    report = LandingReport()
    for keys in _key_batches(lake, matching):
        for source, records in _fetch(lake, keys):
            report += _replay(lake, records, source=source, rules=rules)
    return report


def drop_letters(lake: Lake, *, matching: str = "") -> int:
    """Give up dead letters; answers how many. Those that come in meanwhile stay."""
    with lake.connect() as connection:
        query = f"select source, partition, position from rejects where {_MATCHES}"
        keys = connection.sql(query, params={"matching": matching}).to_arrow_table()
    lake.remove(REJECTS, keys)
    return int(keys.num_rows)


_MATCHES = "(contains(origin, $matching) or contains(reason, $matching))"


def _replay(lake: Lake, records: Sequence[Record], *, source: str, rules: LandingRules) -> LandingReport:
    now = rules.clock()
    batch = batch_of(records, records[0].partition, start=0, end=0)
    read = read_batch(batch.raws, overlong={}, now=now, mask=rules.mask)
    rows = turn_part_rows(read, batch, source=source, now=now)
    accepted = lake.append(TURN_PARTS, rows, screen=without_duplicates)
    # All that could be read leaves, also what the lake knew already.
    lake.remove(REJECTS, rows.select(list(REJECTS.key)))
    return report_of(read, refused_of(read, batch), accepted=accepted, forgotten=lake.forgotten())


def _key_batches(lake: Lake, matching: str) -> Iterator[pa.Table]:
    """Keys of dead letters worth trying, so many at a time that their records fit into memory."""
    query = f"""
        select source, partition, position, raw_bytes
        from rejects where {_MATCHES} and raw_bytes <= {RECORD_BYTES_MAX} order by source, partition, position
    """
    with lake.connect() as connection:
        keys = connection.sql(query, params={"matching": matching}).to_arrow_table()
    start = size = 0
    for place, length in enumerate(keys.column("raw_bytes").to_pylist()):
        if place > start and (place - start >= LETTERS_A_BATCH or size + length > BYTES_A_BATCH):
            yield keys.slice(start, place - start)
            start, size = place, 0
        size += length
    if start < keys.num_rows:
        yield keys.slice(start)


def _fetch(lake: Lake, keys: pa.Table) -> Iterator[tuple[str, list[Record]]]:
    """The records behind keys, by source and partition."""
    with lake.connect() as connection:
        connection.register("wanted", keys.drop_columns(["raw_bytes"]))
        rows = connection.execute("""
            select source, raw, partition, position, origin, raw_bytes
            from rejects join wanted using (source, partition, position)
            order by source, partition, position
        """).fetchall()
    for (source, _), group in groupby(rows, key=itemgetter(0, 2)):
        yield source, [Record(*row[1:]) for row in group]
