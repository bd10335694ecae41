"""The quick way: the same answers as the route's, and everything that is not right goes on to the route as it came."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import pytest
from starlette.exceptions import HTTPException

from resay.store.keys import Scope
from serving.keyring import HOME_CALLER, Caller
from serving.quick import Quick
from tests.serving.conftest import question

ANSWERED_ANEW = ("decision_id", "latency_ms")


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


def asked(messages: Sequence[Any], **others: Any) -> tuple[list[Any], list[dict[str, Any]]]:
    """What the route behind is given, and what is sent, where these messages come in."""
    scope = {"type": "http", "path": "/ask", "method": "POST", "headers": [(b"content-type", b"application/json")]}
    scope |= {"state": {"caller": HOME_CALLER}} | others
    seen: list[Any] = []
    sent: list[dict[str, Any]] = []
    coming = list(messages)

    async def receive() -> Any:
        message = coming.pop(0)
        if isinstance(message, Exception):
            raise message
        return message

    async def send(message: Any) -> None:
        sent.append(message)

    async def route(_scope: Any, receive: Callable[[], Awaitable[Any]], _send: Any) -> None:
        for _ in messages:
            try:
                seen.append(await receive())
            except HTTPException as error:
                seen.append(error)

    async def answer(words: str) -> bytes:
        return words.upper().encode()

    quick: Quick[str] = Quick(route, path="/ask", read=lambda body: body.decode() or None, answer=answer)
    asyncio.run(quick(scope, receive, send))  # type: ignore[arg-type]
    return seen, sent


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    """A piece of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_right_question_in_pieces_is_answered_and_the_route_is_not_asked():
    """Its pieces are put together."""
    seen, sent = asked([part(b"pl", more=True), part(b"ay")])

    assert seen == []
    assert sent[0]["headers"] == [(b"content-length", b"4"), (b"content-type", b"application/json")]
    assert (sent[0]["status"], sent[1]["body"]) == (200, b"PLAY")


TOO_LONG = HTTPException(413)

NO_SERVING = Caller("k", "page", frozenset({Scope.REVIEW}))


@pytest.mark.parametrize(
    ("messages", "others"),
    [
        ([part(b"")], {}),
        ([part(b"pl", more=True), {"type": "http.disconnect"}], {}),
        ([part(b"pl", more=True), TOO_LONG], {}),
        ([part(b"play")], {"method": "GET"}),
        ([part(b"play")], {"path": "/asks"}),
        ([part(b"play")], {"headers": []}),
        ([part(b"play")], {"headers": [(b"content-type", b"text/plain")]}),
        ([part(b"play")], {"state": {}}),
        ([part(b"play")], {"state": {"caller": NO_SERVING}}),
    ],
    ids=["no question", "hung up", "too long", "method", "path", "no type", "type", "nobody", "key without the scope"],
)
def test_all_else_goes_on_as_it_came(messages: Sequence[Any], others: dict[str, Any]):
    """Message by message, errors among them; nothing is answered here."""
    assert asked(messages, **others) == (list(messages), [])
