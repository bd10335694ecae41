"""The quick way: a question that is asked hundreds of times a second goes straight to its answer, past routes and dependencies.

Takes only what is right in every way. All else goes on as it came, to the route that says what is wrong with it, so that nothing is said
twice; what a right question is and what is answered are that route's own. Plain ASGI, behind whoever tells callers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resay.store.keys import Scope as KeyScope
from serving.keyring import Caller

JSON = frozenset({b"application/json", b"application/json; charset=utf-8"})
"""As clients write it; in whatever other words, the route reads it."""

Question = TypeVar("Question")


class Quick(Generic[Question]):
    """Answers right questions to one path."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        path: str,
        read: Callable[[bytes], Question | None],
        answer: Callable[[Question], Awaitable[bytes]],
    ) -> None:
        """`read` makes a question of a body, or nothing where anything is wrong with it; `answer` never fails for one that is right."""
        self._app = app
        self._path = path
        self._read = read
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] != "http" or scope["path"] != self._path or not _is_plain(scope):
            await self._app(scope, receive, send)
            return
        body, messages = await _whole(receive)
        question = self._read(body) if body is not None else None
        if question is None:
            await self._app(scope, _again(messages, receive), send)
            return
        content = await self._answer(question)
        headers = [(b"content-length", b"%d" % len(content)), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})


def _is_plain(scope: Scope) -> bool:
    """Whether it is sent to be answered, as JSON, by a caller who may."""
    caller: Caller | None = scope.get("state", {}).get("caller")
    if scope["method"] != "POST" or caller is None or not caller.may(KeyScope.SERVE):
        return False
    kinds = [value for name, value in scope["headers"] if name == b"content-type"]
    return len(kinds) == 1 and kinds[0].lower() in JSON


async def _whole(receive: Receive) -> tuple[bytes | None, list[Message | Exception]]:
    """The body, or nothing where it did not come whole, and all that came."""
    came: list[Message | Exception] = []
    while True:
        try:
            message = await receive()
        except Exception as error:  # A body that grows beyond the limit: the route is told so when it reads on.
            return None, [*came, error]
        came.append(message)
        if message["type"] != "http.request":
            return None, came
        if not message.get("more_body"):
            return b"".join(each.get("body", b"") for each in came if not isinstance(each, Exception)), came


def _again(came: Sequence[Message | Exception], receive: Receive) -> Receive:
    """What came, once more, and then what comes."""
    left = list(came)

    async def receive_again() -> Message:
        if not left:
            return await receive()
        message = left.pop(0)
        if isinstance(message, Exception):
            raise message
        return message

    return receive_again
