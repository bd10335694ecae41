"""Home Assistant's pipeline runs over its WebSocket, as its pipeline debugger asks for them; it keeps the last ten of each assistant.

Knows how they are asked for; what they mean is `ingest/adapters/home_assistant.py`. The one door to the library `websockets`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import msgspec
from websockets.exceptions import InvalidURI, WebSocketException
from websockets.sync.client import ClientConnection, connect

from ingest.adapters.adapter import Document
from ingest.adapters.fields import listed, mapping, text
from ingest.source import SourceUnavailable

PATH = "/api/websocket"

ANSWER_S = 30.0
"""How long an answer may take: it keeps ten short runs in memory."""

ANSWER_BYTES_MAX = 16_777_216
"""Longest answer: a run whose answer was streamed by a language model takes some hundred kilobytes."""

_LIST = "assist_pipeline/pipeline_debug/list"
_GET = "assist_pipeline/pipeline_debug/get"


def kept_runs(url: str, token: str) -> list[Document]:
    """The runs that Home Assistant keeps, of all its assistants, oldest first; `url` is where its page is.

    Raises: SourceUnavailable.
    """
    with _let_in(url, token) as ask:
        listing = ask({"type": "assist_pipeline/pipeline/list"})
        return [document for each in listed(listing, "pipelines") for document in _runs_of(ask, text(each, "id"))]


class _Asking:
    """Questions over one connection, numbered as Home Assistant wants them."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0

    def __call__(self, question: dict[str, object]) -> object:
        """The result.

        Raises: SourceUnavailable.
        """
        self._number += 1
        self._socket.send(msgspec.json.encode({"id": self._number, **question}).decode())
        answer = received(self._socket)
        if answer.get("success") is not True:
            # A run may go between the list and the question; whoever lists again will not see it.
            said = text(answer, "error", "message") or "no"
            message = f"Home Assistant must answer {question['type']}; it said {said!r}; is it 2023.5 or newer?"
            raise SourceUnavailable(message)
        return answer.get("result")


def received(socket: ClientConnection) -> dict[str, object]:
    """The next message."""
    return msgspec.json.decode(socket.recv(timeout=ANSWER_S), type=dict[str, object])


@contextmanager
def _let_in(url: str, token: str) -> Iterator[_Asking]:
    try:
        with connect(_address(url), max_size=ANSWER_BYTES_MAX, open_timeout=ANSWER_S, proxy=None) as socket:
            received(socket)
            socket.send(msgspec.json.encode({"type": "auth", "access_token": token}).decode())
            if received(socket).get("type") != "auth_ok":
                message = f"Home Assistant at {url} must know the token; it does not; was it made in the owner's profile, under Security?"
                raise SourceUnavailable(message)
            yield _Asking(socket)
    except (OSError, WebSocketException, TimeoutError, msgspec.DecodeError) as error:
        message = f"Home Assistant must answer at {url}; it did not; {error}; is it running, and reached at this address?"
        raise SourceUnavailable(message) from error


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        # A name and a password in an address would be printed with it; the token is what lets in.
        is_named = bool(parts.hostname) and "@" not in parts.netloc and bool(str(parts.hostname).encode("idna"))
        if parts.scheme in {"http", "https"} and is_named and (parts.port is None or parts.port > 0):
            return f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}{parts.path.rstrip('/')}{PATH}"
    except (ValueError, InvalidURI):
        pass
    shown = url.rpartition("@")[2]
    message = (
        f"--from must be an http or https address, without a name or a password; got {shown!r}; is it http://homeassistant.local:8123?"
    )
    raise SourceUnavailable(message)


_LAST = frozenset({"run-end", "error"})
"""The event behind which nothing comes."""


def _runs_of(ask: _Asking, pipeline: str) -> Iterator[Document]:
    for run in listed(ask({"type": _LIST, "pipeline_id": pipeline}), "pipeline_runs"):
        name = text(run, "pipeline_run_id")
        try:
            events = listed(ask({"type": _GET, "pipeline_id": pipeline, "pipeline_run_id": name}), "events")
        except SourceUnavailable:
            continue  # Newer runs have pushed it out meanwhile.
        # Runs are listed while they go on: what is taken half is never taken whole, as its turn is there already.
        if events and text(mapping(events[-1]), "type") in _LAST:
            yield Document({"pipeline_run_id": name, "timestamp": mapping(run).get("timestamp"), "events": events}, f"run {name}")
