"""A running service as a loop asks it: one kept connection, questions and answers in the wire's own form, and its nights of learning."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from resay.commands.bench.children import ChildFailed, check_alive, run_child, started_child
from resay.commands.detectors import DetectorAsked
from resay.commands.program import COMMAND_LINE
from resay.dialogue.rewrite import Action, BeforeRequest, Layer, Reason, RewriteAnswer, RewriteRequest

DEADLINE_MS = 1_000
"""The longest that the service grants: lateness has a bench of its own."""

ANSWER_S = 60.0
"""Longest wait for one reply: a look at an experiment reads all its turns, and the machine may be busy."""

TAKEN_UP_S = 60.0
"""Longest wait until the service has taken up what was written for it; it looks twice a second."""

LOOK_S = 0.1

IDLE_S = 10.0
"""A connection that has rested for longer is made anew: services end idle ones after half a minute, and a night may take as long."""

GOODBYE_S = 10.0
"""How long a service that did not start may take to say why."""


@contextmanager
def started_service(module: str, words: Sequence[str], *, home: Path) -> Iterator[AskedService]:
    """A service over a home, in a process of its own, for the length of the block; it tells where it answers in its first line.

    Raises: ChildFailed.
    """
    home.mkdir(parents=True, exist_ok=True)
    with started_child(module, words, folder=home) as child:
        assert child.stdout is not None, "children are started with a pipe"
        told = json.loads(child.stdout.readline() or "{}")
        if "url" not in told:
            child.wait(GOODBYE_S)
            check_alive(child, words, folder=home)
        with closing(AskedService(told)) as service:
            yield service


@dataclass(frozen=True, slots=True)
class _Answered:
    """What of the service's reply a loop needs; the rest is passed over."""

    decision_id: str
    action: Action
    utterance: str
    original: str
    reason: Reason
    layer: Layer | None
    rewrite_id: str | None
    generation: int | None
    experiment: str | None
    arm: str | None


class AskedService:
    """A running service, asked over one connection."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        """Of what it told when it started."""
        parts, self._link = urlsplit(told["url"]), told["page"]
        assert parts.hostname, "a service tells where it answers"
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=ANSWER_S)
        key = Path(told["api_key_file"]).read_text().strip()
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._decode = msgspec.json.Decoder(_Answered).decode
        self._used_at = time.monotonic()

    def rewrite(self, request: RewriteRequest, now: datetime) -> RewriteAnswer:
        """The service's answer to a request."""
        question: dict[str, object] = {"mode": "before"}
        if not isinstance(request, BeforeRequest):
            question = {"mode": "retry", "interpretations": request.interpretations, "status": request.status}
        answered = self._ask(question | {name: getattr(request.heard, name) for name in request.heard.__dataclass_fields__})
        return RewriteAnswer(**{name: getattr(answered, name) for name in _Answered.__dataclass_fields__})

    def generation(self, now: datetime) -> int | None:
        """Which generation answers."""
        return self._ask({"mode": "before", "turn_id": "loop", "customer_id": "loop", "at": now, "utterance": "hello"}).generation

    def call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """What the API answers.

        Raises: ChildFailed, where it refuses.
        """
        self._rested()
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        told = answer.read()
        if answer.status not in {http.client.OK, http.client.CREATED}:
            message = f"service must answer {method} {path}; it answers {answer.status}: {told[:200]!r}"
            raise ChildFailed(message)
        return told

    def page(self, path: str) -> str:
        """A page as a browser gets it that came by the link which the service told; it works once.

        Raises: ChildFailed.
        """
        self._rested()
        parts = urlsplit(self._link)
        self._connection.request("GET", f"{parts.path}?{parts.query}")
        entered = self._connection.getresponse()
        entered.read()
        self._connection.request("GET", path, headers={"Cookie": cookie_of(entered)})
        shown = self._connection.getresponse()
        page = shown.read().decode()
        if shown.status != http.client.OK:
            message = f"service must show {path} to who came by its link; it answers {shown.status}"
            raise ChildFailed(message)
        return page

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _rested(self) -> None:
        """Let a connection go that may have been ended meanwhile; the next request opens another."""
        now = time.monotonic()
        if now - self._used_at > IDLE_S:
            self._connection.close()
        self._used_at = now

    def _ask(self, question: dict[str, object]) -> _Answered:
        return self._decode(self.call("POST", "/v1/rewrite", msgspec.json.encode(question | {"deadline_ms": DEADLINE_MS}, enc_hook=dict)))


def cookie_of(entered: http.client.HTTPResponse) -> str:
    """What a browser that was let in sends from then on."""
    cookies = SimpleCookie(entered.getheader("Set-Cookie", ""))
    return "; ".join(f"{name}={each.value}" for name, each in cookies.items())


def learn_one_night(service: AskedService, home: Path, now: datetime, *, k: int, links: DetectorAsked) -> None:
    """`resay learn` over a home; ends when its service answers from what that published.

    Raises: ChildFailed.
    """
    # A child works in a folder of its own.
    model = ["--model", str(links.model.absolute())] if links.model else []
    learnt = run_words(home, "learn", "--k", str(k), "--detector", links.name, *model)
    deadline = time.monotonic() + TAKEN_UP_S
    while service.generation(now) != learnt["generation"]:
        if time.monotonic() > deadline:
            message = (
                f"service must take up generation {learnt['generation']} within {TAKEN_UP_S:g} s; it did not; is the machine too busy?"
            )
            raise ChildFailed(message)
        time.sleep(LOOK_S)


def run_words(home: Path, *words: str) -> dict[str, Any]:
    """A command of ours over a home, to its end; what it printed.

    Raises: ChildFailed.
    """
    place = home / words[0]
    place.mkdir(exist_ok=True)
    return run_child(COMMAND_LINE, [*words, "--home", str(home), "--json"], folder=place).told
