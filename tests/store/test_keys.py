"""Keys and the audit in the books."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from resay.store.audit import KEPT, AuditBooks, Deed
from resay.store.books import Books
from resay.store.keys import BadKey, KeyBooks, KeyWish, Scope
from tests.builders import BASE


def test_the_books_do_not_hold_the_key(tmp_path: Path):
    """Its hash, its public part, and nothing that opens anything."""
    books = Books(tmp_path / "books.sqlite")
    secret, key = KeyBooks(books).add(KeyWish("assistant", (Scope.SERVE,), "ada"), now=BASE)
    books.close()

    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert key.hash.encode() in written
    assert secret.encode() not in written
    assert secret.removeprefix(f"resay_{key.key_id}_").encode() not in written
    assert len(secret) > 50


def test_keys_come_back_as_they_were_made_oldest_first(books: Books):
    """With scopes, rate and expiry; no two are alike."""
    keys = KeyBooks(books)
    first = keys.add(KeyWish("a", (Scope.SERVE, Scope.REVIEW), "ada", BASE + timedelta(days=1), rate=7), now=BASE)
    second = keys.add(KeyWish("a", (Scope.ADMIN,), "ada"), now=BASE + timedelta(seconds=1))

    assert keys.all() == [first[1], second[1]]
    assert first[0] != second[0]
    assert [each.opens(BASE + timedelta(days=1)) for each in keys.all()] == [False, True]


def test_a_key_is_revoked_once_and_for_good(books: Books):
    """By whom and when stays; one that is not there is told."""
    keys = KeyBooks(books)
    _, key = keys.add(KeyWish("a", (Scope.SERVE,), "ada"), now=BASE)

    done = [keys.revoke(key.key_id, now=BASE + timedelta(seconds=second), by=f"by {second}") for second in (1, 2)]

    assert done == [True, False]
    (kept,) = keys.all()
    assert (kept.revoked_at, kept.revoked_by, kept.opens(BASE)) == (BASE + timedelta(seconds=1), "by 1", False)
    with pytest.raises(BadKey, match="there is none with id 'a'"):
        keys.revoke("a", now=BASE, by="ada")


def test_all_that_is_wrong_with_a_wish_is_told_at_once(books: Books):
    """And nothing is made."""
    with pytest.raises(BadKey) as error:
        KeyBooks(books).add(KeyWish("\n", (), "ada", BASE, rate=-1), now=BASE)

    assert all(part in str(error.value) for part in ("name must be", "scopes must be one or more", "expiry must lie ahead", "rate must be"))
    assert KeyBooks(books).all() == []


def test_making_and_revoking_is_written_down(books: Books):
    """In the transaction that does it."""
    _, key = KeyBooks(books).add(KeyWish("a", (Scope.SERVE,), "ada"), now=BASE)
    KeyBooks(books).revoke(key.key_id, now=BASE + timedelta(seconds=1), by="bob")

    told = [(each.who, each.what, each.which) for each in AuditBooks(books).newest(9)]

    assert told == [("bob", "keys revoke", key.key_id), ("ada", "keys add", key.key_id)]


def test_the_audit_comes_back_newest_first(books: Books):
    """Of one moment, what was written later stands first; older than a moment on request."""
    audit = AuditBooks(books)
    written = [Deed(BASE + timedelta(seconds=second), "ada", "k", "GET /", str(number)) for number, second in enumerate((0, 0, 9))]
    for each in written:
        audit.write(each)

    assert audit.newest(2) == [written[2], written[1]]
    assert audit.newest(9, before=BASE + timedelta(seconds=9)) == [written[1], written[0]]


def test_what_is_old_is_dropped_as_something_is_written(books: Books):
    """The audit has a limit: what is older than it keeps, and nothing younger."""
    audit = AuditBooks(books)
    for days_after in (0, 1):
        audit.write(Deed(BASE + timedelta(days=days_after), "ada", "", "GET /"))

    audit.write(Deed(BASE + KEPT + timedelta(hours=1), "bob", "", "GET /"))

    assert [each.who for each in audit.newest(9)] == ["bob", "ada"]
