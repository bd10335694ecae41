"""A service whose books lie on PostgreSQL: the same as on SQLite, seen from outside."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from resay.store.books import Books
from resay.store.keys import KeyBooks, KeyWish, Scope
from serving.app import utc_now
from tests.serving.conftest import MADONNA, Serve, client_of, question, wait_until


def test_replicas_share_keys_vetoes_and_decisions(home: Path, serve: Serve, postgresql_url: str):
    """A key is taken and refused by both, a veto of one holds at the other, and both write their decisions."""
    replicas = [serve(home, books=postgresql_url), serve(home, books=postgresql_url)]
    with closing(Books(postgresql_url)) as books:
        secret, key = KeyBooks(books).add(KeyWish("assistant", (Scope.SERVE,), "ada"), now=utc_now())
        with client_of(replicas[0], secret) as one, client_of(replicas[1], secret) as other, client_of(replicas[0]) as owner:
            wait_until(lambda: {each.post("/v1/rewrite", json=question()).status_code for each in (one, other)} == {200})
            wait_until(lambda: {each.post("/v1/rewrite", json=question()).json()["action"] for each in (one, other)} == {"rewrite"})
            owner.post(f"/v1/rules/{MADONNA.rewrite_id}/dismiss", json={"why": "wrong\u0000"}).raise_for_status()
            wait_until(lambda: other.post("/v1/rewrite", json=question()).json()["reason"] == "vetoed")
            KeyBooks(books).revoke(key.key_id, now=utc_now(), by="ada")
            wait_until(lambda: {each.post("/v1/rewrite", json=question()).status_code for each in (one, other)} == {401})
        wait_until(lambda: books.count_decisions().get("vetoed", 0) > 0)

        assert set(books.count_decisions()) == {"rewritten", "vetoed"}
    assert not (home / "books.sqlite").exists()
