"""The turnstile: who shows which key, and whether they come too often; told before anything of a request is read. Plain ASGI.

What a key opens is asked at the route (`serving.door`). Pages have sessions instead of keys; their forms must come from themselves.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.access import bearer_key
from serving.guard import refuse
from serving.keyring import Keyring
from serving.rate import RateLimit

KEYED = "/v1/"
"""Under this every request shows a key."""

READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""


class Turnstile:
    """Refuses requests without a key that opens anything, those beyond a key's rate, and forms that no page of ours has sent."""

    def __init__(self, app: ASGIApp, *, keyring: Keyring, limit: RateLimit, on_refused: Callable[[str], None]) -> None:
        self._app = app
        self._keyring = keyring
        self._limit = limit
        self._on_refused = on_refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"].startswith(KEYED):
            await self._keyed(scope, receive, send)
        elif scope["method"] not in READING and not Headers(scope=scope).get("origin"):
            # A browser names the page that sends a form; that it is ours was asked before (`serving.guard`).
            self._on_refused("origin")
            await refuse(
                send, 403, "header Origin must name this service where something is sent to a page; it is missing; is it a browser?"
            )
        else:
            await self._app(scope, receive, send)

    async def _keyed(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = self._keyring.caller(bearer_key(Headers(scope=scope).get("authorization")))
        if caller is None:
            self._on_refused("key")
            message = (
                "header Authorization must be `Bearer KEY` with a key of this service; it is missing, wrong, revoked or past its time; "
                "is it the one that `resay keys add` printed, or that of file api_key of the home?"
            )
            await refuse(send, 401, message, headers=[(b"www-authenticate", b"Bearer")])
        elif wait_s := self._limit.wait_s(caller):
            self._on_refused("rate")
            message = f"key {caller.name!r} must not ask more than {caller.rate:,} times a second; it does; can it wait for {wait_s} s?"
            await refuse(send, 429, message, headers=[(b"retry-after", str(wait_s).encode())])
        else:
            scope.setdefault("state", {})["caller"] = caller
            await self._app(scope, receive, send)
