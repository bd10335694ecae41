"""The action of deploy/rasa in Rasa's real action server, between a running Resay and what answers as Rasa's `/model/parse` does."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.kafka.broker import find_ports
from ingest.adapters.adapter import Document, read, turn_parts
from ingest.adapters.rasa import RASA
from ingest.landing import land_records
from resay.dialogue.codec import encode
from resay.dialogue.turn import Reject
from resay.store.lake import Lake
from resay.store.turns import read_turns
from tests.builders import BASE
from tests.json_service import answering
from tests.missing import needs
from tests.serving.conftest import KEY, Serve, learnt, serve, wait_until

__all__ = ["serve"]

ROOT = Path(__file__).parents[2]

PYTHON = ROOT / ".venv-rasa" / "bin" / "python"

pytestmark = needs(PYTHON, "`make other-assistants` installs it")

READ = {"text": "play madonna", "intent": {"name": "play", "confidence": 0.97}, "entities": [], "intent_ranking": []}

FAILED: dict[str, Any] = {
    "event": "user",
    "timestamp": BASE.timestamp(),
    "text": "play madona",
    "message_id": "m1",
    "input_channel": "rest",
    "parse_data": {"intent": {"name": "nlu_fallback"}, "intent_ranking": [{"name": "nlu_fallback"}, {"name": "pay", "confidence": 0.2}]},
}

REVERTED = {"event": "rewind", "timestamp": None}


def reading(answer: dict[str, Any]) -> AbstractContextManager[str]:
    """The address of what reads every sentence alike."""
    return answering(lambda asked: {**answer, "text": asked["text"]})


@contextmanager
def slow_until_another(first: str) -> Iterator[str]:
    """The address of a Resay that knows nothing, and answers this customer only behind somebody else."""
    another = threading.Event()

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        if asked["customer_id"] == first:
            another.wait()
        another.set()
        return {"utterance": asked["utterance"], "rewrite": None}

    with answering(answer) as url:
        yield url
        another.set()


@contextmanager
def action_server(resay: str, rasa: str) -> Iterator[str]:
    """The real one, with the action as operators copy it: its address."""
    (port,) = find_ports(1)
    environment = dict(os.environ) | {"RESAY_URL": resay, "RESAY_KEY": KEY, "RASA_URL": rasa, "SANIC_HOST": "127.0.0.1"}
    words = [PYTHON, "-c", _PATIENT, "--actions", "resay_action", "-p", str(port)]
    # In a group of its own: it starts workers, which would outlive it.
    process = subprocess.Popen(
        words, cwd=ROOT / "deploy" / "rasa", env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0
    )
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, "it must go on"
        try:
            return httpx.get(f"{url}/health", timeout=10).status_code == 200
        except httpx.TransportError:
            return False

    try:
        wait_until(answers, within_s=300)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


_PATIENT = """
import resay_action, runpy, sys
resay_action.RESAY_S = resay_action.RASA_S = 60  # A machine that runs other tests beside may be many times slower.
runpy.run_module("rasa_sdk", run_name="__main__", alter_sys=True)
"""


def fallback(url: str, sender: str, heard: dict[str, Any] = FAILED) -> dict[str, Any]:
    """What the action server has Rasa do."""
    tracker = {"sender_id": sender, "events": [heard], "slots": {}, "latest_message": {}, "paused": False, "active_loop": {}}
    call = {"next_action": "action_default_fallback", "sender_id": sender, "tracker": tracker, "domain": {}}
    reply = httpx.post(f"{url}/webhook", json=call, timeout=120)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


@pytest.fixture
def resay(home: Path, serve: Serve) -> str:
    """A running service."""
    return serve(home).url


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """In which it is known what to say for "play madona"."""
    return learnt(tmp_path)


def test_what_was_refused_is_said_again_in_the_words_that_work(resay: str, tmp_path: Path):
    """Rasa is given its own reading of them; as a log both are one turn, with what the customer said beside what we said."""
    with reading(READ) as rasa, action_server(resay, rasa) as url:
        # From some customers words are withheld for a day.
        done = next(told for number in range(50) if len((told := fallback(url, f"c{number}"))["events"]) == 2)

    reverted, again = done["events"]
    assert (reverted, done["responses"]) == (REVERTED, [])
    assert (again["event"], again["text"], again["input_channel"], again["parse_data"]["intent"]) == (
        *("user", "play madonna", "rest"),
        READ["intent"],
    )

    # As Rasa logs it.
    refused = {"event": "action", "name": "action_default_fallback", "timestamp": BASE.timestamp() + 1}
    bot = {"event": "bot", "text": "Playing.", "timestamp": BASE.timestamp() + 3}
    events = [FAILED, refused, {**reverted, "timestamp": BASE.timestamp() + 1}, {**again, "timestamp": BASE.timestamp() + 2}, bot]
    parts = [
        each
        for one in events
        if not isinstance(got := read(RASA, Document({"sender_id": "c", **one}, ""), now=BASE), Reject)
        for each in got
    ]
    land_records([encode(each) for each in turn_parts(RASA, parts)], source="test", lake=Lake(tmp_path / "lake"), now=BASE)
    (turn,) = read_turns(Lake(tmp_path / "lake"))
    assert turn.rewrite is not None and turn.response is not None
    assert (turn.turn_id, turn.utterance, turn.rewrite.original, turn.rewrite.layer) == ("m1", "play madonna", "play madona", "table")
    assert (turn.response.text, turn.response.status, turn.interpretations[0].intent) == ("Playing.", "done", "play")


@pytest.mark.parametrize("trouble", ["unknown words", "resay is away", "rasa is away", "rasa refuses them too", "our own words"])
def test_else_the_fallback_is_that_of_rasa(resay: str, trouble: str):
    """Whatever is wrong, and never a third time."""
    read_as = {"intent": {"name": "nlu_fallback"}} if trouble == "rasa refuses them too" else READ
    heard = {**FAILED, "text": "what"} if trouble == "unknown words" else FAILED
    if trouble == "our own words":
        heard = {**FAILED, "parse_data": {**FAILED["parse_data"], "resay": {"turn_id": "m1"}}}
    away = "http://127.0.0.1:9"

    with (
        reading(read_as) as rasa,
        action_server(away if trouble == "resay is away" else resay, away if trouble == "rasa is away" else rasa) as url,
    ):
        told = [fallback(url, f"c{number}", heard) for number in range(5)]

    assert [each["events"] for each in told] == [[REVERTED]] * 5
    assert [each["responses"][0]["response"] for each in told] == ["utter_default"] * 5


def test_nobody_waits_for_the_answer_to_another():
    """All customers' actions run on one event loop; whoever waits longest is answered last."""
    with reading(READ) as rasa, slow_until_another("c1") as resay, action_server(resay, rasa) as url, ThreadPoolExecutor() as pool:
        first = pool.submit(fallback, url, "c1")
        second = fallback(url, "c2")

        assert [each["events"] for each in (second, first.result())] == [[REVERTED]] * 2
