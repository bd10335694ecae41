"""The quick way: the same answers as the route's, and everything that is not right goes on to the route as it came."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from resay.store.keys import Key, Scope, hash_of
from serving.access import Doorway
from serving.keyring import Keyring
from serving.quick import Quick, Way
from serving.rate import RateLimit
from tests.serving.conftest import question

ANSWERED_ANEW = ("decision_id", "latency_ms")

HOME_KEY, RARE_KEY, PAGE_KEY = "key-of-the-home-1", "key-once-in-a-while", "key-of-a-page-1"
NOW = datetime(2026, 11, 2, tzinfo=UTC)
KEYS = (
    Key("rare", hash_of(RARE_KEY), "rare", frozenset({Scope.SERVE}), NOW, "us", rate=1),
    Key("page", hash_of(PAGE_KEY), "page", frozenset({Scope.REVIEW}), NOW, "us"),
)


def test_quickly_or_not_the_answer_is_the_same(client: httpx.Client):
    """A content type in unusual words goes to the route; status, headers and fields do not differ."""
    body = json.dumps(question())

    quick, slow = (
        client.post("/v1/rewrite", content=body, headers={"Content-Type": kind})
        for kind in ("application/json", "application/vnd.api+json")
    )

    told = [{name: value for name, value in each.json().items() if name not in ANSWERED_ANEW} for each in (quick, slow)]
    for each in told:
        each["rewrite"].pop("decision_id")
    assert told[0] == told[1]
    assert (quick.status_code, quick.headers.keys()) == (slow.status_code, slow.headers.keys())


class Line:
    """A connection without a network: what is answered, quickly or by an app behind, which says so."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        """Bodies that reached the app behind."""
        self.sent = b""
        self.is_closed = False
        self.begun = 0
        """Requests that reached the app behind, whole or not."""
        self.read_: list[bytes] = []
        """Bodies that were looked at on the quick way."""
        self.faults: list[tuple[str, Exception]] = []
        self.first = asyncio.Event()
        """Set once what is asked to wait may be answered."""
        ring = Keyring(HOME_KEY, lambda: KEYS, clock=lambda: NOW)
        ring.refresh()
        quick = Quick(
            Doorway(["home"]),
            ring,
            RateLimit(clock=lambda: 0.0),
            keyed={b"/ask": Way(self.read, self.answer)},
            open={b"/alive": b"yes"},
            on_fault=lambda part, error: self.faults.append((part, error)),
        )
        self.state = ServerState()
        config = uvicorn.Config(self.app, lifespan="off", log_config=None, interface="asgi3")
        config.load()
        self.protocol = cast("H11Protocol", cast("Any", quick.protocol())(config=config, server_state=self.state, app_state={}))
        self.protocol.connection_made(cast("asyncio.Transport", self))

    def read(self, body: bytes) -> str | None:
        """A question of a body."""
        self.read_.append(body)
        return body.decode() or None

    def answer(self, words: str) -> bytes | Awaitable[bytes]:
        """Louder; some words must be waited for, and some are too much."""
        return self.later(words) if words in {"slow", "broken"} else words.upper().encode()

    async def later(self, words: str) -> bytes:
        """The same, once it may be said."""
        await self.first.wait()
        if words == "broken":
            message = "too much"
            raise ValueError(message)
        return words.upper().encode()

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        """The usual way."""
        self.begun += 1
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.seen.append(body)
        content = b"usual " + body
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(content))]})
        await send({"type": "http.response.body", "body": content})

    async def come(self, *pieces: bytes) -> list[bytes]:
        """What is answered to bytes that come in these pieces, body by body."""
        before = len(self.sent)
        for piece in (*pieces, None):
            if piece is not None:
                self.protocol.data_received(piece)
            for _ in range(20):
                await asyncio.sleep(0)
        return [each.partition(b"\r\n\r\n")[2] for each in self.sent[before:].split(b"HTTP/1.1 ")[1:]]

    def write(self, content: bytes) -> None:
        """Take what is answered."""
        self.sent += content

    def close(self) -> None:
        """End."""
        self.is_closed = True

    def is_closing(self) -> bool:
        """Whether it has ended."""
        return self.is_closed

    def get_extra_info(self, _name: str) -> None:
        """Nothing is known of it."""

    def pause_reading(self) -> None:
        """Nothing comes but what the test brings."""

    def resume_reading(self) -> None:
        """The same."""


def raw(body: bytes = b"play", *, first: str = "POST /ask HTTP/1.1", **others: str | None) -> bytes:
    """A plain request; `others` are headers in place of the usual ones, `None` for none."""
    usual = {"host": "home", "authorization": f"Bearer {HOME_KEY}", "content-type": "application/json", "content-length": str(len(body))}
    named = usual | {name.replace("_", "-"): value for name, value in others.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value is not None)
    return f"{first}\r\n{head}\r\n".encode() + body


def outcome(*pieces: bytes) -> tuple[list[bytes], list[bytes]]:
    """What is answered, and what reached the app behind."""

    async def ask() -> tuple[list[bytes], list[bytes]]:
        line = Line()
        return await line.come(*pieces), line.seen

    return asyncio.run(ask())


@pytest.mark.parametrize(
    "pieces",
    [
        (raw(),),
        (raw()[:-4], b"pl", b"ay"),
        (raw(connection="keep-alive", content_type="Application/JSON"),),
        (raw(b"", first="GET /alive HTTP/1.1", authorization=None, content_type=None, content_length=None),),
    ],
    ids=["whole", "body apart", "kept", "alive"],
)
def test_a_plain_request_is_answered_and_the_app_is_not_asked(pieces: Sequence[bytes]):
    """Whether it comes whole or in pieces."""
    answers, seen = outcome(*pieces)

    assert seen == []
    assert answers in ([b"PLAY"], [b"yes"])


@pytest.mark.parametrize(
    "request_",
    [
        raw(b""),
        raw(first="POST /asks HTTP/1.1"),
        raw(first="PUT /ask HTTP/1.1"),
        raw(first="POST /ask?so HTTP/1.1"),
        raw(first="POST /alive HTTP/1.1"),
        raw(content_type=None),
        raw(content_type="text/plain"),
        raw(host="elsewhere"),
        raw(origin="http://elsewhere"),
        raw(authorization=None),
        raw(authorization="Bearer nobody-knows-me"),
        raw(authorization=f"Bearer {PAGE_KEY}"),
        raw(connection="close"),
        raw(expect="100-continue"),
        raw().replace(b"host: home", b"host: home\r\naccept: so\r\naccept: too"),
        raw().replace(b"host: home", b"host: home\r\nx-more: so\r\n too"),
        raw(b"4\r\nplay\r\n0\r\n\r\n", content_length=None, transfer_encoding="chunked"),
    ],
    ids=[
        *("no question", "path", "method", "query", "open", "no type", "type", "host", "origin", "no key", "key", "scope"),
        *("last", "expects", "twice", "folded", "chunked"),
    ],
)
def test_all_else_goes_on_as_it_came(request_: bytes):
    """Nothing of it is answered here."""
    answers, seen = outcome(request_)

    assert seen in ([b"play"], [b""])
    assert answers[-1] == b"usual " + seen[0]


def test_what_could_be_read_in_two_ways_is_not_answered_here():
    """A length and chunks at once; nothing of it is a question."""
    for request in (raw().replace(b"host: home", b"host: home\r\nhost: home"), raw(content_length="4, 4, 5")):
        assert outcome(request) == ([b"Invalid HTTP request received."], [])
    assert b"PLAY" not in outcome(raw(transfer_encoding="chunked"))[0]


def test_requests_that_come_in_one_piece_are_answered_in_their_order():
    """By who sorts them."""
    answers, seen = outcome(raw() + raw(b"stop"))

    assert answers == [b"usual play", b"usual stop"]
    assert seen == [b"play", b"stop"]


def test_what_comes_while_another_is_under_way_is_answered_behind_it():
    """One connection, one order; and both are answered here."""

    async def ask() -> Line:
        line = Line()
        assert await line.come(raw(b"slow"), raw(b"stop")[:-2], b"op") == []
        line.first.set()
        await line.come()
        await line.come(raw(b"again"))
        return line

    line = asyncio.run(ask())
    assert [each.partition(b"\r\n\r\n")[2] for each in line.sent.split(b"HTTP/1.1 ")[1:]] == [b"SLOW", b"STOP", b"AGAIN"]
    assert line.seen == []


def test_ways_take_turns_on_one_connection():
    """Quick, usual, quick: nothing is lost between them."""
    assert outcome(raw(), raw(b"so", content_type="text/plain"), raw(b"stop")) == ([b"PLAY", b"usual so", b"STOP"], [b"so"])


def test_what_breaks_is_asked_the_usual_way():
    """Once."""

    async def ask() -> Line:
        line = Line()
        line.first.set()
        await line.come(raw(b"broken"))
        return line

    line = asyncio.run(ask())
    assert line.seen == [b"broken"]
    assert line.sent.endswith(b"usual broken")
    assert [(part, str(error)) for part, error in line.faults] == [("quick", "too much")]


@pytest.mark.parametrize("behind", [(raw(b"second"),), (raw(b"second")[:-1], b"d")], ids=["whole", "in two"])
def test_what_came_behind_something_that_breaks_is_answered_behind_it(behind: Sequence[bytes]):
    """Though the usual way takes its time: nobody is handed the answer to another's question."""

    async def ask() -> Line:
        line, gate = Line(), asyncio.Event()

        async def busy(*asked: Any) -> None:
            await gate.wait()
            await line.app(*asked)

        line.protocol.app = busy
        await line.come(raw(b"broken"), behind[0])
        line.first.set()
        await line.come()
        await line.come(*behind[1:])
        gate.set()
        await line.come()
        return line

    line = asyncio.run(ask())
    assert [each.partition(b"\r\n\r\n")[2] for each in line.sent.split(b"HTTP/1.1 ")[1:]] == [b"usual broken", b"usual second"]


def test_whoever_may_not_is_sent_on_at_the_head():
    """Nothing of a body is held for them, however slowly it comes."""

    async def ask(**others: str) -> int:
        line = Line()
        await line.come(raw(**others)[:-2])
        return line.begun

    assert asyncio.run(ask()) == 0
    assert [asyncio.run(ask(**each)) for each in ({"authorization": "Bearer nobody"}, {"origin": "http://["}, {"host": "there"})] == [
        1,
        1,
        1,
    ]


def test_nothing_is_read_for_whoever_asks_too_often():
    """To look at a long body costs more than to refuse it."""

    async def ask() -> Line:
        line = Line()
        await line.come(*[raw(authorization=f"Bearer {RARE_KEY}")] * 4)
        return line

    line = asyncio.run(ask())
    assert len(line.read_) == 2
    assert line.seen == [b"play", b"play"]


def test_an_answer_that_is_called_off_ends_its_connection():
    """Whatever came behind it would never be answered."""

    async def ask() -> Line:
        line = Line()
        await line.come(raw(b"slow"))
        for each in list(line.state.tasks):
            each.cancel()
        await line.come()
        return line

    assert asyncio.run(ask()).is_closed


def test_a_body_that_is_half_there_is_waited_for_at_the_end():
    """As the usual way has it."""

    async def ask() -> Line:
        line = Line()
        await line.come(raw()[:-2])
        line.protocol.shutdown()
        assert not line.is_closed
        await line.come(b"ay")
        return line

    line = asyncio.run(ask())
    assert line.sent.endswith(b"usual play")
    assert line.is_closed


def test_what_breaks_at_the_end_is_the_last():
    """Stopping does not wait for a connection that rests."""

    async def ask() -> Line:
        line = Line()
        await line.come(raw(b"broken"))
        line.protocol.shutdown()
        line.first.set()
        await line.come()
        return line

    line = asyncio.run(ask())
    assert line.sent.endswith(b"usual broken")
    assert line.is_closed


def test_whoever_asks_too_often_is_sent_the_usual_way():
    """Two may come at once, at one a second; a question that is none does not count here."""
    key = f"Bearer {RARE_KEY}"

    answers, seen = outcome(*[raw(b"", authorization=key)] * 3, *[raw(authorization=key)] * 3)

    assert answers[3:] == [b"PLAY", b"PLAY", b"usual play"]
    assert seen == [b"", b"", b"", b"play"]


def test_what_is_under_way_is_answered_before_the_end():
    """And is told that it was the last."""

    async def ask() -> Line:
        line = Line()
        await line.come(raw(b"slow"))
        line.protocol.shutdown()
        assert not line.is_closed
        line.first.set()
        await line.come()
        return line

    line = asyncio.run(ask())
    assert line.is_closed
    assert b"connection: close\r\n" in line.sent
    assert line.sent.endswith(b"SLOW")


def test_a_connection_that_rests_ends_at_once():
    """Nobody is waited for."""

    async def ask() -> SimpleNamespace:
        line = Line()
        await line.come(raw())
        line.protocol.shutdown()
        return SimpleNamespace(is_closed=line.is_closed)

    assert asyncio.run(ask()).is_closed
