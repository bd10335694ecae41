"""The guard: what every request must pass before it is read, and what every response carries. Plain ASGI, so that it costs microseconds."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.access import Doorway

BODY_BYTES_MAX = 262_144
"""Longest body, but for records: a hundred hypotheses of the longest utterance."""

RECORDS_BYTES_MAX = 8_388_608
"""Longest body of records: eight of the longest kind, or some ten thousand usual ones."""

RECORDS_PATH, TRACES_PATH, LOGS_PATH, RASA_PATH = "/v1/turns", "/v1/traces", "/v1/logs", "/v1/rasa/events"

_RECORDS_PATHS = frozenset({RECORDS_PATH, TRACES_PATH, LOGS_PATH, RASA_PATH})

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing from outside, nothing inline, no frames: a customer's words cannot become a script."""

SAFE_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    # Not `no-referrer`: with it a browser sends forms with Origin null, which is refused.
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Refuses wrong names and long bodies, and adds the headers that keep a browser safe."""

    def __init__(self, app: ASGIApp, *, doorway: Doorway, on_refused: Callable[[str], None]) -> None:
        self._app = app
        self._doorway = doorway
        self._on_refused = on_refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = RECORDS_BYTES_MAX if scope["path"] in _RECORDS_PATHS else BODY_BYTES_MAX
        fault = self._doorway.fault(host=headers.get("host"), origin=headers.get("origin"))
        if fault is not None:
            self._on_refused("host_or_origin")
            await refuse(send, 403, fault)
        elif _announced(headers) > limit:
            self._on_refused("body_too_long")
            await refuse(send, 413, too_long(limit))
        else:
            await self._app(scope, _limited(receive, limit), _with_headers(send))


def too_long(limit: int) -> str:
    """The sentence for a body beyond the limit."""
    return f"body must not be longer than {limit:,} bytes; is it several requests in one?"


def _announced(headers: Headers) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isdigit() else 0


def _limited(receive: Receive, limit: int) -> Receive:
    """The same body, refused while it is read once it grows beyond the limit: its length need not be announced."""
    received = 0

    async def receive_limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(413, too_long(limit))
        return message

    return receive_limited


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SAFE_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers


async def refuse(send: Send, status: int, detail: str, *, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    """Answer a request that is not read."""
    body = json.dumps({"detail": detail}).encode()
    usual = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    # The body is not read: the connection is closed instead.
    await send({"type": "http.response.start", "status": status, "headers": [*usual, *headers]})
    await send({"type": "http.response.body", "body": body})
