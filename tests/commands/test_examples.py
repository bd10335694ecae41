"""`resay examples`: examples with their truth in a file, the same again with the same seed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from rephrase.example import LINK, REPAIR, REPEATED_SUCCESS, TOPIC_SWITCH
from rephrase.example_file import read_examples
from resay.commands import examples
from resay.commands.example_making import examples_of
from resay.dialogue.turn import ResponseStatus
from resay.lab.linked.session import Follow, LinkedSession, TrueLink
from resay.label.corpora.dstc2 import WrongCorpus
from tests.builders import session, turn
from tests.lab.small_world import write_world
from tests.made_texts import write_texts

TALK = session(
    turn("play madona", at=0, status=ResponseStatus.FAILED),
    turn("that's wrong", at=5),
    turn("no i said play madonna", at=9),
    turn("play madonna", at=20),
)
FOLLOWS = {0: Follow.OTHER, 1: Follow.OTHER, 2: Follow.SAID_AGAIN, 3: Follow.REPEATED_SUCCESS}


def linked(*links: TrueLink) -> LinkedSession:
    return LinkedSession(TALK, links, FOLLOWS, "anna")


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    examples.register(made)
    made.callback()(lambda: None)
    return made


def test_an_example_holds_what_followed_and_where_it_was_said_again():
    """The remark between is there and is no first try; the span is that of the target."""
    first, second = examples_of([linked(TrueLink(0, 2, 10, 22, repair=True))])

    assert (first.kind, first.target, first.group) == (REPAIR, 2, "anna")
    assert first.turns[2].utterance[first.start : first.end] == "play madonna"
    assert len(first.turns) == 4
    assert (second.kind, second.target, second.turns) == (REPEATED_SUCCESS, None, TALK.turns[2:])


def test_a_whole_second_try_is_a_link():
    """Nothing says that it repairs."""
    first, _ = examples_of([linked(TrueLink(0, 3, 0, 12, repair=False))])

    assert (first.kind, first.target) == (LINK, 3)


def test_a_second_try_out_of_reach_is_no_example_at_all():
    """It could not be found, and it is not true that there is none: four other requests stand between."""
    talk = session(*(turn(f"request {number}", at=number) for number in range(6)))
    follows = {0: Follow.OTHER} | dict.fromkeys(range(1, 6), Follow.TOPIC_SWITCH)

    made = list(examples_of([LinkedSession(talk, (TrueLink(0, 5, 0, 9, repair=False),), follows, "anna")]))

    assert [each.turns[0].utterance for each in made] == [f"request {number}" for number in range(1, 5)]


def test_another_requests_second_try_is_something_else():
    """Seen from the request between the two."""
    between = LinkedSession(TALK, (TrueLink(0, 3, 0, 12, repair=False),), FOLLOWS | {3: Follow.SAID_AGAIN}, "anna")

    assert [each.kind for each in examples_of([between])] == [LINK, TOPIC_SWITCH]


def test_the_same_seed_makes_the_same_file(app: typer.Typer, tmp_path: Path):
    """Byte for byte; what was counted is what can be read."""
    pytest.importorskip("hassil", reason="the extra `demo` simulates the home")
    world, texts = write_world(tmp_path / "world"), write_texts(tmp_path / "texts")
    command = ["examples", "rephrase", "--world", str(world), "--texts", str(texts), "--customers", "6", "--sessions", "20", "--json"]

    first, again = (CliRunner().invoke(app, [*command, "--out", str(tmp_path / name)]) for name in ("one.jsonl.gz", "two.jsonl.gz"))

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert (tmp_path / "one.jsonl.gz").read_bytes() == (tmp_path / "two.jsonl.gz").read_bytes()
    assert json.loads(first.stdout)["examples"] == len(list(read_examples(tmp_path / "one.jsonl.gz"))) > 20


def test_missing_calls_are_told_of(app: typer.Typer, tmp_path: Path):
    """The training that wants them says what must be there."""
    world, texts = write_world(tmp_path / "world"), write_texts(tmp_path / "texts")
    places = ["--world", str(world), "--texts", str(texts), "--calls", str(tmp_path / "nowhere"), "--customers", "2", "--sessions", "2"]

    told = CliRunner().invoke(app, ["examples", "rephrase", "--training", "all", "--out", str(tmp_path / "x.jsonl"), *places])

    assert isinstance(told.exception, WrongCorpus)
