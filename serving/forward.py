"""Handing a request on over HTTP as it came, to one address that an operator named. Knows no assistant."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import urlsplit

from resay.dialogue.errors import ResayError

WAIT_S = 90.0
"""How long an answer may take: assistants that ask a large language model take most of a minute."""

ANSWER_BYTES_MAX = 8_388_608
"""Longest answer: some thousand times what an assistant says."""


class NoUrl(ResayError):
    """What the command line names is no URL that can be asked."""


class NotReached(Exception):
    """Nobody answered, or not in time."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What was answered, whatever it says."""

    status: int
    media: str
    body: bytes


class Forward:
    """Posts bodies to one address, from any thread."""

    def __init__(self, url: str, *, wait_s: float = WAIT_S) -> None:
        """Take an address; nothing is asked yet.

        Raises: NoUrl.
        """
        if not can_be_asked(url):
            message = f"--upstream must be an http or https address; got {url!r}; is it http://homeassistant.local:8123?"
            raise NoUrl(message)
        self.url = url
        self._wait_s = wait_s
        self._opener = direct_opener()

    def post(self, body: bytes, headers: Mapping[str, str]) -> Forwarded:
        """The answer to a body, errors as they come.

        Raises: NotReached.
        """
        request = urllib.request.Request(self.url, body, dict(headers), method="POST")
        try:
            try:
                answer = self._opener.open(request, timeout=self._wait_s)
            except urllib.error.HTTPError as refusal:
                answer = refusal
            with answer:
                whole = answer.read(ANSWER_BYTES_MAX + 1)
                if len(whole) > ANSWER_BYTES_MAX:
                    message = f"an answer must not be longer than {ANSWER_BYTES_MAX:,} bytes; it is"
                    raise NotReached(message)
                return Forwarded(answer.status, answer.headers.get("Content-Type", "application/json"), whole)
        except (OSError, HTTPException) as error:
            raise NotReached(str(getattr(error, "reason", error))) from error


def can_be_asked(url: str) -> bool:
    """Whether this is an http or https address."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def direct_opener() -> urllib.request.OpenerDirector:
    """Asks an address itself, and no other: neither a proxy from the environment nor where a redirect points.

    What customers say goes where the operator said.
    """
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves a redirect as the answer."""

    def redirect_request(self, *_args: object, **_named: object) -> None:
        """No other request."""
