"""Whatever is said, or left in the home, with a layer behind the table: the customer's own words, or a sentence that says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from resay.dialogue.codec import UTTERANCE_CHARS_MAX
from resay.store.artifact import Shelf
from resay.store.wordings import MEANING_FILE
from serving.app import open_service
from serving.server import RunningService
from tests.rewrite_online.test_global_layer import WORDINGS, files, wording
from tests.serving.conftest import Serve, client_of, question, settings_of, wait_until

LONG = "turn on that lite " * (UTTERANCE_CHARS_MAX // 18)
NOISE = (
    "\x00\x07\x1b[2J",
    "проиграй мадонну",
    "播放麦当娜",
    "ｔｕｒｎ",
    "\u202eno nrut",
    "🎵🎵",
    "e\u0301" * 300,
    "'; drop table turns; --",
)


OTHER_MEANING = {MEANING_FILE: files()[MEANING_FILE] + b"\x00"}
"""Not the bytes that were learnt and proven with the rest."""


def publish(home: Path, content: dict[str, bytes]) -> int:
    """Write and publish a generation, checked or not."""
    shelf = Shelf(home / "rewrites")
    return shelf.publish(shelf.write(content).number).number


@pytest.fixture
def client(tmp_path: Path, serve: Serve) -> Iterator[httpx.Client]:
    """Asks a service whose generation has a global layer."""
    publish(tmp_path, files())
    with client_of(serve(tmp_path)) as asking:
        yield asking


def ask(client: httpx.Client, utterance: str, **others: Any) -> httpx.Response:
    """One question, with time enough on a busy machine."""
    return client.post("/v1/rewrite", json=question(utterance, deadline_ms=1_000, **others))


@pytest.mark.parametrize("utterance", ["", " ", LONG, *NOISE])
def test_bad_talk_passes_through_unchanged(client: httpx.Client, utterance: str):
    """Nothing, a speech, other scripts, signs that nobody can say: they come back as they went in."""
    reply = ask(client, utterance)

    assert reply.status_code == 200
    assert (reply.json()["action"], reply.json()["utterance"], reply.json()["generation"]) == ("pass_through", utterance, 1)


def test_bad_hypotheses_keep_nobody_from_an_answer(client: httpx.Client):
    """As many as may be given, each a speech or noise, beside words that have an answer."""
    hypotheses = [{"text": text} for text in (*NOISE, LONG, LONG)]

    reply = ask(client, "turn on that lite", hypotheses=hypotheses, customer_id="nobody ever heard of")

    assert reply.status_code == 200
    assert reply.json()["reason"] not in {"broken", "not_ready"}


def test_ten_thousand_words_are_refused_in_a_sentence(client: httpx.Client):
    """Longer than any utterance may be."""
    reply = ask(client, "turn " * 10_000)

    assert reply.status_code == 422
    assert "utterance" in reply.json()["detail"]


def test_a_part_of_another_generation_is_never_served(tmp_path: Path, serve: Serve):
    """What was live goes on; whoever asks whether the service is ready is told what does not fit, without a text."""
    publish(tmp_path, files())
    running = serve(tmp_path)
    other = files([wording("switch the light on"), *WORDINGS[1:]])
    with client_of(running) as client:
        mixed = publish(tmp_path, other | OTHER_MEANING)
        wait_until(lambda: "of another" in client.get("/readyz").text)
        answer, ready = ask(client, "turn on that lite").json(), client.get("/readyz").text

    assert answer["generation"] == 1 != mixed
    assert answer["utterance"] in {"turn on the light", "turn on that lite"}
    assert "were files copied between generations" in ready
    assert "light" not in ready


def test_a_service_that_finds_only_mixed_parts_passes_everything_through(tmp_path: Path, serve: Serve):
    """There is nothing that may be served, and that is no error of the assistant's."""
    publish(tmp_path, files() | OTHER_MEANING)
    running: RunningService = serve(open_service(settings_of(tmp_path)))

    with client_of(running) as client:
        answer, ready = ask(client, "turn on that lite"), client.get("/readyz")

    assert (answer.status_code, answer.json()["reason"], answer.json()["generation"]) == (200, "not_ready", None)
    assert ready.status_code == 503
