"""The assistant's NLU behind a URL: the hook by which it says what it would take a text for, without doing anything.

`POST {"text", "prompt": {"kind"}, "context": {…}}` is answered by `{"interpretations": […], "entities": […]}`, by the fields of a turn
(`resay.turn/1`), `versions` among them if it likes; no interpretation means that it does not understand.
Whatever else comes, or nothing in time, is "not told".
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import fields
from http.client import HTTPException, HTTPResponse
from typing import Annotated

import msgspec
import typer

from markov.versions import Asked, NotTold, Reading
from serving.forward import NoUrl, can_be_asked, direct_opener

WAIT_S = 10.0
"""How long one answer may take: an NLU that is busy with customers may let us wait; three of these in a row end it."""

ANSWER_BYTES_MAX = 64 * 2**10
"""Longest answer: an n-best of ten readings with their slots has a few KB."""

UnderstandOption = Annotated[
    str | None,
    typer.Option("--understand-url", metavar="URL", help="The assistant's NLU: says what it takes a text for, and does nothing."),
]


class UrlUnderstanding:
    """Asks over HTTP; raises `NotTold` for whatever is not a proper answer in time."""

    def __init__(self, url: str, *, wait_s: float = WAIT_S) -> None:
        """Take an address; nothing is asked yet.

        Raises: NoUrl.
        """
        if not can_be_asked(url):
            message = f"--understand-url must be an http or https address; got {url!r}; is it http://127.0.0.1:5005/understand?"
            raise NoUrl(message)
        self._url, self._wait_s = url, wait_s
        # A redirect is left as the answer, which then is not a proper one.
        self._opener = direct_opener()

    def understand(self, asked: Asked) -> Reading:
        """What the NLU takes a text for.

        Raises: NotTold.
        """
        # Not `asdict`, which cannot copy the read-only mapping that stands for no device states.
        context = {each.name: getattr(asked.context, each.name) for each in fields(asked.context)}
        told = {name: dict(value) if isinstance(value, Mapping) else value for name, value in context.items() if value}
        question = {"text": asked.text, "prompt": {"kind": asked.prompt_kind} if asked.prompt_kind else None, "context": told}
        request = urllib.request.Request(self._url, json.dumps(question).encode(), {"Content-Type": "application/json"}, method="POST")
        try:
            with self._opener.open(request, timeout=self._wait_s) as answer:
                raw = _read(answer, due=time.monotonic() + self._wait_s)
        except urllib.error.HTTPError as error:
            error.close()
            message = f"the hook must answer 200; it answered {error.code}"
            raise NotTold(message) from error
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            message = f"the hook must answer within {self._wait_s:g} s; it did not: {type(reason).__name__}"
            raise NotTold(message) from error
        try:
            return _decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            message = "the hook must answer an object with interpretations, as in resay.turn/1; it answered something else"
            raise NotTold(message) from error


_REQUIRED = msgspec.json.Decoder(dict[str, msgspec.Raw])
_READING = msgspec.json.Decoder(Reading)


def _read(answer: HTTPResponse, *, due: float) -> bytes:
    """The whole answer, if it is not too long, nor drips in byte by byte.

    Raises: NotTold.
    """
    raw = b""
    while chunk := answer.read1(ANSWER_BYTES_MAX):
        raw += chunk
        if len(raw) > ANSWER_BYTES_MAX or time.monotonic() > due:
            message = f"the hook must answer in time and with at most {ANSWER_BYTES_MAX:,} bytes; {len(raw):,} came"
            raise NotTold(message)
    return raw


def _decode(raw: bytes) -> Reading:
    """The reading; an object that does not say anything of interpretations is no answer, but perhaps an error page.

    Raises: msgspec.MsgspecError.
    """
    if "interpretations" not in _REQUIRED.decode(raw):
        message = "interpretations are missing"
        raise msgspec.ValidationError(message)
    return _READING.decode(raw)
