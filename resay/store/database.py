"""The database under the books: SQLite in a file, or PostgreSQL behind a URL; what differs between the two stands here and nowhere else.

Knows drivers, locks and their limits; knows nothing of tables.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

LOCK_WAIT_S = 5.0
"""How long a writer waits for another one; SQLite has one writer at a time, and so have we on PostgreSQL."""

CONNECT_S = 5
"""How long a server may take to let us in; beyond that it is said that the books are away."""

_WRITERS = 0x7265736179
"""The lock of all who write, by a number of ours: "resay" in ASCII."""

_ONE_WRITER = sa.text(f"select set_config('lock_timeout', '{LOCK_WAIT_S:.0f}s', true), pg_advisory_xact_lock({_WRITERS})")

_DRIVER = "postgresql+psycopg"


def full_url(place: str | Path) -> str:
    """The URL of books: a path means SQLite; PostgreSQL is spoken to by the driver that we have."""
    if not isinstance(place, str) or "://" not in place:
        return f"sqlite:///{place}"
    scheme, rest = place.split("://", 1)
    return f"{_DRIVER}://{rest}" if scheme in {"postgresql", "postgres"} else place


def open_engine(url: str) -> sa.Engine:
    """The engine; nobody is connected yet.

    Raises: ImportError, SQLAlchemyError.
    """
    if not is_postgresql(url):
        engine = sa.create_engine(url)
        if engine.dialect.name == "sqlite":
            sa.event.listen(engine, "connect", _tune_sqlite)
        return engine
    # Asked before each use whether it is still there, so that a server may be started anew under a running service.
    return sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_S})


def is_postgresql(url: str) -> bool:
    """Whether these books lie on PostgreSQL."""
    return url.startswith(_DRIVER)


def take_turn(connection: sa.Connection) -> None:
    """Be the one writer until this transaction ends, as on SQLite: what is read first holds until it is written."""
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_WRITER)


def write_alone(connection: sa.Connection) -> None:
    """Be the one writer from here on, where a transaction would begin with the first row: SQLite makes each table by itself before that."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("begin immediate")


class Words(sa.types.TypeDecorator[str]):
    """Text that every database takes: PostgreSQL has no NUL, and no row shall be refused there that SQLite keeps."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """The same without NUL."""
        del dialect
        return value.replace("\x00", "\ufffd") if value is not None and "\x00" in value else value


def _tune_sqlite(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    # WAL lets readers go on while one writes; secure_delete overwrites what is deleted, because deleted is deleted.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON", f"busy_timeout={int(LOCK_WAIT_S * 1000)}"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()
