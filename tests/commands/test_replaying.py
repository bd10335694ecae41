"""`resay replay`, and learning with the hook: what the assistant has come to understand retires at once, with the reason, and stays out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from resay.commands.replaying import HookSilent
from resay.dialogue.turn import Turn, Versions
from resay.store.artifact import Shelf
from tests.builders import turn
from tests.commands.answers import answer, run
from tests.commands.nlu_hook import Question, hook, reading
from tests.commands.test_learn import DAY, ingest, live, talk

LAMP, LIGHT = "lamp on now please", "light it up now please"
LEARNT = "the assistant now takes the source for what the target means"


def old_nlu(question: Question) -> tuple[int, bytes]:
    """Understands the target alone."""
    return reading("LampOn" if question["text"] == "turn on the lamp please" else None)


def new_nlu(question: Question) -> tuple[int, bytes]:
    """Has learnt the source."""
    return reading("LampOn" if "lamp" in question["text"] else None)


def newest(nlu: str, *, at: float = 20 * DAY) -> Turn:
    """A turn of one version of the assistant."""
    return turn("hello again", at=at, customer="c0", intent="Hello", versions=Versions(nlu=nlu))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which the rewrite of the lamp is live; the newest turn was understood by version 1."""
    place = tmp_path / "home"
    place.mkdir()
    ingest(place, [*talk(12), newest("1")])
    assert answer(place, "learn")["published"]
    return place


def test_what_the_assistant_has_learnt_retires_at_once(home: Path):
    """A new generation without it, whose difference says why, and so does the account of the wording."""
    with hook(new_nlu) as nlu:
        told = answer(home, "replay", "--understand-url", nlu.url)

    assert (told["needless"], told["retired"], told["generation"]) == (1, True, 2)
    (gone,) = answer(home, "diff")["gone"]
    assert (gone["rewrite"]["source"], gone["because"]) == (LAMP, [LEARNT])
    account = answer(home, "why", LAMP)
    assert (account["stage"], account["because"], account["live"]) == ("needless", LEARNT, None)


def test_what_is_still_needed_stays(home: Path):
    """Nothing is published."""
    with hook(old_nlu) as nlu:
        told = answer(home, "replay", "--understand-url", nlu.url)

    assert (told["needed"], told["retired"], told["generation"]) == (1, False, 1)
    assert {each["text"] for each in nlu.asked} == {LAMP, "turn on the lamp please"}


def test_a_dry_run_retires_nothing(home: Path):
    """It says what would be."""
    with hook(new_nlu) as nlu:
        told = answer(home, "replay", "--understand-url", nlu.url, "--dry-run")

    assert (told["needless"], told["retired"], Shelf(home / "rewrites").numbers()) == (1, False, [1])


def test_a_broken_hook_retires_nothing_and_is_said(home: Path):
    """Not to know changes nothing; a schedule learns by the status that the assistant was not asked."""
    with hook(lambda _: (500, b"")) as nlu:
        ended = run(home, "replay", "--understand-url", nlu.url, "--json")

    told = json.loads(ended.stdout)
    assert (told["not_told"], told["retired"], told["generation"]) == (1, False, 1)
    assert (ended.exit_code, type(ended.exception)) == (1, HookSilent)
    assert "of 1 of 1 it did not, and they stay; the hook must answer 200; it answered 500; is" in str(ended.exception)


def test_a_hook_that_tells_of_some_retires_those(home: Path):
    """What it told is done, and the status says that something is left."""
    others = [replace(each, customer_id=f"x{each.customer_id}", turn_id=f"x{each.turn_id}") for each in talk(12, source=LIGHT)]
    ingest(home, others)
    assert len(answer(home, "learn")["rewrites"]) == 2

    with hook(lambda question: (500, b"") if question["text"] == LIGHT else new_nlu(question)) as nlu:
        ended = run(home, "replay", "--understand-url", nlu.url)

    assert "generation 3 is live" in ended.stdout
    assert "of 1 of 2 it did not" in str(ended.exception)
    assert [source for source, _ in live(home)] == [LIGHT]


def test_what_was_retired_stays_out_while_the_assistant_is_the_same(home: Path):
    """The log still shows it refused for weeks; only another version of the assistant lets it be mined again."""
    with hook(new_nlu) as nlu:
        answer(home, "replay", "--understand-url", nlu.url)

    same = answer(home, "learn")
    ingest(home, [newest("2", at=20 * DAY + 10)])
    other = answer(home, "learn")

    assert (same["rewrites"], list(same["needless"].values())) == ([], [LEARNT])
    assert [each["source"] for each in other["rewrites"]] == [LAMP]


def test_learning_asks_before_it_publishes(home: Path):
    """With the hook a needless rewrite goes in the same night, and one that never was live does not come."""
    with hook(new_nlu) as nlu:
        told = answer(home, "learn", "--understand-url", nlu.url)

    assert (told["rewrites"], list(told["needless"].values()), told["generation"]) == ([], [LEARNT], 2)
    assert told["versions"] == {"nlu": "1"}


def test_learning_with_a_broken_hook_publishes_as_without(home: Path):
    """The evidence of customers stands until the assistant says otherwise; that it was not told is said."""
    with hook(lambda _: (500, b"")) as nlu:
        told = answer(home, "learn", "--understand-url", nlu.url)

    assert ([each["source"] for each in told["rewrites"]], told["not_told"], told["generation"]) == ([LAMP], 1, 1)


def test_the_stream_retires_it_with_the_next_turns(home: Path):
    """No command is needed: whatever learns as turns come in asks too."""
    ingest(home, [newest("2", at=20 * DAY + 10)])
    with hook(new_nlu) as nlu:
        answer(home, "stream", "--jobs", "detect,label,learn", "--every", "0.1", "--until-idle", "0.5", "--understand-url", nlu.url)

    assert live(home) == []
    assert [each["because"] for each in answer(home, "diff", "1")["gone"]] == [[LEARNT]]


def test_nobody_to_ask_is_said(home: Path):
    """The command is of no use without the hook."""
    assert "--understand-url names none" in str(run(home, "replay").exception)
