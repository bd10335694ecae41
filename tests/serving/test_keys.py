"""Keys in the books: what each opens, when it stops, how often it may ask, and what of it is written down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from resay.store.audit import AuditBooks
from resay.store.books import Books
from resay.store.keys import KeyBooks, KeyWish, Scope
from serving.app import utc_now
from serving.keyring import Caller, Keyring
from serving.rate import BURST_S, RateLimit
from serving.refresher import REFRESH_S
from serving.server import RunningService
from tests.builders import BASE
from tests.serving.conftest import KEY, Serve, client_of, learnt, question, wait_until

REVOKED_WITHIN_S = 5.0
"""What is promised of every replica."""


def made(home: Path, *scopes: Scope, rate: int = 0, lasts: timedelta | None = None) -> tuple[str, str]:
    """A key of these scopes, and its id."""
    now = utc_now()
    with closing(Books(home / "books.sqlite")) as books:
        wish = KeyWish("key of this test", scopes, "ada", now + lasts if lasts else None, rate)
        secret, key = KeyBooks(books).add(wish, now=now)
    return secret, key.key_id


def revoke(home: Path, key_id: str) -> None:
    with closing(Books(home / "books.sqlite")) as books:
        assert KeyBooks(books).revoke(key_id, now=utc_now(), by="ada")


def deeds(home: Path) -> list[tuple[str, str, str, str]]:
    """Who, what, which and outcome of the audit, oldest first; without what the command line did."""
    with closing(Books(home / "books.sqlite")) as books:
        return [(each.who, each.what, each.which, each.outcome) for each in AuditBooks(books).newest(100)[::-1] if "/" in each.what]


@pytest.fixture(scope="module")
def scoped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[Scope, str]]:
    """A home, and a key of each scope."""
    home = learnt(tmp_path_factory.mktemp("home"))
    return home, {scope: made(home, scope)[0] for scope in Scope}


CALLS = [
    ("POST", "/v1/rewrite", Scope.SERVE),
    ("POST", "/v1/turns", Scope.SERVE),
    ("POST", "/v1/traces", Scope.SERVE),
    ("POST", "/v1/logs", Scope.SERVE),
    ("POST", "/v1/rasa/events", Scope.SERVE),
    ("POST", "/v1/feedback", Scope.SERVE),
    ("POST", "/v1/failure-point", Scope.SERVE),
    ("GET", "/v1/rules", Scope.REVIEW),
    ("POST", "/v1/rules/x/dismiss", Scope.REVIEW),
    ("POST", "/v1/vetoes/x/undo", Scope.REVIEW),
    ("POST", "/v1/switch", Scope.REVIEW),
    ("GET", "/v1/experiments", Scope.REVIEW),
    ("GET", "/v1/experiments/x", Scope.REVIEW),
    ("POST", "/v1/experiments", Scope.ADMIN),
    ("POST", "/v1/experiments/x/stop", Scope.ADMIN),
    ("GET", "/v1/audit", Scope.ADMIN),
]


def test_a_key_opens_what_its_scope_says_and_nothing_else(scoped: tuple[Path, dict[Scope, str]], serve: Serve):
    """403 says which scope is missing; admin opens everything; what is let in is refused for its empty body at most."""
    home, keys = scoped
    running = serve(home)

    seen = {}
    for scope, key in keys.items():
        with client_of(running, key) as client:
            for method, path, needed in CALLS:
                reply = client.request(method, path, json={} if method == "POST" else None)
                seen[scope, path, method] = (reply.status_code == 403, needed in reply.json().get("detail", ""))

    expected = {
        (scope, path, method): (scope not in {needed, Scope.ADMIN}, scope not in {needed, Scope.ADMIN})
        for scope in Scope
        for method, path, needed in CALLS
    }
    assert {key: refused for key, (refused, _) in seen.items()} == {key: refused for key, (refused, _) in expected.items()}
    assert [key for key, (refused, named) in seen.items() if refused and not named] == []


def test_a_key_of_the_assistant_opens_no_page(scoped: tuple[Path, dict[Scope, str]], serve: Serve):
    """Pages show what customers said: scope review."""
    home, keys = scoped
    running = serve(home)
    with httpx.Client(base_url=running.url, follow_redirects=True, timeout=300, headers={"Origin": running.url}) as browser:
        replies = {scope: browser.post("/session", data={"key": keys[scope]}) for scope in (Scope.SERVE, Scope.REVIEW)}

    assert {scope: each.status_code for scope, each in replies.items()} == {Scope.SERVE: 403, Scope.REVIEW: 200}
    assert "must have scope <code>review</code>" in replies[Scope.SERVE].text


def test_a_revoked_key_is_refused_by_every_replica(home: Path, serve: Serve):
    """And so are the page sessions that it opened; books are read as often as the promise asks."""
    replicas = [serve(home), serve(home)]
    key, key_id = made(home, Scope.SERVE, Scope.REVIEW)
    clients = [client_of(each, key) for each in replicas]
    browser = httpx.Client(base_url=replicas[0].url, follow_redirects=True, timeout=300, headers={"Origin": replicas[0].url})
    wait_until(lambda: all(each.post("/v1/rewrite", json=question()).status_code == 200 for each in clients))
    assert browser.post("/session", data={"key": key}).status_code == 200

    revoke(home, key_id)
    wait_until(lambda: all(each.post("/v1/rewrite", json=question()).status_code == 401 for each in clients))
    wait_until(lambda: browser.get("/").status_code == 403)

    for each in (*clients, browser):
        each.close()
    assert REFRESH_S <= REVOKED_WITHIN_S / 2


def test_a_key_past_its_time_opens_nothing():
    """From that very moment on, without a new reading."""
    now = [BASE]
    with_time = KeyWish("ada", (Scope.REVIEW,), "ada", BASE + timedelta(hours=1))
    with closing(Books("sqlite://")) as books:
        secret, _ = KeyBooks(books).add(with_time, now=BASE)
        keyring = Keyring(KEY, KeyBooks(books).all, clock=lambda: now[0])
        before = keyring.caller(secret)
        keyring.refresh()

    known = keyring.caller(secret)
    now[0] += timedelta(hours=1)

    assert before is None
    assert known is not None
    assert (known.name, known.scopes) == ("ada", {Scope.REVIEW})
    assert (keyring.caller(secret), keyring.still(known)) == (None, False)


def test_keys_that_cannot_be_read_hold_on():
    """The assistant is not shut out while the books are away; the key of the home needs none."""
    with closing(Books("sqlite://")) as books:
        secret, _ = KeyBooks(books).add(KeyWish("a", (Scope.SERVE,), "ada"), now=BASE)
        read = [KeyBooks(books).all()]
    keyring = Keyring(KEY, lambda: read.pop(), clock=lambda: BASE)
    keyring.refresh()

    with pytest.raises(IndexError):
        keyring.refresh()

    assert keyring.caller(secret) is not None
    assert keyring.caller(KEY) is not None


@pytest.mark.parametrize("shown", [None, "", "x", KEY + "x", KEY[:-1], "é", "\udcff"])
def test_what_is_no_key_is_nobody_s(shown: str | None):
    """However near."""
    assert Keyring(KEY, list, clock=lambda: BASE).caller(shown) is None


def test_who_asks_too_often_is_told_when_to_come_again(home: Path, serve: Serve):
    """429 with Retry-After, before anything is read; other keys are answered all the same."""
    running = serve(home)
    (hasty, _), (calm, _) = made(home, Scope.SERVE, rate=1), made(home, Scope.SERVE)
    with client_of(running, hasty) as client, client_of(running, calm) as other:
        wait_until(lambda: client.post("/v1/feedback", json={}).status_code == 422)
        replies = [client.post("/v1/feedback", json={}) for _ in range(20)]
        beside = other.post("/v1/rewrite", json=question())
        counted = other.get("/metrics").text

    refused = [each for each in replies if each.status_code == 429]
    assert refused
    assert {each.headers["retry-after"] for each in refused} == {"1"}
    assert "must not ask more than 1 times a second" in refused[0].json()["detail"]
    assert beside.status_code == 200
    assert 'resay_requests_refused_total{reason="rate"}' in counted


def test_a_bucket_fills_at_its_rate():
    """A burst at once, then no more than the rate; whoever is refused loses nothing by asking."""
    now = [0.0]
    limit, caller = RateLimit(clock=lambda: now[0]), Caller("k", "k", frozenset(), rate=10)

    burst = [limit.wait_s(caller) for _ in range(int(10 * BURST_S) + 3)]
    now[0] += 0.5
    later = [limit.wait_s(caller) for _ in range(6)]

    assert burst == [0] * 20 + [1] * 3
    assert later == [0] * 5 + [1]
    assert {limit.wait_s(Caller("", "no limit", frozenset())) for _ in range(1_000)} == {0}


@pytest.fixture
def reviewed(home: Path, serve: Serve) -> Iterator[tuple[Path, RunningService]]:
    """A service that somebody is about to look at."""
    yield home, serve(home)


def test_what_is_read_or_changed_is_written_down(reviewed: tuple[Path, RunningService]):
    """Who, what, which; what an assistant asks is not, and neither is a key that is none."""
    home, running = reviewed
    key, _ = made(home, Scope.REVIEW)
    with client_of(running, key) as client, client_of(running) as owner, client_of(running, "wrong") as nobody:
        wait_until(lambda: client.get("/v1/experiments").status_code == 200)
        client.post("/v1/rules/some-rule/dismiss", json={})
        client.get("/v1/audit")
        owner.post("/v1/rewrite", json=question())
        nobody.get("/v1/rules")
        told = owner.get("/v1/audit", params={"limit": 2}).json()["deeds"]
    with httpx.Client(base_url=running.url, follow_redirects=True, timeout=300) as browser:
        browser.get("/")
        browser.get(running.page_url())
        browser.get("/assets/page.css")

    assert deeds(home) == [
        ("key of this test", "GET /v1/experiments", "", "allowed"),
        ("key of this test", "POST /v1/rules/{rewrite_id}/dismiss", "some-rule", "allowed"),
        ("key of this test", "GET /v1/audit", "", "refused"),
        ("key of the home", "GET /v1/audit", "", "allowed"),
        ("link of the terminal", "GET /", "", "allowed"),
    ]
    assert [(each["what"], each["outcome"]) for each in told] == [("GET /v1/audit", "allowed"), ("GET /v1/audit", "refused")]


def test_what_cannot_be_written_down_is_not_shown(reviewed: tuple[Path, RunningService]):
    """No audit, no dialogues: 503, and the assistant is served on."""
    home, running = reviewed
    with client_of(running) as client, closing(Books(home / "books.sqlite")) as books:
        with books.writing() as connection:
            connection.exec_driver_sql("drop table audit")
        rules, answer = client.get("/v1/rules"), client.post("/v1/rewrite", json=question())

    assert rules.status_code == 503
    assert "books must be readable and writable" in rules.json()["detail"]
    assert answer.json()["action"] == "rewrite"
