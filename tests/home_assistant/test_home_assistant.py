"""With a real Home Assistant: its runs over its WebSocket, ours before its conversation, and the sentences that it takes along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from resay.dialogue.state import uninterpreted_state
from resay.store.artifact import Shelf
from resay.store.lake import Lake
from resay.store.turns import read_turns
from serving.app import open_service
from serving.forward import Forward
from serving.hop import Speaker
from serving.server import bind, start
from serving.text_hop import PATH, TextHop, text_hop_app
from tests import child
from tests.builders import rewrite, rewrite_files
from tests.home_assistant.real import HASS, HomeAssistant, running
from tests.missing import needs
from tests.serving.conftest import settings_of, wait_until

pytestmark = needs(HASS, "`make other-assistants` installs it")

FAILING, WORKING = "lights on in the den", "turn on the den lamp"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeAssistant]:
    """One for the tests of this file."""
    with running(tmp_path_factory.mktemp("home-assistant")) as it:
        yield it


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which is learnt what to say in place of what fails."""
    home = tmp_path / "home"
    shelf = Shelf(home / "rewrites")
    # Its runs name no intent, so that what is learnt from them are states of unread text.
    known = rewrite(FAILING, WORKING, support=12, times=20, state=uninterpreted_state(WORKING, ""))
    shelf.publish(shelf.write(rewrite_files(known)).number)
    return home


@contextmanager
def hop_before(assistant: HomeAssistant, home: Path) -> Iterator[str]:
    """The text hop of a home before it: its address."""
    service = open_service(settings_of(home))
    hop = TextHop(service, Speaker("c1"), Forward(assistant.url + PATH), budget_s=60)
    standing = start(text_hop_app(service, hop), bind("127.0.0.1", 0))
    try:
        yield standing.url
    finally:
        standing.stop()


def test_what_it_refuses_it_does_with_us_before_it(assistant: HomeAssistant, home: Path):
    """Asked itself it answers with an error; asked through the hop the lamp is on, and both words are in the log."""
    assistant.call("light.turn_off", entity_id="light.den")

    alone = assistant.asked(FAILING)
    with hop_before(assistant, home) as url:
        helped = assistant.asked(FAILING, url=url)
        wait_until(lambda: (home / "lake" / "turn_parts").exists() and bool(list(read_turns(Lake(home / "lake")))))

    assert (alone["response_type"], helped["response_type"]) == ("error", "action_done")
    assert helped["data"]["success"][0]["id"] == "light.den"
    assert assistant.state("light.den") == "on"
    (turn,) = read_turns(Lake(home / "lake"))
    assert turn.rewrite is not None and turn.response is not None
    assert (turn.rewrite.original, turn.utterance, turn.response.status) == (FAILING, WORKING, "done")


def test_its_runs_are_imported_over_its_web_socket(assistant: HomeAssistant, tmp_path: Path):
    """What was refused and what was done, as it says itself; asked for again, nothing is there twice; a file of a run is the same turn."""
    for words in (FAILING, WORKING):
        assistant.run(start_stage="intent", end_stage="intent", input={"text": words}, conversation_id="talk")
    token = tmp_path / "token"
    token.write_text(assistant.token)
    asked = ("import", "home-assistant", "--from", assistant.url, "--token-file", token, "--json")

    first, again = (child.resay(*asked, home=tmp_path / "home") for _ in range(2))

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert json.loads(first.stdout)["accepted"] == 4
    assert json.loads(again.stdout)["accepted"] == 0
    turns = sorted(read_turns(Lake(tmp_path / "home" / "lake")), key=lambda turn: turn.at)
    told = [(turn.utterance, turn.response.status, [each.entity_id for each in turn.entities]) for turn in turns if turn.response]
    assert told == [(FAILING, "failed", []), (WORKING, "done", ["light.den"])]


def test_a_token_that_it_does_not_know_is_said(assistant: HomeAssistant, tmp_path: Path):
    """In a sentence, and nothing is taken in."""
    token = tmp_path / "token"
    token.write_text("no-token-of-its")

    done = child.resay("import", "home-assistant", "--from", assistant.url, "--token-file", token, home=tmp_path / "home")

    assert (done.returncode, done.stdout) == (1, "")
    assert "must know the token; it does not" in done.stderr
    assert not (tmp_path / "home" / "lake").exists()


def test_what_is_taken_along_it_does_without_us(assistant: HomeAssistant, home: Path):
    """It loads the sentences that we write, hears one of them, and does what is to be said in its place."""
    folder = assistant.config / "custom_sentences" / "en"
    folder.mkdir(parents=True)
    assistant.call("light.turn_off", entity_id="light.den")

    written = child.resay("rules", "sentences", "--out", folder / "resay.yaml", "--json", home=home)
    assistant.call("conversation.reload")
    alone = assistant.asked(FAILING)

    assert json.loads(written.stdout)["sentences"] == 1
    assert alone["response_type"] == "action_done"
    wait_until(lambda: assistant.state("light.den") == "on")
