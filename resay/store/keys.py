"""Keys in the books: made once, shown once, kept as hashes, revoked for good.

Knows rows and hashes; knows nothing of requests. A key is 256 bits of chance, so that one round of SHA-256 hides it; keys that people
make up are never taken here.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from resay.dialogue.errors import ResayError
from resay.dialogue.moment import utc
from resay.store.audit import Deed, write_deed
from resay.store.books import KEYS, Books

NAME_CHARS_MAX = 100
"""Longest name of a key: a line in a list."""

RATE_USUAL = 500
"""Requests a second that a replica answers one key, unless told otherwise: a busy assistant's share of what one process can answer."""

RATE_MAX = 100_000
"""Beyond this a limit protects nothing."""

_PREFIX = "resay"
_SECRET_BYTES = 32


class Scope(StrEnum):
    """What a key opens. `admin` opens everything."""

    SERVE = "serve"
    """For the assistant: rewrites, turns, feedback, failure points, teachings."""
    REVIEW = "review"
    """For people: dialogues, rules, experiments' results, vetoes, switches."""
    ADMIN = "admin"
    """For operators: experiments, customers, the audit, and all the rest."""


class BadKey(ResayError):
    """A key that cannot be made, or is not there."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is kept: a row of table `keys`."""

    key_id: str
    """Its public part."""
    hash: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    """UTC."""
    created_by: str
    rate: int = RATE_USUAL
    """Requests a second that one replica answers; 0: no limit."""
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str | None = None

    def opens(self, now: datetime) -> bool:
        """Whether it opens anything at that moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class KeyWish:
    """A key that somebody wants."""

    name: str
    scopes: Collection[Scope]
    by: str
    expires_at: datetime | None = None
    rate: int = RATE_USUAL

    def faults(self, now: datetime) -> list[str]:
        """What is wrong with it."""
        wrong = []
        if not self.name.strip() or len(self.name) > NAME_CHARS_MAX or not self.name.isprintable():
            wrong.append(f"name must be 1 to {NAME_CHARS_MAX} printable characters; got {self.name[:40]!r}; who uses it?")
        if not self.scopes:
            wrong.append(f"scopes must be one or more of {', '.join(Scope)}; none is given; what shall it open?")
        if self.expires_at is not None and self.expires_at <= now:
            wrong.append(f"expiry must lie ahead; got {self.expires_at}; is the year right?")
        if not 0 <= self.rate <= RATE_MAX:
            wrong.append(f"rate must be 0 (no limit) to {RATE_MAX:,} requests a second; got {self.rate}")
        return wrong


class KeyBooks:
    """The table of keys; safe to share between threads."""

    def __init__(self, books: Books) -> None:
        """In these books."""
        self._books = books

    def add(self, wish: KeyWish, *, now: datetime) -> tuple[str, Key]:
        """Make a key: the whole of it, which nobody can show again, and what is kept.

        Raises: BadKey, BooksUnavailable.
        """
        if wrong := wish.faults(now):
            raise BadKey("; ".join(wrong))
        key_id = secrets.token_hex(4)
        secret = f"{_PREFIX}_{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
        key = Key(key_id, hash_of(secret), wish.name, frozenset(wish.scopes), now, wish.by, wish.rate, wish.expires_at)
        with self._books.writing() as connection:
            connection.execute(KEYS.insert(), _row(key))
            write_deed(connection, Deed(now, wish.by, "", "keys add", key_id))
        return secret, key

    def all(self) -> list[Key]:
        """All that were ever made, oldest first.

        Raises: BooksUnavailable.
        """
        with self._books.reading() as connection:
            rows = connection.execute(sa.select(KEYS).order_by(KEYS.c.created_at, KEYS.c.key_id)).mappings().all()
        return [_key(row) for row in rows]

    def revoke(self, key_id: str, *, now: datetime, by: str) -> bool:
        """End a key for good; answers whether it stood until now.

        Raises: BadKey, BooksUnavailable.
        """
        ours = KEYS.c.key_id == key_id
        with self._books.writing() as connection:
            ended = KEYS.update().where(ours, KEYS.c.revoked_at.is_(None)).values(revoked_at=now, revoked_by=by)
            if connection.execute(ended).rowcount:
                write_deed(connection, Deed(now, by, "", "keys revoke", key_id))
                return True
            if connection.execute(sa.select(KEYS.c.key_id).where(ours)).first() is None:
                message = f"key must be one of `resay keys list`; there is none with id {key_id[:40]!r}; is it the id, and not the name?"
                raise BadKey(message)
        return False


def hash_of(secret: str) -> str:
    """What is kept of a key."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _row(key: Key) -> dict[str, object]:
    row = {name: getattr(key, name) for name in Key.__dataclass_fields__}
    return row | {"scopes": " ".join(sorted(key.scopes))}


def _key(row: Mapping[Any, Any]) -> Key:
    moments = {name: row[name] and utc(row[name]) for name in ("created_at", "expires_at", "revoked_at")}
    # A scope of a later version is none that we know, and opens nothing here.
    scopes = frozenset(Scope(each) for each in row["scopes"].split() if each in set(Scope))
    return Key(**{**row, **moments, "scopes": scopes})
