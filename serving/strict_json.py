"""JSON as the standard has it, and faults as one sentence: what FastAPI's own reading lets in or echoes, this does not.

Python's own reader takes NaN, lone surrogates and nesting without end; echoing such input in an error breaks the error itself.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import msgspec
from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

FAULTS_MAX = 20
"""Faults named of one request; whoever sends more has one cause."""

_KINDS = frozenset({"str", "int", "float"})
"""How pydantic names the members of `str | int | float` in the place of a fault."""


class StrictJsonRoute(APIRoute):
    """A route whose body must be standard JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The usual handler, over a request that reads strictly."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(_StrictRequest(request.scope, request.receive))

        return handle_strictly


class _StrictRequest(Request):
    async def json(self) -> Any:
        """The body.

        Raises: HTTPException, with the sentence for the sender.
        """
        try:
            return msgspec.json.decode(await self.body())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise HTTPException(422, f"body must be one JSON object in UTF-8; {error}") from error


def faults_of(error: RequestValidationError) -> str:
    """All faults of a request in one line, without echoing what came."""
    # One field of several kinds has a fault a kind, in the same words; said once.
    return "; ".join(dict.fromkeys(_sentence(each) for each in error.errors()[:FAULTS_MAX]))


def _sentence(fault: dict[str, Any]) -> str:
    place = [str(step) for step in fault["loc"] if step != "body"]
    if place[-1:] and place[-1] in _KINDS:
        return f"{'.'.join(place[:-1])}: input should be text or a number"
    name = ".".join(place) or "body"
    if fault["type"] == "missing":
        return f"{name} must be given; it is missing" + ("; is header Content-Type application/json?" if not place else "")
    if fault["type"] in {"value_error", "assertion_error"}:
        return _own_words(fault)
    if not place:
        return "body must be one JSON object; it is not; is header Content-Type application/json?"
    return f"{name}: {fault['msg'][:1].lower()}{fault['msg'][1:]}"


def _own_words(fault: dict[str, Any]) -> str:
    words: Sequence[str] = str(fault["msg"]).split(", ", 1)
    return words[-1]
