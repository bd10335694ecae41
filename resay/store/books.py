"""The books: small, transactional tables in SQL (SQLite embedded, PostgreSQL in production).

Knows SQLAlchemy, and is its only door. Schemas come from `tables`, so that there is one place that says what a table holds.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from resay.dialogue.errors import ResayError
from resay.dialogue.history import Tried, Way
from resay.dialogue.moment import utc
from resay.dialogue.rewrite import Decision
from resay.store import tables, waiting_tables
from resay.store.database import Words, full_url, is_postgresql, open_engine, take_turn, write_alone
from resay.store.decision_counts import add_decisions, count_earlier, counted
from resay.store.known_rows import of_the_known
from resay.store.summed_history import summed_history
from resay.store.trial_rows import note_trials, note_triggers

HISTORIES_MARK = "histories"
"""Name of the mark that grows whenever a history may have changed."""


class BooksUnavailable(ResayError):
    """The books cannot be read or written where they lie."""


@dataclass(frozen=True, slots=True)
class Veto:
    """A rewrite that must never be served; an empty source or target stands for any."""

    source: str
    target: str
    vetoed_by: str
    reason: str
    created_at: datetime
    veto_id: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A piece of news for the histories; rows take the place of all that these customers had on these days."""

    days: Collection[tuple[str, date]]
    """Customers and days."""
    rows: Sequence[tuple[str, Tried]]
    """By customer; each of one of these days, which is its `last_day`."""
    marks: Mapping[str, tuple[int, int]]
    """Positions that move with it, by name: where they must stand, and where they shall."""
    since: date = date.min
    """Older days are dropped."""
    anew: bool = False
    """Whether all that was told before is dropped."""


class Books:
    """The SQL tables behind one URL; safe to share between threads."""

    def __init__(self, url: str | Path) -> None:
        """Open the books, creating what is missing; a path means SQLite.

        Raises: BooksUnavailable.
        """
        self._url = full_url(url)
        with _naming(self._url):
            self._engine = open_engine(self._url)
        self._create()

    def _create(self) -> None:
        # Most find all there, and need not wait for whoever writes.
        with suppress(SQLAlchemyError), self._engine.connect() as connection:
            if _is_whole(connection):
                return
        with self.writing() as connection:
            write_alone(connection)
            _create_missing(connection)

    def log_decisions(self, decisions: Sequence[Decision]) -> None:
        """Write down answers, all or none.

        Raises: BooksUnavailable.
        """
        rows = [{**asdict(decision), "event_time": decision.at} for decision in decisions]
        for row in rows:
            del row["at"]
        if rows:
            with self.writing() as connection:
                # Behind a write, as whoever forgets a customer comes wholly before it or wholly after.
                connection.execute(MARKS.update().where(sa.false()).values(value=MARKS.c.value))
                rows = of_the_known(connection, rows, forgettings=FORGETTINGS)
                if rows:
                    connection.execute(DECISIONS.insert(), rows)
                    add_decisions(connection, rows, counts=DECISION_DAYS)
                    _expose(connection, rows)
                    note_trials(connection, rows, trials=TRIALS, experiments=EXPERIMENTS)
                    note_triggers(connection, rows, triggers=TRIGGERS)

    def decisions(self, limit: int) -> list[Decision]:
        """The newest answers, newest first."""
        query = sa.select(DECISIONS).order_by(DECISIONS.c.event_time.desc(), DECISIONS.c.decision_id).limit(limit)
        with _naming(self._url), self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [Decision(at=utc(row["event_time"]), **{name: value for name, value in row.items() if name != "event_time"}) for row in rows]

    def count_decisions(self) -> dict[str, int]:
        """How many answers were given, by reason."""
        counts = Counter[str]()
        for (reason, _), times in self.count_said().items():
            counts[reason] += times
        return dict(counts)

    def count_said(self) -> dict[tuple[str, str], int]:
        """How many answers were given, by reason and layer; the layer is empty where none had a say."""
        with _naming(self._url), self._engine.connect() as connection:
            return counted(connection, DECISION_DAYS)

    def veto(self, veto: Veto) -> str:
        """Write down a veto; answers its id."""
        veto_id = veto.veto_id or uuid.uuid4().hex
        row = {**asdict(veto), "veto_id": veto_id}
        with self.writing() as connection:
            connection.execute(VETOES.insert(), row)
        return veto_id

    def vetoes(self) -> list[Veto]:
        """All vetoes, oldest first."""
        query = sa.select(VETOES).order_by(VETOES.c.created_at, VETOES.c.veto_id)
        with _naming(self._url), self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [Veto(**{**row, "created_at": utc(row["created_at"])}) for row in rows]

    def tell_histories(self, told: Told) -> bool:
        """Put rows in place of what some customers had on some days, and move the positions: all or nothing.

        Answers whether it was done; not where another writer has moved a position meanwhile.

        Raises: BooksUnavailable.
        """
        with self.writing() as connection:
            # A write first, so that no other writer comes between what is read and what is written.
            connection.execute(MARKS.update().where(MARKS.c.name == HISTORIES_MARK).values(value=MARKS.c.value))
            stand = self._marks(connection)
            if any(stand.get(name, 0) != start for name, (start, _) in told.marks.items()):
                return False
            changed = connection.execute(_HISTORIES.delete().where(_HISTORIES.c.day < told.since)).rowcount
            if told.anew:
                changed += connection.execute(_HISTORIES.delete()).rowcount
            elif told.days:
                removal = _HISTORIES.delete().where(_HISTORIES.c.customer_id == sa.bindparam("of"), _HISTORIES.c.day == sa.bindparam("on"))
                connection.execute(removal, [{"of": customer, "on": day} for customer, day in told.days])
            if told.rows:
                connection.execute(_HISTORIES.insert(), [_history_row(customer, tried) for customer, tried in told.rows])
            news = {HISTORIES_MARK: stand.get(HISTORIES_MARK, 0) + 1} if changed or told.days or told.rows else {}
            self._mark(connection, {name: end for name, (_, end) in told.marks.items()} | news)
        return True

    def history_of(self, customer_id: str, *, since: date) -> list[Tried]:
        """What one customer tried from a day on, and how that fared: sums over its days.

        Raises: BooksUnavailable.
        """
        with _naming(self._url), self._engine.connect() as connection:
            rows = connection.execute(_HISTORY_OF, {"customer": customer_id, "since": since}).all()
        return [Tried(said, kind, room, Way(way), *rest) for said, kind, room, way, *rest in rows]

    def forget_history(self, customer_id: str) -> int:
        """Drop all that is told of one customer; how many rows that was.

        Raises: BooksUnavailable.
        """
        with self.writing() as connection:
            dropped = connection.execute(_HISTORIES.delete().where(_HISTORIES.c.customer_id == customer_id)).rowcount
            mark_up(connection, HISTORIES_MARK)
        return int(dropped)

    def marks(self) -> dict[str, int]:
        """Where writers stand, by name.

        Raises: BooksUnavailable.
        """
        with _naming(self._url), self._engine.connect() as connection:
            return self._marks(connection)

    def _marks(self, connection: sa.Connection) -> dict[str, int]:
        return {name: value for name, value in connection.execute(sa.select(MARKS.c.name, MARKS.c.value))}

    def _mark(self, connection: sa.Connection, values: Mapping[str, int]) -> None:
        if values:
            connection.execute(MARKS.delete().where(MARKS.c.name.in_(list(values))))
            connection.execute(MARKS.insert(), [{"name": name, "value": value} for name, value in values.items()])

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction; on PostgreSQL nobody else writes meanwhile, and on SQLite nobody from the first thing that is written on.

        Raises: BooksUnavailable.
        """
        with _naming(self._url), self._engine.begin() as connection:
            take_turn(connection)
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection to read by, for the same.

        Raises: BooksUnavailable.
        """
        with _naming(self._url), self._engine.connect() as connection:
            yield connection

    @property
    def overwrites(self) -> bool:
        """Whether what is deleted is overwritten where it lay; PostgreSQL keeps it until its next vacuum, and in its log for longer."""
        return self._engine.dialect.name == "sqlite"

    def settle(self) -> bool:
        """Empty SQLite's journal into its file, so that nothing deleted is left in it; False where a reader is in the way.

        Raises: BooksUnavailable.
        """
        if not self.overwrites:
            return True
        with _naming(self._url), self._engine.connect() as connection:
            return not connection.exec_driver_sql("pragma wal_checkpoint(TRUNCATE)").one()[0]

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


@contextmanager
def _naming(url: str) -> Iterator[None]:
    """A block in which a database's own error becomes ours, naming the books."""
    try:
        yield
    except (SQLAlchemyError, ImportError) as error:
        # The driver's own words; the library adds the statement and a link, over several lines.
        reason = " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
        hint = (
            "does the server run, and is `resay[postgresql]` installed?" if is_postgresql(url) else "is the folder there, and is it yours?"
        )
        message = f"books must be readable and writable at {_place(url)}; {reason}; {hint}"
        raise BooksUnavailable(message) from error


def _place(url: str) -> str:
    """The URL without its password."""
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "their URL"


def _sql_type(kind: pa.DataType) -> Any:
    if pa.types.is_timestamp(kind):
        return sa.DateTime(timezone=True)
    if pa.types.is_date(kind):
        return sa.Date()
    return {tables.TEXT: Words, tables.COUNT: sa.BigInteger, tables.NUMBER: sa.Double}[kind]()


_METADATA = sa.MetaData()


def _sql_table(table: tables.Table) -> sa.Table:
    columns = [
        sa.Column(column.name, _sql_type(column.type), nullable=column.nullable, primary_key=column.name in table.key)
        for column in table.columns
    ]
    return sa.Table(table.name, _METADATA, *columns)


DECISIONS = _sql_table(tables.DECISIONS)
DECISION_DAYS = _sql_table(tables.DECISION_DAYS)
VETOES = _sql_table(tables.VETOES)
TEACHINGS = _sql_table(tables.TEACHINGS)
_HISTORIES = _sql_table(tables.HISTORIES)
MARKS = _sql_table(tables.MARKS)
# Here, and not beside their readers: all tables must be known before the first books are opened.
EXPERIMENTS = _sql_table(tables.EXPERIMENTS)
EXPOSURES = _sql_table(tables.EXPOSURES)
CHANGES = _sql_table(tables.CHANGES)
SWITCHES = _sql_table(tables.SWITCHES)
TRIALS = _sql_table(tables.TRIALS)
STAGES = _sql_table(tables.STAGES)
TRIGGERS = _sql_table(tables.TRIGGERS)
UNSAID = _sql_table(tables.UNSAID)
KEYS = _sql_table(tables.KEYS)
PAGE_SESSIONS = _sql_table(tables.PAGE_SESSIONS)
AUDIT = _sql_table(tables.AUDIT)
EDITS = _sql_table(tables.EDITS)
SLICES = _sql_table(tables.SLICES)
ASKED = _sql_table(tables.ASKED)
ASKED_DAYS = _sql_table(tables.ASKED_DAYS)
FORGETTINGS = _sql_table(tables.FORGETTINGS)
WAITING = _sql_table(waiting_tables.WAITING)

_INDEXES = (
    # A span around another is looked for by its name, of each piece of talk that waits.
    sa.Index("waiting_span", WAITING.c.source, WAITING.c.talk, WAITING.c.span),
    # Before each question it is looked for others of the same session.
    sa.Index("asked_session", ASKED.c.session_id),
    # Pages show the newest answers.
    sa.Index("decisions_time", DECISIONS.c.event_time),
    # Before each answer is written down it is asked by which salts anybody is forgotten: one, of as many rows as were.
    sa.Index("forgettings_salt", FORGETTINGS.c.salt),
)
"""What is looked for otherwise than by its key."""


def _is_whole(connection: sa.Connection) -> bool:
    """Whether these books lack nothing of this version."""
    inspected = sa.inspect(connection)
    if not set(_METADATA.tables) <= set(inspected.get_table_names()):
        return False
    there = {
        each["name"]
        for table in {index.table.name for index in _INDEXES if index.table is not None}
        for each in inspected.get_indexes(table)
    }
    return {index.name for index in _INDEXES} <= there and not _columns_lacking(connection)


def _columns_lacking(connection: sa.Connection) -> list[str]:
    """Books of before anything could be taught have this table, with nothing in it and without these columns."""
    known = {column["name"] for column in sa.inspect(connection).get_columns(TEACHINGS.name)}
    return [column.name for column in TEACHINGS.columns if column.name not in known]


def _create_missing(connection: sa.Connection) -> None:
    """Make what is not there; for one writer at a time, so that nobody sees counts before they are counted."""
    had = set(sa.inspect(connection).get_table_names())
    _METADATA.create_all(connection)
    # Books of an earlier version have the tables without them.
    for index in _INDEXES:
        index.create(connection, checkfirst=True)
    if DECISIONS.name in had and DECISION_DAYS.name not in had:
        count_earlier(connection, decisions=DECISIONS, counts=DECISION_DAYS)
    for name in _columns_lacking(connection):
        kind = TEACHINGS.c[name].type.compile(connection.dialect)
        connection.execute(sa.text(f"alter table {TEACHINGS.name} add column {name} {kind}"))


def sql_table(table: tables.Table) -> sa.Table:
    """One of the books' tables, for the files of the store that look after all of them."""
    return _METADATA.tables[table.name]


def mark_up(connection: sa.Connection, name: str) -> None:
    """Let a mark grow by one, in the transaction of what it tells."""
    if not connection.execute(MARKS.update().where(MARKS.c.name == name).values(value=MARKS.c.value + 1)).rowcount:
        connection.execute(MARKS.insert(), {"name": name, "value": 1})


def _expose(connection: sa.Connection, decisions: Sequence[Mapping[str, Any]]) -> None:
    """Note for whom arms could differ by these decisions, the first moment of each; decisions may come in any order."""
    first: dict[tuple[str, str, str], datetime] = {}
    for each in decisions:
        if each["experiment"] and each["arm"]:
            key = each["experiment"], each["customer_id"], each["arm"]
            first[key] = min(first.get(key, each["event_time"]), each["event_time"])
    if not first:
        return
    of = EXPOSURES.c
    among = sa.and_(of.experiment.in_({name for name, _, _ in first}), of.customer_id.in_({customer for _, customer, _ in first}))
    query = sa.select(of.experiment, of.customer_id, of.arm, of.event_time).where(among)
    known = {(name, customer, arm): utc(moment) for name, customer, arm, moment in connection.execute(query)}
    rows = [{**dict(zip(_EXPOSED, key, strict=True)), "event_time": moment} for key, moment in first.items() if key not in known]
    if rows:
        connection.execute(EXPOSURES.insert(), rows)
    for key, moment in first.items():
        if key in known and moment < known[key]:
            same = [of[name] == value for name, value in zip(_EXPOSED, key, strict=True)]
            connection.execute(EXPOSURES.update().where(*same).values(event_time=moment))


_EXPOSED = tables.EXPOSURES.key


def _history_row(customer_id: str, tried: Tried) -> dict[str, object]:
    row: dict[str, object] = {"customer_id": customer_id, **asdict(tried)}
    row["day"] = row.pop("last_day")
    return row


_HISTORY_OF = summed_history(_HISTORIES)
