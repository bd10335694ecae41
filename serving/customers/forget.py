"""Forgetting a customer: store after store, noted as it goes, so that whoever is killed goes on; in the end a signed receipt.

First it is noted who must not come back (`resay.store.forgotten`), so that nothing that is under way brings them back behind our backs.
Then each store is emptied of them; what had been found there is noted before, as whoever goes on would find less. Knows the order of the
stores; knows no details of any (docs/decisions/0034-forgetting.md).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from markov.own_facts import read_own
from markov.publish import read_card
from resay.store.artifact import BrokenArtifact
from resay.store.edits import EditBooks
from resay.store.erasure import Doom, erase, scour
from resay.store.forgettings import Forgetting, ForgettingBooks
from resay.store.forgotten import Verdict
from resay.store.review import blocked_in
from resay.store.sums import SUMS, every_row
from resay.store.tables import CUSTOMER_DAYS, FORGOTTEN, REJECTS, TIME, TURN_PARTS, Table
from resay.store.teachings import STAMP_FILE, TeachingBooks
from serving.access import kept_key
from serving.customers.generations import shear
from serving.customers.held import Words, read_held
from serving.customers.letters import naming
from serving.customers.part import Part, decode_parts, encode_parts, part_in
from serving.customers.receipt import KEY_FILE, Line, Outside, signed_receipt
from serving.customers.receipt import Forgetting as Told
from serving.customers.stores import OF_CUSTOMERS, Stores

NOTED, BARRED, GENERATIONS, BOOKS, LAB, SEALED = "noted", "barred", "generations", "books", "lab", "sealed"
"""Steps beside those of the lake's tables, which are called `lake/TABLE`."""

LAB_FILES = "understood-*.jsonl"
"""What the lab keeps of texts that it was asked about (`resay.lab.understood`); it may be deleted at any time."""

_SURVEY = "survey"
"""Name in the journal, beside those of stores: what had been found before the first was emptied."""

Observe = Callable[[str], None]


def forget(stores: Stores, customer_id: str, *, now: datetime, observe: Observe = lambda _step: None) -> str:
    """Have nothing of a customer left in any store, and answer the receipt, JSON.

    Safe to call again: what was cut short goes on, what is done finds nothing. `observe` is told of every step after it was taken, for
    the tests that kill at it.

    Raises: LakeUnavailable, BooksUnavailable, ShelfUnavailable, KeyUnavailable; what was done by then stays done.
    """
    journal = ForgettingBooks(stores.books)
    forgetting = journal.begin(customer_id, now=now)
    observe(NOTED)
    return _go_on(stores, forgetting, now, observe=observe)


def resume(stores: Stores, *, now: datetime) -> int:
    """Bring to an end whatever was cut short, and look through files that killed or late writers left; how many forgettings that was.

    Raises: as `forget`.
    """
    journal = ForgettingBooks(stores.books)
    waiting = journal.unfinished()
    for forgetting in waiting:
        _go_on(stores, forgetting, now, observe=lambda _step: None)
    forgotten = stores.lake.forgotten()
    if forgotten:
        for table in OF_CUSTOMERS:
            scour(stores.lake, table, Doom(("customer_id", "event_time"), forgotten.doomed))
        journal.settle()
    return len(waiting)


def _go_on(stores: Stores, forgetting: Forgetting, now: datetime, *, observe: Observe) -> str:
    customer_id, journal = forgetting.customer_id, ForgettingBooks(stores.books)
    assert customer_id is not None, "what is not done still says whom it is about"
    until = _bar(stores, forgetting, customer_id)
    observe(BARRED)
    done = dict(forgetting.done)
    if _SURVEY not in done:
        found, sources = _counts(stores, customer_id, until=until), _sources(stores, customer_id)
        done[_SURVEY] = {"found": found, "sources": sources, "parts": _parts(stores, customer_id)}
        journal.note_done(forgetting.mark, _SURVEY, done[_SURVEY])
    observe(_SURVEY)
    parts = done[_SURVEY].get("parts", {})
    shearing = partial(_shear, stores, forgetting.mark, parts, now=now)
    for store, empty in _steps(stores, customer_id, until=until, now=now, shearing=shearing):
        if store not in done:
            done[store] = max(done[_SURVEY]["found"].get(store, 0), empty())
            journal.note_done(forgetting.mark, store, done[store])
            observe(store)
    left = _counts(stores, customer_id, until=until)
    lines = [Line(store, done[store], left.get(store, 0), _remark(stores, store)) for store in done if store != _SURVEY]
    outside = [*_before(forgetting.receipt), *map(_outside, done[_SURVEY]["sources"])]
    told = Told(forgetting.mark, forgetting.salt, until, now)
    receipt = signed_receipt(told, lines, outside, key=kept_key(stores.home / KEY_FILE))
    journal.finish(forgetting.mark, now=now, receipt=receipt)
    journal.settle()
    observe(SEALED)
    return receipt


def _bar(stores: Stores, forgetting: Forgetting, customer_id: str) -> datetime:
    """Let nothing of theirs in any more, up to the newest that there is: senders' clocks run ahead."""
    until = forgetting.until
    if stores.lake.snapshot(TURN_PARTS):
        with stores.lake.connect() as connection:
            newest = connection.execute("select max(event_time) from turn_parts where customer_id = ?", [customer_id]).fetchall()[0][0]
        until = max(until, newest) if newest else until
    if until > forgetting.until:
        ForgettingBooks(stores.books).extend(forgetting.mark, until)
    known = stores.lake.forgotten().until(customer_id)
    if known is None or known < until:
        row = {"salt": forgetting.salt, "mark": forgetting.mark, "until": until}
        stores.lake.append(FORGOTTEN, pa.Table.from_pylist([row], FORGOTTEN.schema()))
    return until


_NAMELESS_SUMS = tuple(each for each in SUMS if each not in OF_CUSTOMERS)
"""Sums of all customers together."""

_OF_ALL = frozenset({LAB, *(f"lake/{table.name}" for table in _NAMELESS_SUMS)})
"""Stores that are emptied whoever leaves: what is found there says nothing of the customer."""


def held_of(receipt: Mapping[str, Any]) -> int:
    """How much a receipt says that there was of the customer: 0 where nobody of this id was known."""
    return sum(int(line["found"]) for line in receipt["stores"] if line["store"] not in _OF_ALL)


Step = tuple[str, Callable[[], int]]
"""A store, and what empties it; it answers what it has taken out."""


def _steps(stores: Stores, customer_id: str, *, until: datetime, now: datetime, shearing: Callable[[], int]) -> Iterator[Step]:
    # Sums of the whole lake name turns and quote wordings: all of them go, and are made anew; behind what they are sums of.
    for table in (*OF_CUSTOMERS, REJECTS, *_NAMELESS_SUMS):
        yield f"lake/{table.name}", partial(_erase, stores, table, _doom(table, customer_id, until=until))
    yield GENERATIONS, shearing
    yield BOOKS, partial(_erase_books, stores, customer_id, until=until, now=now)
    yield LAB, partial(_empty_lab, stores)


def _erase(stores: Stores, table: Table, doom: Doom) -> int:
    return erase(stores.lake, table, doom).rows


def _shear(stores: Stores, mark: str, parts: Mapping[str, Any], *, now: datetime) -> int:
    noted = {number: part for number, each in decode_parts(parts).items() if (part := _with_others(stores, mark, number, part=each))}
    shorn = shear(stores.shelf, stores.lake, words=_words(stores), now=now, parts=noted)
    return len(shorn.removed)


def _with_others(stores: Stores, mark: str, number: int, *, part: Part) -> Part | None:
    """A part, and how many others a generation may still count; nothing where it cannot be told when it was made."""
    # Behind the lake's steps: of two who leave at once, whichever looks later finds the other, whose turns are gone by then.
    try:
        made_at = read_card(stores.shelf.open(number)).made_at
    except BrokenArtifact:
        return None
    return replace(part, others_gone=ForgettingBooks(stores.books).count_others(mark, since=made_at))


def _words(stores: Stores) -> Words:
    """What people have forbidden, and what they have allowed though it is risky."""
    allowed = frozenset(each.rewrite.rewrite_id for each in EditBooks(stores.books).all() if each.allowed)
    return Words(blocked_in(stores.books), allowed)


def _erase_books(stores: Stores, customer_id: str, *, until: datetime, now: datetime) -> int:
    journal = ForgettingBooks(stores.books)
    # Teachings through their own door first: it tells all servers at once.
    TeachingBooks(stores.books, stamp=stores.home / STAMP_FILE).forget_customer(customer_id)
    EditBooks(stores.books).drop_evidence()
    journal.erase(customer_id, until=until, now=now)
    journal.settle()
    return 0


def _empty_lab(stores: Stores) -> int:
    kept = list((stores.home / "lab").glob(LAB_FILES))
    for path in kept:
        path.unlink(missing_ok=True)
    return len(kept)


def _doom(table: Table, customer_id: str, *, until: datetime) -> Doom:
    if table is REJECTS:
        names = naming(customer_id)

        def lettered(rows: pa.RecordBatch) -> Verdict | None:
            found = [names(raw or b"") for raw in rows.column("raw").to_pylist()]
            return pa.array(found) if any(found) else None

        return Doom(("raw",), lettered)

    if table in _NAMELESS_SUMS:
        return every_row(table)

    def theirs(rows: pa.RecordBatch) -> Verdict | None:
        falls = pc.equal(rows.column("customer_id"), pa.scalar(customer_id))
        if not pc.any(falls).as_py():
            return None
        if table is CUSTOMER_DAYS:
            # Whole: what was counted of a day before and behind the forgetting cannot be told apart. What is left of it is summed anew.
            return falls
        falls = pc.and_(falls, pc.less_equal(rows.column("event_time"), pa.scalar(until, TIME)))
        return falls if pc.any(falls).as_py() else None

    return Doom(("customer_id", "event_time"), theirs)


def _counts(stores: Stores, customer_id: str, *, until: datetime) -> dict[str, int]:
    """How many rows of the customer each store has."""
    counts = {BOOKS: ForgettingBooks(stores.books).count(customer_id, until=until)}
    with stores.lake.connect() as connection:
        for table in OF_CUSTOMERS:
            query = f"select count(*) from {table.name} where customer_id = ? and event_time <= ?"
            counts[f"lake/{table.name}"] = int(connection.execute(query, [customer_id, until]).fetchall()[0][0])
        names, letters = naming(customer_id), connection.execute(f"select raw from {REJECTS.name}")
        counts[f"lake/{REJECTS.name}"] = sum(names(raw) for rows in iter(partial(letters.fetchmany, 10_000), []) for (raw,) in rows)
    return counts


def _parts(stores: Stores, customer_id: str) -> dict[str, Any]:
    """What of each generation the customer had a part in, as the journal keeps it."""
    if stores.lake.snapshot(TURN_PARTS) is None:
        return {}
    with stores.lake.connect() as connection:
        own = read_own(connection, customer_id)
    words = _words(stores)
    held = ((number, read_held(stores.shelf, number, words)) for number in stores.shelf.numbers())
    return encode_parts({number: part_in(each, own) for number, each in held if each})


def _sources(stores: Stores, customer_id: str) -> list[dict[str, object]]:
    """Where the customer's records were read from, and which of them."""
    if stores.lake.snapshot(TURN_PARTS) is None:
        return []
    query = """
        select source, partition, count(*), min(event_time), max(event_time), min(position), max(position)
        from turn_parts where customer_id = ? group by source, partition order by source, partition
    """
    with stores.lake.connect() as connection:
        rows = connection.execute(query, [customer_id]).fetchall()
    names = ("source", "partition", "records", "first", "last", "lowest", "highest")
    return [{name: each.isoformat() if isinstance(each, datetime) else each for name, each in zip(names, row, strict=True)} for row in rows]


def _outside(told: Mapping[str, object]) -> Outside:
    first, last = (datetime.fromisoformat(str(told[name])) for name in ("first", "last"))
    positions = {str(told["partition"]): (int(str(told["lowest"])), int(str(told["highest"])))}
    return Outside(str(told["source"]), int(str(told["records"])), first, last, positions)


def _before(receipt: str | None) -> list[Outside]:
    """What an earlier receipt of the same customer named."""
    if not receipt:
        return []
    return [
        Outside(
            each["source"],
            each["records"],
            datetime.fromisoformat(each["first"]),
            datetime.fromisoformat(each["last"]),
            {name: (low, high) for name, (low, high) in each["positions"].items()},
        )
        for each in json.loads(receipt)["outside"]
    ]


def _remark(stores: Stores, store: str) -> str:
    """What else is true of a store that was emptied."""
    return _KEPT_A_WHILE if store == BOOKS and not stores.books.overwrites else _REMARKS.get(store, _ERASED)


_KEPT_A_WHILE = (
    "deleted; PostgreSQL holds it until its next vacuum, and its log, archives and copies for as long as you keep them; "
    "what running servers keep in memory of it goes within a second"
)

_ERASED = "erased in all versions that lie on the disk"

_REMARKS = {
    GENERATIONS: "those that named them were taken off; what was live follows itself without them, and is learnt anew next",
    BOOKS: "deleted and overwritten; what running servers keep in memory of it goes within a second",
    LAB: "files of texts, all of them",
}
