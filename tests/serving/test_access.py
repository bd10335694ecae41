"""Who may come in: keys, names, links."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from resay.store.books import Books
from resay.store.keys import Scope
from resay.store.page_sessions import PageSession, SessionBooks
from serving.access import KEY_FILE, LOOPBACK, Doorway, KeyUnavailable, WeakKey, api_key, bearer_key
from serving.keyring import HOME_CALLER, Caller
from serving.server import RunningService
from serving.sessions import LINK_CALLER, SESSION_LASTS, PageSessions
from tests.builders import BASE
from tests.serving.conftest import KEY, Serve, client_of, question


def test_a_key_is_made_once_and_kept_for_its_owner_only(tmp_path: Path):
    """The second start finds the first one's key; nobody else can read it."""
    first = api_key(tmp_path / "home", given=None)

    assert api_key(tmp_path / "home", given=None) == first
    assert len(first) >= 40
    assert (tmp_path / "home" / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_a_key_that_others_could_read_is_shut_again(tmp_path: Path):
    """A file copied with the wrong rights is taken, and its rights are mended."""
    (tmp_path / KEY_FILE).write_text("a-key-that-is-long-enough\n")
    (tmp_path / KEY_FILE).chmod(0o644)

    assert api_key(tmp_path, given=None) == "a-key-that-is-long-enough"
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_the_key_of_the_environment_wins(tmp_path: Path):
    """RESAY_API_KEY is used as it is, and nothing is written."""
    assert api_key(tmp_path, given=KEY) == KEY
    assert not (tmp_path / KEY_FILE).exists()


@pytest.mark.parametrize("key", ["", "short", "with a space in the middle", "schlüssel-der-lang-genug-ist"])
def test_a_weak_key_is_refused(tmp_path: Path, key: str):
    """A key that can be guessed, or that no header can carry, protects nothing."""
    with pytest.raises(WeakKey, match="at least 16 printable ASCII"):
        api_key(tmp_path, given=key)


def test_a_home_that_is_a_file_is_told(tmp_path: Path):
    """One sentence and not a traceback."""
    (tmp_path / "home").write_text("")

    with pytest.raises(KeyUnavailable, match="must be readable and writable"):
        api_key(tmp_path / "home", given=None)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("Bearer  abc ", "abc"),
        ("Bearer", None),
        ("Basic abc", None),
        ("", None),
        (None, None),
    ],
)
def test_a_key_is_read_from_the_header(header: str | None, key: str | None):
    """The scheme may be written in any case; other schemes are none."""
    assert bearer_key(header) == key


@pytest.mark.parametrize(
    ("host", "origin"),
    [("localhost", None), ("LOCALHOST:8737", None), ("127.0.0.1:8737", "http://127.0.0.1:8737"), ("[::1]:8737", "http://[::1]:8737")],
)
def test_this_machine_may_come_in(host: str, origin: str | None):
    """By each of its names, with and without a port, from its own page."""
    assert Doorway(LOOPBACK).fault(host=host, origin=origin) is None


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        (None, None),
        ("", None),
        ("evil.example", None),
        ("localhost.evil.example", None),
        ("127.0.0.1.evil.example:8737", None),
        ("evil.example:127.0.0.1", None),
        ("localhost:8737", "http://evil.example"),
        ("localhost:8737", "http://localhost:9999"),
        ("localhost:8737", "null"),
        ("localhost:8737", "http://evil.example/localhost:8737"),
    ],
)
def test_other_names_and_other_pages_may_not(host: str | None, origin: str | None):
    """A name made to point here (DNS rebinding), and the page of another site, port or file."""
    assert Doorway(LOOPBACK).fault(host=host, origin=origin)


class Evening:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.now = BASE

    def __call__(self) -> datetime:
        """The time."""
        return self.now


@pytest.fixture
def evening() -> Evening:
    return Evening()


def sessions_in(books: Books, clock: Evening, *, home_key: str = "key") -> PageSessions:
    """The sessions of a replica."""
    return PageSessions(SessionBooks(books), home_key, clock=clock)


def test_a_token_works_once(books: Books, evening: Evening):
    """The first who shows it has a session; the second has nothing."""
    sessions = sessions_in(books, evening)
    token = sessions.token()

    first, second = sessions.exchange(token), sessions.exchange(token)

    assert sessions.caller(first) == LINK_CALLER
    assert second is None
    assert sessions.caller(token) is None


def test_a_session_holds_at_every_replica_until_it_ends(books: Books, evening: Evening):
    """With the name and the scopes of whoever came in; a browser that is left open over night shows nothing in the morning."""
    reader = Caller("k1", "reader", frozenset({Scope.REVIEW}))
    secret = sessions_in(books, evening).open(reader)
    other = sessions_in(books, evening)

    strange = other.caller(secret)
    other.look_up(secret)
    evening.now = BASE + SESSION_LASTS - timedelta(seconds=1)
    late = other.caller(secret)
    evening.now = BASE + SESSION_LASTS

    assert (strange, late, other.caller(secret)) == (None, reader, None)


def test_another_key_of_the_home_ends_its_sessions(books: Books, evening: Evening):
    """Those that it or a link opened; whoever came with a key of the books stays."""
    reader = Caller("k1", "reader", frozenset({Scope.REVIEW}))
    before = sessions_in(books, evening)
    secrets = [before.open(each) for each in (HOME_CALLER, LINK_CALLER, reader)]

    seen = {}
    for key in ("key", "another"):
        replica = sessions_in(books, evening, home_key=key)
        for secret in secrets:
            replica.look_up(secret)
        seen[key] = [replica.caller(secret) for secret in secrets]

    assert seen == {"key": [HOME_CALLER, LINK_CALLER, reader], "another": [None, None, reader]}


def test_a_session_without_a_mark_of_its_key_opens_nothing(books: Books, evening: Evening):
    """Those of before there were marks, which no other key of the home would end."""
    SessionBooks(books).add(PageSession(sha256(b"old").hexdigest(), "", "ada", frozenset(Scope), BASE + SESSION_LASTS), now=BASE)
    sessions = sessions_in(books, evening)

    sessions.look_up("old")

    assert sessions.caller("old") is None


def test_what_no_replica_opened_is_nobodys(books: Books, evening: Evening):
    """Nor is the hash that the books keep a secret that opens anything."""
    sessions = sessions_in(books, evening)
    kept = sha256(sessions.open().encode()).hexdigest()

    for secret in (None, "", "guessed", kept):
        sessions.look_up(secret)

        assert sessions.caller(secret) is None


def test_sessions_that_ended_and_those_beyond_the_limit_go(books: Books):
    """The one that ends first goes first."""
    kept = SessionBooks(books)
    for number in range(4):
        ends_at = BASE + timedelta(hours=number)
        kept.add(PageSession(f"h{number}", "", "ada", frozenset({Scope.REVIEW}), ends_at), now=BASE, kept_max=3)

    kept.add(PageSession("h9", "", "ada", frozenset({Scope.ADMIN}), BASE + timedelta(hours=9)), now=BASE + timedelta(hours=1), kept_max=3)

    assert [number for number in (0, 1, 2, 3, 9) if kept.find(f"h{number}")] == [2, 3, 9]


def test_replicas_behind_one_address_know_each_others_sessions(home: Path, serve: Serve):
    """The page opens at the second with what the first gave; a cookie that nobody gave opens the door's page."""
    one, other = serve(home), serve(home)
    balancer = {"Host": "localhost:9999"}

    let_in = httpx.get(one.page_url(), headers=balancer, timeout=300)
    named = let_in.headers["set-cookie"].split(";")[0]
    asked = [(each.url + "/", {**balancer, "Cookie": cookie}) for each in (one, other) for cookie in (named, named[:-1])]
    shown = [httpx.get(address, headers=headers, timeout=300) for address, headers in asked]

    assert named.startswith("resay_session_9999=")
    assert [each.status_code for each in shown] == [200, 403, 200, 403]


@pytest.mark.parametrize("path", ["/", "/v1/rewrite", "/v1/turns", "/healthz", "/readyz", "/metrics", "/openapi.json", "/nothing"])
def test_a_wrong_host_is_refused_everywhere(client: httpx.Client, path: str):
    """No path answers to a name that is not ours, key or no key."""
    reply = client.request("POST" if "v1" in path else "GET", path, headers={"Host": "evil.example"})

    assert reply.status_code == 403
    assert "header Host must name this service" in reply.json()["detail"]


def test_a_foreign_page_is_refused(client: httpx.Client):
    """A browser names the page that asks."""
    reply = client.post("/v1/rewrite", json=question(), headers={"Origin": "http://evil.example"})

    assert reply.status_code == 403
    assert "header Origin" in reply.json()["detail"]


def test_a_name_may_be_allowed(home: Path, serve: Serve):
    """What --allow-host names is answered to."""
    with client_of(serve(home, names=(*LOOPBACK, "resay.example"))) as client:
        reply = client.get("/healthz", headers={"Host": "Resay.Example:443"})

    assert reply.status_code == 200


def test_a_body_beyond_the_limit_is_refused(client: httpx.Client):
    """Announced, and not announced: the second is cut off while it is read."""
    announced = client.post("/v1/rewrite", content=b"x" * 300_000)
    streamed = client.post("/v1/rewrite", content=(b"x" * 10_000 for _ in range(30)), headers={"Content-Type": "application/json"})

    assert [announced.status_code, streamed.status_code] == [413, 413]
    assert "262,144 bytes" in announced.json()["detail"]
    assert "262,144 bytes" in streamed.json()["detail"]


def test_a_browser_is_told_to_trust_nothing_from_outside(client: httpx.Client):
    """Every response forbids foreign resources, frames and sniffing."""
    headers = client.get("/healthz").headers

    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_the_link_opens_the_page_once(shared: RunningService):
    """The first browser gets a cookie that scripts cannot read and other sites cannot send; the second gets the door."""
    link = shared.page_url()
    with httpx.Client(timeout=300) as first, httpx.Client(timeout=20) as second:
        entered = first.get(link)
        shown = first.get(shared.url)
        refused = second.get(link)

    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert shown.status_code == 200
    assert refused.status_code == 403
    assert "This link has been used" in refused.text
    assert "set-cookie" not in refused.headers


@pytest.mark.parametrize("token", ["", "wrong", "é", "x" * 5_000])
def test_a_wrong_token_opens_nothing(client: httpx.Client, token: str):
    """Guessing leads to the door."""
    reply = client.get("/", params={"token": token})

    assert (reply.status_code, "set-cookie" in reply.headers) == (403, False)


def test_the_key_opens_the_page_too(shared: RunningService):
    """Whoever has the key needs no new link; whoever has not gets the door."""
    with httpx.Client(base_url=shared.url, follow_redirects=True, timeout=300, headers={"Origin": shared.url}) as browser:
        wrong = browser.post("/session", data={"key": "wrong"})
        right = browser.post("/session", data={"key": KEY})

    assert (wrong.status_code, right.status_code) == (403, 200)
    assert "This is not the key" in wrong.text
    assert "Defects today" in right.text


def test_the_page_needs_its_session(client: httpx.Client):
    """Neither dialogues nor the box are open to who shows a key in a header, or nothing."""
    assert client.get("/").status_code == 403
    assert client.post("/try", data={"utterance": "play madona"}, headers={"Origin": str(client.base_url).rstrip("/")}).status_code == 403


def test_a_form_must_come_from_the_page(shared: RunningService):
    """A browser names the page that sends it: without that a session alone opens nothing (cross-site request forgery)."""
    with httpx.Client(base_url=shared.url, timeout=300) as browser:
        browser.get(shared.page_url())
        replies = [
            browser.post(path, data={"turn": "off"}, headers=headers)
            for path in ("/switch", "/try", "/session", "/rules/dismiss")
            for headers in ({}, {"Origin": "http://evil.example"}, {"Origin": "null"})
        ]

    assert [each.status_code for each in replies] == [403] * 12
    assert all("header Origin" in each.json()["detail"] for each in replies)
