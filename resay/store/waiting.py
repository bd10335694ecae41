"""Talk in the books that waits for its rest: pieces come in any order and again, a talk is told when it is whole or has waited long enough.

Knows rows and times; what a piece says its source knows. Bounded: beyond that senders are told to come again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from resay.dialogue.errors import ResayError
from resay.dialogue.moment import utc
from resay.store.books import FORGETTINGS, MARKS, WAITING, Books
from resay.store.commit import Progress
from resay.store.errors import LostPosition
from resay.store.forgotten import LONG_AGO
from resay.store.known_rows import of_the_known

PIECES_MAX = 200_000
"""Pieces in all: 500 spans a second for the six minutes for which they stay, or 200 events of Rasa for their quarter of an hour."""

CHARACTERS_MAX = 268_435_456
"""Of what they hold: a kilobyte each, and a few with long answers."""

ERASED = "erased"
"""Key of the row that stands for a talk of a forgotten customer, by a hash of its name, until its last piece would have gone."""

KEYS_A_QUERY = 500
"""Names in one query; SQLite takes 32,766."""


class Crowded(ResayError):
    """More waits than is kept."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One event of a talk: a row of table `waiting`."""

    talk: str
    event_key: str
    customer_id: str
    event_time: datetime
    span: str = ""
    parent: str = ""
    content: str = ""
    """JSON; empty where it tells nothing of talk."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a source's talks are waited for."""

    quiet: timedelta
    """A talk to which nothing came for so long, and in which no span around another is missing, is whole."""
    wait: timedelta
    """Longest wait for what is missing."""
    keep: timedelta
    """How long pieces stay behind the last one, so that what comes late joins them."""
    one_by_one: bool = False
    """Whether told pieces go each in its time, and not with the last of their talk: of talks that never end."""


def mark_of_talk(talk: str) -> str:
    """What is kept of the name of a talk that was erased."""
    return hashlib.sha256(f"talk\0{talk}".encode("utf-8", "surrogatepass")).hexdigest()


class WaitingBooks:
    """The table `waiting`; safe to share between threads and replicas."""

    def __init__(self, books: Books, *, pieces_max: int = PIECES_MAX, characters_max: int = CHARACTERS_MAX) -> None:
        """In these books."""
        self._books = books
        self._pieces_max = pieces_max
        self._characters_max = characters_max
        self._held: tuple[int, int] | None = None
        """Pieces and characters as of the last count, and what this process has added since."""

    def add(self, source: str, pieces: Sequence[Piece], *, now: datetime, progress: Progress | None = None) -> int:
        """Take pieces in, all or none; how many are new. `progress` says which records of a log they are, and moves with them.

        Nothing is taken in of customers who were forgotten, nor of the rest of a talk of theirs that has just gone.

        Raises: BooksUnavailable, Crowded, LostPosition.
        """
        held, characters = self._held or self.count()
        brought = sum(len(each.content) for each in pieces)
        if held + len(pieces) > self._pieces_max or characters + brought > self._characters_max:
            message = (
                f"not more than {self._pieces_max:,} pieces of talk, or {self._characters_max:,} characters, can wait; {held:,} do; "
                "can it be sent again in a minute?"
            )
            raise Crowded(message)
        once = {(each.talk, each.event_key): each for each in pieces}
        with self._books.writing() as connection:
            # A write first, so that no other writer comes between what is read and what is written.
            connection.execute(WAITING.update().where(sa.false()).values(told=1))
            if progress:
                _move(connection, progress)
            talks = sorted({talk for talk, _ in once})
            known, gone = _known(connection, source, talks), _gone(connection, source, talks)
            new = [each for name, each in once.items() if name not in known and not each.event_time <= gone.get(each.talk, LONG_AGO)]
            rows = of_the_known(connection, [_row(source, each, now) for each in new], forgettings=FORGETTINGS)
            if rows:
                connection.execute(WAITING.insert(), rows)
        self._held = held + len(rows), characters + brought
        return len(rows)

    def positions(self, partitions: Sequence[str]) -> list[int]:
        """The next record of each of these partitions that was not taken in yet.

        Raises: BooksUnavailable.
        """
        marks = self._books.marks()
        return [marks.get(each, 0) for each in partitions]

    def has_untold(self, source: str) -> bool:
        """Whether anything of a source is still to be told.

        Raises: BooksUnavailable.
        """
        query = sa.select(WAITING.c.talk).where(WAITING.c.source == source, WAITING.c.told == 0).limit(1)
        with self._books.reading() as connection:
            return connection.execute(query).first() is not None

    def count(self) -> tuple[int, int]:
        """How many pieces there are, and of how many characters.

        Raises: BooksUnavailable.
        """
        query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(sa.func.length(WAITING.c.content)), 0))
        with self._books.reading() as connection:
            pieces, characters = connection.execute(query).one()
        self._held = int(pieces), int(characters)
        return self._held

    def due(self, source: str, patience: Patience, *, now: datetime, limit: int) -> list[str]:
        """Talks that are to be told, in order of name: whole, or waited for long enough.

        Raises: BooksUnavailable.
        """
        of, around = WAITING.c, WAITING.alias()
        is_there = sa.exists().where(around.c.source == source, around.c.talk == of.talk, around.c.span == of.parent)
        lacking = sa.select(of.talk).where(of.source == source, of.parent != "", ~is_there)
        oldest = sa.func.min(sa.case((of.told == 0, of.came_at)))
        whole = sa.and_(sa.func.max(of.came_at) <= now - patience.quiet, of.talk.not_in(lacking))
        query = (
            sa.select(of.talk)
            .where(of.source == source)
            .group_by(of.talk)
            .having(sa.func.min(of.told) == 0, sa.or_(whole, oldest <= now - patience.wait))
            .order_by(of.talk)
            .limit(limit)
        )
        with self._books.reading() as connection:
            return list(connection.execute(query).scalars())

    def pieces(self, source: str, talks: Sequence[str]) -> list[Piece]:
        """All pieces of some talks, told or not, by talk and key.

        Raises: BooksUnavailable.
        """
        of = WAITING.c
        query = sa.select(of.talk, of.event_key, of.customer_id, of.event_time, of.span, of.parent, of.content)
        with self._books.reading() as connection:
            rows = connection.execute(query.where(of.source == source, of.talk.in_(talks)).order_by(of.talk, of.event_key))
            return [Piece(talk, key, customer, utc(at), *rest) for talk, key, customer, at, *rest in rows]

    def note_told(self, source: str, pieces: Sequence[Piece]) -> None:
        """Note that these pieces are in the lake; what has come to their talks meanwhile is not.

        Raises: BooksUnavailable.
        """
        of = WAITING.c
        these = (of.source == source, of.talk == sa.bindparam("of_talk"), of.event_key == sa.bindparam("of_key"))
        if pieces:
            with self._books.writing() as connection:
                told = WAITING.update().where(*these).values(told=1)
                connection.execute(told, [{"of_talk": each.talk, "of_key": each.event_key} for each in pieces])

    def drop(self, source: str, patience: Patience, *, now: datetime) -> int:
        """Delete what is told, and to which nothing came for a while; how many pieces that was.

        Raises: BooksUnavailable.
        """
        of = WAITING.c
        old = sa.select(of.talk).where(of.source == source).group_by(of.talk)
        old = old.having(sa.func.min(of.told) == 1, sa.func.max(of.came_at) <= now - patience.keep)
        gone = (of.told == 1, of.came_at <= now - patience.keep) if patience.one_by_one else (of.talk.in_(old),)
        with self._books.reading() as connection:
            # Most rounds find nothing, and need not stand in the way of those who write.
            if connection.execute(sa.select(of.talk).where(of.source == source, *gone).limit(1)).first() is None:
                return 0
        with self._books.writing() as connection:
            return int(connection.execute(WAITING.delete().where(of.source == source, *gone)).rowcount)


def _known(connection: sa.Connection, source: str, talks: Sequence[str]) -> set[tuple[str, str]]:
    of, known = WAITING.c, set[tuple[str, str]]()
    for start in range(0, len(talks), KEYS_A_QUERY):
        some = of.talk.in_(talks[start : start + KEYS_A_QUERY])
        known |= {(talk, key) for talk, key in connection.execute(sa.select(of.talk, of.event_key).where(of.source == source, some))}
    return known


def _move(connection: sa.Connection, progress: Progress) -> None:
    """Let the position of a partition grow, where it stands as whoever asks believes.

    Raises: LostPosition.
    """
    of = MARKS.c
    stored = connection.execute(sa.select(of.value).where(of.name == progress.partition)).scalar()
    if (stored or 0) != progress.start:
        message = f"position of {progress.partition} must be {progress.start}; it is {stored or 0}; does another process read it?"
        raise LostPosition(message)
    if stored is None:
        connection.execute(MARKS.insert(), {"name": progress.partition, "value": progress.end})
    else:
        connection.execute(MARKS.update().where(of.name == progress.partition).values(value=progress.end))


def _gone(connection: sa.Connection, source: str, talks: Sequence[str]) -> dict[str, datetime]:
    """Which of these talks were erased lately, by what was left in their place, and up to which event time."""
    named, of = {mark_of_talk(talk): talk for talk in talks}, WAITING.c
    marks, found = sorted(named), dict[str, datetime]()
    for start in range(0, len(marks), KEYS_A_QUERY):
        some = of.talk.in_(marks[start : start + KEYS_A_QUERY])
        these = sa.select(of.talk, of.event_time).where(of.source == source, some, of.event_key == ERASED)
        found |= {named[mark]: utc(until) for mark, until in connection.execute(these)}
    return found


def _row(source: str, piece: Piece, now: datetime) -> dict[str, object]:
    # What tells nothing of talk has nothing to be told.
    return {"source": source, **asdict(piece), "came_at": now, "told": 0 if piece.content else 1}
