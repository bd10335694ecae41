"""Who was forgotten, and until when: kept as salted hashes, asked by whatever writes rows of customers.

Knows no ids but those that it is asked about; knows nothing of where rows lie.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from resay.store.tables import TIME

Verdict: TypeAlias = "pa.BooleanArray | pa.ChunkedArray[Any]"
"""A yes or no for each of some rows."""

ASKED_MAX = 1_000_000
"""Customers whose answer is remembered: 100 MB; beyond, all are asked anew, a microsecond each."""

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def mark_of(customer_id: str, salt: str) -> str:
    """The mark of a customer: the same for the same customer and salt."""
    return hashlib.sha256(f"{salt}\0{customer_id}".encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Forgotten:
    """All who were forgotten."""

    by_salt: Mapping[str, Mapping[str, datetime]]
    """By salt, the mark of each customer and the event time up to which they are forgotten, UTC."""
    _asked: dict[str, datetime] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, datetime]]) -> Forgotten:
        """Of salts, marks and moments; of one mark the latest counts."""
        by_salt: dict[str, dict[str, datetime]] = defaultdict(dict)
        for salt, mark, until in rows:
            by_salt[salt][mark] = max(until, by_salt[salt].get(mark, until))
        return cls(by_salt)

    def __bool__(self) -> bool:
        return bool(self.by_salt)

    def until(self, customer_id: str) -> datetime | None:
        """Up to which event time a customer is forgotten; nothing where they are not."""
        known = self._asked.get(customer_id)
        if known is None:
            if len(self._asked) >= ASKED_MAX:
                self._asked.clear()
            marked = (marks.get(mark_of(customer_id, salt)) for salt, marks in self.by_salt.items())
            known = self._asked[customer_id] = max((each for each in marked if each), default=LONG_AGO)
        return None if known is LONG_AGO else known

    def doomed(self, rows: pa.Table | pa.RecordBatch) -> Verdict | None:
        """Which rows are of forgotten customers, by their `customer_id` and `event_time`; nothing where none is."""
        customers, times = rows.column("customer_id"), rows.column("event_time")
        verdict: Verdict | None = None
        asked: list[Any] = pc.unique(customers).to_pylist()
        for customer_id in asked:
            until = None if customer_id is None else self.until(customer_id)
            if until is not None:
                theirs = pc.and_(pc.equal(customers, pa.scalar(customer_id)), pc.less_equal(times, pa.scalar(until, TIME)))
                verdict = theirs if verdict is None else pc.or_(verdict, theirs)
        return verdict

    def without(self, rows: pa.Table) -> pa.Table:
        """The rows but for those of forgotten customers; the very same table where there are none."""
        doomed = self.doomed(rows) if self else None
        return rows if doomed is None else rows.filter(pc.invert(doomed))


NOBODY = Forgotten({})
