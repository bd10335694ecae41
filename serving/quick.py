"""The quick way: a question that is asked hundreds of times a second is answered as its bytes come in, past routes and dependencies.

Takes only what is right in every way: one plain request that came whole, from a caller who may. All else goes on as it came, to the usual
way, which alone says what is wrong with it; so nothing is said twice. Knows how a plain request is written; knows nothing of questions.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from resay.store.keys import Scope
from serving.access import Doorway, bearer_key
from serving.guard import SAFE_HEADERS
from serving.keyring import Caller, Keyring
from serving.rate import RateLimit

HEAD_BYTES_MAX = 8_192
"""Longest head that is looked at here: what clients send is a tenth of it."""

BODY_BYTES_MAX = 65_536
"""Longest body that is: whoever says more than so much in one turn is in no hurry."""

JSON = frozenset({b"application/json", b"application/json; charset=utf-8"})
"""As clients write it; in whatever other words, the route reads it."""

Answered = bytes | Awaitable[bytes]
"""The answer, or what it must be waited for."""

Answering = Callable[[bytes], Answered | None]
"""From a body to its answer; nothing where anything is wrong with it."""

Question = TypeVar("Question")
Given = TypeVar("Given")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Way(Generic[Question]):
    """How one kind of question is answered."""

    read: Callable[[bytes], Question | None]
    """A question of a body; nothing where anything is wrong with it."""
    answer: Callable[[Question], Answered]
    """Never fails for one that is right."""


@dataclass(frozen=True, slots=True)
class Quick:
    """Who is answered, and what."""

    doorway: Doorway
    keyring: Keyring
    limit: RateLimit
    keyed: Mapping[bytes, Way[Any]]
    """By path: what is posted by callers who may be served."""
    open: Mapping[bytes, bytes]
    """By path: what whoever gets it is answered."""
    on_fault: Callable[[str, Exception], None]
    """Hears what broke, by the name of the part."""

    def protocol(self) -> type[asyncio.Protocol]:
        """Connections that are served so."""
        quick = self

        class Connection(_Connection):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self._quick = quick

        return Connection

    def answering(self, asked: Asked) -> Answering | None:
        """What answers the body that belongs to a plain head; nothing where the head alone tells that it is not answered here."""
        if asked.path not in (self.keyed if asked.method == b"POST" else self.open):
            return None
        if self.doorway.fault(host=_text(asked.headers.get(b"host")), origin=_text(asked.headers.get(b"origin"))) is not None:
            return None
        if asked.method == b"GET":
            return None if asked.length else lambda _nothing: self.open[asked.path]
        if asked.headers.get(b"content-type", b"").lower() not in JSON:
            return None
        caller = self.keyring.caller(bearer_key(_text(asked.headers.get(b"authorization"))))
        if caller is None or not caller.may(Scope.SERVE) or not self.limit.has_room(caller):
            return None
        return partial(self._answer, caller, self.keyed[asked.path])

    def _answer(self, caller: Caller, way: Way[Any], body: bytes) -> Answered | None:
        question = way.read(body)
        # Counted last: whoever is refused here asks once more the usual way.
        return None if question is None or self.limit.wait_s(caller) else way.answer(question)


@dataclass(frozen=True, slots=True)
class Asked:
    """The head of a plain request."""

    method: bytes
    path: bytes
    headers: Mapping[bytes, bytes]
    """By name in small letters."""
    length: int
    """Bytes of the body."""


_HEAD = re.compile(rb"(GET|POST) (/[!-~]*) HTTP/1\.1\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~]*\r\n)+)\r\n")
"""Of printable ASCII, without lines that go on in the next: what may be read in two ways goes to who reads it for a living."""

_NOT_PLAIN = frozenset({b"connection", b"expect", b"te", b"trailer", b"transfer-encoding", b"upgrade"})
"""Headers by which a request asks for more than an answer; but for a connection that is kept."""


def plain_head(head: bytes) -> Asked | None:
    """The head of a request, blank line included, where it is plain; nothing where there is any doubt."""
    found = _HEAD.fullmatch(head)
    if found is None:
        return None
    headers: dict[bytes, bytes] = {}
    for line in found[3].split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        name, value = name.lower(), value.strip(b" \t")
        if name in headers or (name in _NOT_PLAIN and (name, value.lower()) != (b"connection", b"keep-alive")):
            return None
        headers[name] = value
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or len(length) > len(str(BODY_BYTES_MAX)) or int(length) > BODY_BYTES_MAX:
        return None
    return Asked(found[1], found[2], headers, int(length))


class _Connection(H11Protocol):
    """A connection of uvicorn's, which hands on what is not plain to whom it would have come, byte for byte."""

    _quick: Quick
    _asked: asyncio.Task[None] | None = None
    """The answer that is waited for."""
    _half: _Half | None = None
    """The request whose body has not come whole."""
    _is_last = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held = bytearray()
        """What belongs to `_half`, or came behind what is waited for."""

    def data_received(self, data: bytes) -> None:
        """Answer what came, or hand it on."""
        if self._asked is not None:
            self._held += data
            if len(self._held) > HEAD_BYTES_MAX + BODY_BYTES_MAX:
                self.flow.pause_reading()
        elif self._half is not None:
            self._held += data
            self._take_half(self._half)
        elif self._is_idle():
            self._take(data)
        else:
            super().data_received(data)

    def _is_idle(self) -> bool:
        """Whether nothing came on this connection that the usual way has not answered, and it may take one more."""
        conn = self.conn
        is_between = conn.our_state is h11.IDLE and conn.their_state is h11.IDLE and not conn.trailing_data[0]
        is_full = self.limit_concurrency is not None and max(len(self.connections), len(self.tasks)) >= self.limit_concurrency
        return is_between and not is_full and not self.flow.write_paused

    def _take(self, data: bytes) -> None:
        end = data.find(b"\r\n\r\n", 0, HEAD_BYTES_MAX) + 4
        asked = plain_head(data[:end]) if end >= 4 else None
        answering = self._guarded(self._quick.answering, asked) if asked else None
        if asked is None or answering is None or len(data) > end + asked.length:
            super().data_received(data)
        elif len(data) < end + asked.length:
            # Many clients send head and body apart.
            self._unset_keepalive_if_required()
            self._held += data
            self._half = _Half(answering, end, end + asked.length)
        else:
            self._answer(answering, data, data[end:])

    def _take_half(self, half: _Half) -> None:
        if len(self._held) < half.length:
            return
        data, self._half = self._unheld(), None
        if len(data) > half.length:
            super().data_received(data)
        else:
            self._answer(half.answering, data, data[half.end :])

    def _unheld(self) -> bytes:
        data, self._held = bytes(self._held), bytearray()
        return data

    def _answer(self, answering: Answering, data: bytes, body: bytes) -> None:
        answered = self._guarded(answering, body)
        if answered is None:
            super().data_received(data)
            return
        self._unset_keepalive_if_required()
        if isinstance(answered, bytes):
            self._send(answered)
            return
        self._asked = self.loop.create_task(self._wait_for(answered, data))
        self.tasks.add(self._asked)
        self._asked.add_done_callback(self.tasks.discard)

    def _guarded(self, work: Callable[[Given], Made], given: Given) -> Made | None:
        """What comes of some work, or nothing where it breaks: the usual way meets the same, and says so."""
        try:
            return work(given)
        except Exception as error:
            self._quick.on_fault("quick", error)
            return None

    async def _wait_for(self, answered: Awaitable[bytes], data: bytes) -> None:
        try:
            content = await answered
        except Exception as error:
            self._quick.on_fault("quick", error)
            self._asked = None
            if not self.transport.is_closing():
                # All that came, so that what is asked behind it is answered behind it.
                super().data_received(data + self._unheld())
                if self._is_last:
                    super().shutdown()
            return
        except asyncio.CancelledError:
            # Nobody waits for it any longer: without an answer the connection cannot go on.
            self._asked = None
            self.transport.close()
            raise
        self._asked = None
        self._send(content)
        held = self._unheld()
        if held and not self.transport.is_closing():
            self.data_received(held)

    def _send(self, content: bytes) -> None:
        if self.transport.is_closing():
            return
        usual = b"".join(b"%s: %s\r\n" % each for each in self.server_state.default_headers)
        last = b"connection: close\r\n" if self._is_last else b""
        self.transport.write(
            b"HTTP/1.1 200 OK\r\n%scontent-length: %d\r\ncontent-type: application/json\r\n%s%s\r\n%s"
            % (usual, len(content), last, _SAFE, content)
        )
        if self._is_last:
            self.transport.close()
        self.on_response_complete()

    def shutdown(self) -> None:
        """Begin to end: what is under way is answered first."""
        if self._asked is not None:
            self._is_last = True
            return
        if self._half is not None:
            self._half = None
            super().data_received(self._unheld())
        super().shutdown()


@dataclass(frozen=True, slots=True)
class _Half:
    """A request whose head has come."""

    answering: Answering
    end: int
    """Where its head ends."""
    length: int
    """Bytes of head and body."""


_SAFE = b"".join(b"%s: %s\r\n" % (name.encode(), value.encode()) for name, value in SAFE_HEADERS.items())


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("ascii")
