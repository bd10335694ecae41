"""Dead letters but for those of forgotten customers: records that cannot be read, and say all the same whose they are.

Rows that can be read are held back by the lake itself (`resay.store.forgotten`). A letter has no time that could be trusted: one of a
customer who was ever forgotten is not kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from ingest.privacy import customers_named
from ingest.repeat import without_kept, without_same_there
from ingest.row import Refused
from resay.store.forgotten import Forgotten
from resay.store.lake import Lake
from resay.store.reading import Connection


def letters_of_the_known(refused: Sequence[Refused], forgotten: Forgotten) -> list[Refused]:
    """The dead letters that may be kept."""
    return [each for each in refused if not _is_of_forgotten(each.reject.raw, forgotten)] if forgotten else list(refused)


def rows_of_the_known(rows: pa.Table, forgotten: Forgotten) -> pa.Table:
    """The same for rows of table `rejects`."""
    raws: list[bytes] = rows.column("raw").to_pylist() if forgotten else []  # type: ignore[assignment] # never null
    kept = [not _is_of_forgotten(raw, forgotten) for raw in raws]
    return rows if all(kept) else rows.filter(pa.array(kept))


def letters_not_kept(lake: Lake, connection: Connection, rows: pa.Table) -> pa.Table:
    """Of rows of table `rejects`, those that are not in it yet, and may be."""
    return rows_of_the_known(without_kept(connection, rows), lake.forgotten())


def letters_not_fetched(lake: Lake, connection: Connection, rows: pa.Table) -> pa.Table:
    """The same where records are fetched again and again: one that was there before is not another one."""
    return rows_of_the_known(without_same_there(connection, rows), lake.forgotten())


def _is_of_forgotten(raw: bytes, forgotten: Forgotten) -> bool:
    return any(forgotten.until(customer) is not None for customer in customers_named(raw))
