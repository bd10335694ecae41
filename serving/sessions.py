"""Sessions of the page: one-time links, the sessions that they or a key open, and who is behind the session of a request.

Secrets are kept as hashes: those of links in memory, as a link leads to this very process; sessions in the books, so that they hold at
every replica and outlive a restart. What was read there is remembered, so that a page asks for it once.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from starlette.requests import Request

from resay.store.keys import Scope
from resay.store.page_sessions import PageSession, SessionBooks
from serving.keyring import EVERYTHING, Caller

if TYPE_CHECKING:
    from serving.service import Service

COOKIE = "resay_session"
"""Name of the session's cookie, to which the port is added: cookies do not tell ports apart."""

KNOWN_MAX = 100
"""Sessions, and links, that a replica remembers; the oldest goes first, and a session is read again."""

SESSION_LASTS = timedelta(hours=12)
"""How long a session lasts: a working day; a browser that is left open over night shows nothing in the morning."""

LINK_CALLER = Caller("", "link of the terminal", EVERYTHING)
"""Who came by a link, which only those see who started the service."""

_SECRET_BYTES = 32

_OF_HOME = "home:"


class PageSessions:
    """One-time links to the page, and the sessions that they open; safe to share between threads."""

    def __init__(self, books: SessionBooks, home_key: str, *, clock: Callable[[], datetime]) -> None:
        """In these books, by this clock; sessions of the home end where its key is another."""
        self._books = books
        self._home_key = home_key.encode("utf-8", "surrogatepass")
        self._clock = clock
        self._lock = threading.Lock()
        self._links: OrderedDict[str, None] = OrderedDict()
        self._known: OrderedDict[str, PageSession] = OrderedDict()

    def token(self) -> str:
        """A new token for one link; it works once."""
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        with self._lock:
            self._links[_hash(secret)] = None
            while len(self._links) > KNOWN_MAX:
                self._links.popitem(last=False)
        return secret

    def exchange(self, token: str) -> str | None:
        """The secret of a new session for a token that was not used before, or nothing.

        Raises: BooksUnavailable.
        """
        hashed = _hash(token)
        with self._lock:
            if hashed not in self._links:
                return None
            del self._links[hashed]
        return self.open()

    def open(self, caller: Caller = LINK_CALLER) -> str:
        """The secret of a new session of a caller.

        Raises: BooksUnavailable.
        """
        secret, now = secrets.token_urlsafe(_SECRET_BYTES), self._clock()
        session = PageSession(_hash(secret), caller.key_id or self._of_home(secret), caller.name, caller.scopes, now + SESSION_LASTS)
        self._books.add(session, now=now)
        self._remember(session)
        return secret

    def look_up(self, secret: str | None) -> None:
        """Read a session that is not remembered; not on the event loop.

        Raises: BooksUnavailable.
        """
        if not secret or _hash(secret) in self._known:
            return
        found = self._books.find(_hash(secret))
        if found is not None:
            self._remember(found)

    def remembers(self, secret: str | None) -> bool:
        """Whether the books need not be asked."""
        return not secret or _hash(secret) in self._known

    def caller(self, secret: str | None) -> Caller | None:
        """Who is behind the session with this secret, while it lasts; of those that are remembered."""
        kept = None if secret is None else self._known.get(_hash(secret))
        if secret is None or kept is None or self._clock() >= kept.ends_at:
            return None
        if not kept.key_id or kept.key_id.startswith(_OF_HOME):
            return Caller("", kept.name, kept.scopes) if kept.key_id == self._of_home(secret) else None
        return Caller(kept.key_id, kept.name, kept.scopes)

    def _of_home(self, secret: str) -> str:
        """A mark of the home's key."""
        # With the secret, which the books do not know: whoever has them cannot tell by it whether a guess of the key is right.
        return _OF_HOME + hmac.new(self._home_key, secret.encode("utf-8", "surrogatepass"), sha256).hexdigest()

    def _remember(self, session: PageSession) -> None:
        with self._lock:
            self._known[session.hash] = session
            while len(self._known) > KNOWN_MAX:
                self._known.popitem(last=False)


def session_secret(request: Request) -> str | None:
    """The secret that a request shows."""
    return request.cookies.get(cookie_name(request))


def session_caller(service: Service, request: Request) -> Caller | None:
    """Who is behind the session of a request, once looked up: nobody where it is old or its key revoked; pages are for `review`."""
    caller = service.sessions.caller(session_secret(request))
    return caller if caller is not None and caller.may(Scope.REVIEW) and service.keyring.still(caller) else None


def cookie_name(request: Request) -> str:
    """Name of the session's cookie at this address: by the port that the browser knows, which may be a balancer's before many replicas."""
    return f"{COOKIE}_{request.url.port or ''}"


def _hash(secret: str) -> str:
    # Looked up by hash, so that the time of the look-up tells nothing of the secret.
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
