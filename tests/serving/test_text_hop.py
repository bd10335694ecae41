"""The hop before Home Assistant's conversation, between a real client and an assistant that answers as Home Assistant does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from resay.dialogue.turn import ResponseStatus, Turn
from resay.store.books import Books, Veto
from resay.store.lake import Lake
from resay.store.turns import read_turns
from serving.app import open_service
from serving.forward import Forward, NoUrl
from serving.hop import Speaker
from serving.server import RunningService, bind, start
from serving.text_hop import BODY_BYTES_MAX, PATH, TextHop, text_hop_app
from tests.builders import BASE
from tests.serving.conftest import settings_of, wait_until

TOKEN = {"Authorization": "Bearer a-long-lived-token"}

PLAYING = {"response_type": "action_done", "language": "en", "data": {"success": []}, "speech": {"plain": {"speech": "Playing"}}}
DONE = {"response": PLAYING, "conversation_id": "talk"}
NO_MATCH = {
    "response": {"response_type": "error", "language": "en", "data": {"code": "no_intent_match"}, "speech": {"plain": {"speech": "Sorry"}}},
    "conversation_id": "talk",
}


@dataclass
class Assistant:
    """Answers like Home Assistant, and remembers what it was asked."""

    answer: dict[str, Any] = field(default_factory=lambda: DONE)
    status: int = 200
    heard: list[tuple[bytes, str | None]] = field(default_factory=list)
    url: str = ""


@contextmanager
def answering(assistant: Assistant) -> Iterator[Assistant]:
    """It, at a port."""

    class Conversation(BaseHTTPRequestHandler):
        """One question."""

        def do_POST(self) -> None:
            """Answer it."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assistant.heard.append((body, self.headers["Authorization"]))
            told = json.dumps(assistant.answer).encode()
            self.send_response(assistant.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Conversation) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        assistant.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield assistant
        server.shutdown()
        thread.join()


@pytest.fixture
def assistant() -> Iterator[Assistant]:
    """An assistant that answers."""
    with answering(Assistant()) as each:
        yield each


Stand = Callable[..., httpx.Client]


@pytest.fixture
def stand(home: Path) -> Iterator[Stand]:
    """A client of a hop over the home, at a time when nothing is withheld."""
    running: list[RunningService] = []
    clients: list[httpx.Client] = []

    def stand_before(url: str, **others: Any) -> httpx.Client:
        service = open_service(settings_of(home, **others), clock=lambda: BASE)
        hop = TextHop(service, Speaker("c1"), Forward(url + PATH), budget_s=60)
        running.append(start(text_hop_app(service, hop), bind("127.0.0.1", 0)))
        clients.append(httpx.Client(base_url=running[-1].url, headers=TOKEN, timeout=300))
        return clients[-1]

    yield stand_before
    for client in clients:
        client.close()
    for each in running:
        each.stop()


def turns_in(home: Path, number: int) -> list[Turn]:
    """The turns that are kept behind the answers, once so many are there; by what Home Assistant heard."""

    def found() -> list[Turn]:
        return list(read_turns(Lake(home / "lake"))) if (home / "lake" / "turn_parts").exists() else []

    wait_until(lambda: len(found()) == number)
    return sorted(found(), key=lambda turn: turn.utterance)


def test_other_words_are_said_and_the_answer_is_unchanged(assistant: Assistant, stand: Stand):
    """Home Assistant hears the wording that works, with every other field and the token as they came; its answer goes back as it is."""
    asked = {"text": "Play madona!", "language": "en", "conversation_id": "talk", "agent_id": "conversation.home_assistant"}

    reply = stand(assistant.url).post(PATH, json=asked)

    assert (reply.status_code, reply.json()) == (200, DONE)
    ((body, token),) = assistant.heard
    assert (json.loads(body), token) == (asked | {"text": "play madonna"}, TOKEN["Authorization"])


def test_each_talk_is_kept_as_a_turn(assistant: Assistant, stand: Stand, home: Path):
    """What was said, what was put in its place and how it went are in the lake, so that rewrites are learnt and judged from it."""
    client = stand(assistant.url)
    client.post(PATH, json={"text": "play madona", "language": "en"})
    assistant.answer = NO_MATCH
    client.post(PATH, json={"text": "sing"})

    rewritten, refused = turns_in(home, 2)

    assert (rewritten.utterance, rewritten.rewrite.original, rewritten.rewrite.layer) == ("play madonna", "play madona", "table")
    assert (rewritten.response.status, rewritten.response.text) == (ResponseStatus.DONE, "Playing")
    assert (refused.utterance, refused.rewrite, refused.response.status) == ("sing", None, ResponseStatus.UNSUPPORTED)
    assert {rewritten.customer_id, refused.customer_id} == {"c1"}
    assert {each.turn_id for each in Books(home / "books.sqlite").decisions(9)} == {rewritten.turn_id, refused.turn_id}


def test_customers_are_kept_by_their_pseudonym(assistant: Assistant, stand: Stand, home: Path):
    """Turns and decisions name a customer by the same hash."""
    stand(assistant.url, hash_key="k" * 32).post(PATH, json={"text": "sing"})

    (turn,) = turns_in(home, 1)

    assert turn.customer_id != "c1"
    assert Books(home / "books.sqlite").decisions(9)[0].customer_id == turn.customer_id


def test_an_answer_to_a_question_is_taken_for_one(assistant: Assistant, stand: Stand, home: Path):
    """Where Home Assistant asked back, the next words of that talk answer it: what is learnt of words that begin a talk is not put in."""
    assistant.answer = DONE | {"continue_conversation": True}
    client = stand(assistant.url)
    client.post(PATH, json={"text": "sing", "conversation_id": "talk"})
    turns_in(home, 1)

    client.post(PATH, json={"text": "play madona", "conversation_id": "talk"})

    assert json.loads(assistant.heard[1][0])["text"] == "play madona"
    answer = turns_in(home, 2)[0]
    assert (answer.utterance, answer.prompt.kind) == ("play madona", "continue_conversation")


@pytest.mark.parametrize(
    "body",
    [b'{"text":  "sing", "odd": 1.50}', b"not json", b"[]", b'{"text": 7}', b"{}", b"", b'{"text": ""}', b'{"text": "a\\u0000b"}'],
)
def test_what_is_not_rewritten_goes_on_byte_for_byte(body: bytes, assistant: Assistant, stand: Stand):
    """Home Assistant judges what is no question, not we."""
    reply = stand(assistant.url).post(PATH, content=body)

    assert (reply.json(), assistant.heard) == (DONE, [(body, TOKEN["Authorization"])])


def test_errors_of_home_assistant_go_back_as_they_are(assistant: Assistant, stand: Stand, home: Path):
    """A wrong token is refused by Home Assistant, and nothing is kept of the talk."""
    assistant.status, assistant.answer = 401, {"message": "Unauthorized"}

    reply = stand(assistant.url).post(PATH, json={"text": "play madona"})

    assert (reply.status_code, reply.json()) == (401, {"message": "Unauthorized"})
    assert not (home / "lake").exists()


def test_whoever_shows_no_token_is_no_customer(assistant: Assistant, stand: Stand, home: Path):
    """Nothing is looked up or written down for them; Home Assistant refuses them."""
    client = stand(assistant.url)
    del client.headers["Authorization"]

    client.post(PATH, json={"text": "play madona"})

    assert assistant.heard == [(b'{"text":"play madona"}', None)]
    assert Books(home / "books.sqlite").decisions(9) == []


def test_where_home_assistant_is_away_the_reason_is_told(stand: Stand):
    """Status 502 and a sentence, in the field that Home Assistant's own errors have."""
    reply = stand("http://127.0.0.1:1").post(PATH, json={"text": "play madona"})

    assert reply.status_code == 502
    assert reply.json()["message"].startswith("Home Assistant must answer at http://127.0.0.1:1/api/conversation/process; it did not; ")


def test_what_is_vetoed_is_not_said(assistant: Assistant, stand: Stand, home: Path):
    """Vetoes and switches hold in the hop as in the service."""
    Books(home / "books.sqlite").veto(Veto(source="play madona", target="play madonna", reason="", vetoed_by="me", created_at=BASE))

    stand(assistant.url).post(PATH, json={"text": "play madona"})

    assert json.loads(assistant.heard[0][0])["text"] == "play madona"


def test_a_question_that_is_too_long_is_refused(assistant: Assistant, stand: Stand):
    """Before it is held in memory."""
    reply = stand(assistant.url).post(PATH, content=b"x" * (BODY_BYTES_MAX + 1))

    assert (reply.status_code, assistant.heard) == (413, [])


@pytest.mark.parametrize("url", ["homeassistant.local:8123", "ftp://ha", "http://", "http://ha:port", ""])
def test_what_is_no_address_is_refused(url: str):
    """With the sentence that says what it must be."""
    with pytest.raises(NoUrl, match="--upstream must be an http or https address"):
        Forward(url)
