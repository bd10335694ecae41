"""Sessions of the page: one-time links, the sessions that they or a key open, and who is behind the session of a request.

Secrets are kept as hashes, in memory, until they are old or the process ends.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from starlette.requests import Request

from resay.store.keys import Scope
from serving.keyring import EVERYTHING, Caller

if TYPE_CHECKING:
    from serving.service import Service

COOKIE = "resay_session"
"""Name of the session's cookie, to which the port is added: cookies do not tell ports apart."""

SESSIONS_MAX = 100
"""Page sessions that are remembered; the oldest goes first."""

SESSION_S = 12 * 3600.0
"""How long a session lasts: a working day; a browser that is left open over night shows nothing in the morning."""

LINK_CALLER = Caller("", "link of the terminal", EVERYTHING)
"""Who came by a link, which only those see who started the service."""

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class _Open:
    """An open session, or a link that was not used yet."""

    caller: Caller
    until: float


class PageSessions:
    """One-time links to the page, and the sessions that they open."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """By this clock, in seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[str, _Open] = {}
        self._sessions: dict[str, _Open] = {}

    def token(self) -> str:
        """A new token for one link; it works once."""
        return self._add(self._tokens, _Open(LINK_CALLER, float("inf")))

    def exchange(self, token: str) -> str | None:
        """The secret of a new session for a token that was not used before, or nothing."""
        with self._lock:
            known = self._tokens.pop(_hash(token), None)
        return self.open(known.caller) if known else None

    def open(self, caller: Caller = LINK_CALLER) -> str:
        """The secret of a new session of a caller."""
        return self._add(self._sessions, _Open(caller, self._clock() + SESSION_S))

    def caller(self, secret: str | None) -> Caller | None:
        """Who is behind the session with this secret, while it lasts."""
        kept = None if secret is None else self._sessions.get(_hash(secret))
        return kept.caller if kept is not None and self._clock() < kept.until else None

    def knows(self, secret: str | None) -> bool:
        """Whether a session with this secret is open."""
        return self.caller(secret) is not None

    def _add(self, kept: dict[str, _Open], opened: _Open) -> str:
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        with self._lock:
            while len(kept) >= SESSIONS_MAX:
                del kept[next(iter(kept))]
            kept[_hash(secret)] = opened
        return secret


def session_caller(service: Service, request: Request) -> Caller | None:
    """Who is behind the session of a request: nobody once it is old, or once its key was revoked; pages are for `review`."""
    caller = service.sessions.caller(request.cookies.get(cookie_name(request)))
    return caller if caller is not None and caller.may(Scope.REVIEW) and service.keyring.still(caller) else None


def cookie_name(request: Request) -> str:
    """Name of the session's cookie at this service."""
    _, port = request.scope.get("server") or ("", "")
    return f"{COOKIE}_{port}"


def _hash(secret: str) -> str:
    # Looked up by hash, so that the time of the look-up tells nothing of the secret.
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
