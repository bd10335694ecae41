"""`resay try` for words that nobody need have said before: candidates, nearness, features, chances, and why or why not."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from resay.commands.try_telling import told_clock, told_states
from resay.dialogue.wording import Failing
from resay.store.artifact import Shelf
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.rewriter import Rewriter
from rewrite_online.watch import Watch
from tests.builders import BASE, asked
from tests.commands.test_serve import run
from tests.rewrite_online.test_global_layer import WORDINGS, files, wording
from tests.rewrite_online.test_leanings import generation, leaning


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose live generation has a global layer."""
    publish(tmp_path, files())
    return tmp_path


def publish(home: Path, content: dict[str, bytes]) -> int:
    shelf = Shelf(home / "rewrites")
    return shelf.publish(shelf.write(content).number).number


def test_try_shows_what_was_considered(home: Path):
    """Each candidate with its chances, what its pieces mean, and how near it is."""
    shown = run("try", "turn on that lite", "--home", str(home))

    assert "“turn on the light”: succeeds" in shown
    assert "by its pieces; near by" in shown
    assert "global " in shown


def test_try_tells_programs_every_feature(home: Path):
    """By name, those that are known."""
    told = json.loads(run("try", "turn on that lite", "--home", str(home), "--json"))

    first = told["considered"][0]
    assert first["target"] == "turn on the light"
    assert first["nearest"]["spelling"] > 0.7
    assert first["features"]["meant"] == pytest.approx(first["meant"], abs=1e-6)
    assert "global" in told["parts_ms"]


@pytest.mark.parametrize("utterance", ["turn on the light", "", "свет " * 2_000])
def test_try_considers_nothing_where_there_is_nothing_to_consider(home: Path, utterance: str):
    """What is said for others already, nothing at all, and other scripts."""
    told = json.loads(run("try", utterance, "--home", str(home), "--json"))

    assert (told["rewrite"], told["considered"]) == (None, [])


def test_no_answer_is_torn_between_two_generations(tmp_path: Path):
    """While generations with other wordings are swapped, each answer is of the one that it names."""
    other = [wording("switch the light on"), *WORDINGS[1:]]
    said = {publish(tmp_path, files()): "turn on the light", publish(tmp_path, files(other)): "switch the light on"}
    shelf, watch, torn = Shelf(tmp_path / "rewrites"), Watch(Shelf(tmp_path / "rewrites"), list), list[str]()
    watch.refresh()
    rewriter = Rewriter(watch.live, hold_out=NO_HOLD_OUT)
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            explained = rewriter.explain(asked("turn on that lite"), now=BASE, budget_s=60)
            found = {each.rewrite.target for each in explained.weighed} & set(said.values())
            if found - {said[explained.answer.generation or 0]}:
                torn.append(f"{explained.answer.generation}: {found}")

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for each in askers:
        each.start()
    for number in list(said) * 3:
        shelf.publish(number)
        watch.refresh()
    done.set()
    for each in askers:
        each.join()
    rewriter.close()

    assert torn == []


def test_try_shows_what_is_wanted_where_it_is_said(tmp_path: Path):
    """By the hour that is told, with what it is without; nothing of it where nothing is told."""
    generation(tmp_path / "rewrites", leaning("turn on the lite"))

    evening = run("try", "turn on the lite", "--home", str(tmp_path), "--local-time", "20:15")
    told = json.loads(run("try", "turn on the lite", "--home", str(tmp_path), "--local-time", "20:15", "--json"))
    untold = json.loads(run("try", "turn on the lite", "--home", str(tmp_path), "--json"))

    assert "leans on time:18-24: right as said" in evening
    assert "“play the radio”: succeeds" in evening
    assert (told["rewrite"], told["here"]["cues"], untold["here"]) == ("play the radio", ["time:18-24"], None)
    likeliest = told["considered"][0]
    assert (likeliest["wanted_here"] > 0.9, likeliest["wanted_anywhere"] < 0.6) == (True, True)


def test_try_tells_why_words_fail(tmp_path: Path):
    """With the customers behind it; nothing where nobody classified turns."""
    failing = Failing(20_000, 40, 0.6, 0.1)
    publish(tmp_path / "told", files([replace(each, failing=failing if not each.state else None) for each in WORDINGS]))
    publish(tmp_path / "untold", files())

    shown = run("try", "turn on the lite", "--home", str(tmp_path / "told"))
    told, untold = (json.loads(run("try", "turn on the lite", "--home", str(tmp_path / name), "--json")) for name in ("told", "untold"))

    assert "fails for  60\u202f% the result, 10\u202f% rightly not done, 30\u202f% the words; by 40 customers" in shown
    assert (told["reason"], told["failing"]["not_the_words"]) == ("not_the_words", pytest.approx(0.7))
    assert (untold["reason"], untold["failing"]) == ("rewritten", None)


@pytest.mark.parametrize("told", ["25:99", "noon", "7"])
def test_try_tells_how_a_clock_is_read(told: str):
    """What cannot be read would change nothing, and nobody would know."""
    with pytest.raises(typer.BadParameter, match=f"must be a time of the day; got '{told}'"):
        told_clock(told)
    assert (told_clock("07:30"), told_clock("")) == ("07:30", "")


def test_try_tells_how_a_state_is_named():
    """With an example."""
    with pytest.raises(typer.BadParameter, match="must be DEVICE=STATE; got oven"):
        told_states(["switch.tv=on", "oven"])
