"""Sessions written by hand: every label is whole and in its place, a broken file is told, and nothing that learns can read them."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rephrase.candidates import Bounds, candidates_of
from resay.commands.bench.rephrase_command import HAND_SET, SETS
from resay.commands.example_sets import Corpus, Training, corpora_of
from resay.dialogue.codec import decode, encode, whole
from resay.dialogue.text import canonical
from resay.dialogue.turn import ResponseStatus, TurnPart
from resay.lab.linked.hand import FILE, HAND, START, WrongHandSessions, hand_sessions
from resay.lab.linked.session import Follow, LinkedSession

ROOT = Path(__file__).parents[3]
PACKAGES = ("resay", "ingest", "rephrase", "markov", "rewrite_online", "failure_point", "serving")

LAMP: dict[str, Any] = {
    "session": "lamp",
    "assistant": "smart speaker",
    "device": "speaker",
    "times": True,
    "prompts": True,
    "turns": [
        {"said": "lamb on", "other": ["lamp on"], "status": "asked", "answer": "Which lamb?", "is": "other"},
        {"after_s": 4, "said": "no [lamp on] please", "status": "done", "answer": "OK.", "is": "said_again", "of": 0, "repair": True},
        {"after_s": 9, "said": "lamp off", "status": "done", "answer": "OK.", "is": "changed_mind"},
    ],
}


@pytest.fixture(scope="module")
def written() -> list[LinkedSession]:
    return list(hand_sessions(HAND))


def read(folder: Path, *records: object) -> list[LinkedSession]:
    (folder / FILE).write_text("".join(json.dumps(record) + "\n" for record in records))
    return list(hand_sessions(folder))


def with_turn(place: int, **fields: object) -> dict[str, Any]:
    turns = [dict(turn) for turn in LAMP["turns"]]
    turns[place] |= fields
    return LAMP | {"turns": turns}


def test_a_written_session_is_read_as_it_is_meant(tmp_path: Path):
    """Brackets are no part of the utterance, and enclose the span; seconds add up; a question becomes the next turn's prompt."""
    (session,) = read(tmp_path, LAMP)

    first, second, third = session.session.turns
    (link,) = session.links
    assert [turn.utterance for turn in session.session.turns] == ["lamb on", "no lamp on please", "lamp off"]
    assert (link.source, link.target, second.utterance[link.start : link.end], link.repair) == (0, 1, "lamp on", True)
    assert [(turn.at - START).total_seconds() for turn in (first, second, third)] == [0, 4, 13]
    assert [hypothesis.text for hypothesis in first.hypotheses] == ["lamb on", "lamp on"]
    assert second.prompt is not None
    assert second.prompt.text == "Which lamb?"
    assert third.prompt is None
    assert session.follows == {0: Follow.OTHER, 1: Follow.SAID_AGAIN, 2: Follow.CHANGED_MIND}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({}, "field 'turns' is missing"),
        (with_turn(1, of=2), "runs forward"),
        (with_turn(1, said="no [lamp on please"), "one pair of brackets"),
        (with_turn(1, repair=False), "only a repair"),
        (with_turn(2, **{"is": "said_again", "of": 0, "repair": False}), "one second try"),
        (with_turn(2, **{"is": "improved"}), "improved"),
        (with_turn(0, says="lamp on"), "a field says"),
        ([], "list"),
    ],
)
def test_a_broken_session_is_told_with_its_line(tmp_path: Path, record: object, reason: str):
    """The sentence names file, line and fault."""
    with pytest.raises(WrongHandSessions, match=rf"{FILE}:2 .*{reason}"):
        read(tmp_path, LAMP, record)


def test_a_missing_file_is_told(tmp_path: Path):
    """An installed package has no benchmarks beside it."""
    with pytest.raises(WrongHandSessions, match="is it a checkout"):
        list(hand_sessions(tmp_path))


def test_the_set_is_as_large_as_its_readme_says(written: list[LinkedSession]):
    """Sessions, turns, second tries, repairs, and what else follows."""
    follows = Counter(follow for each in written for follow in each.follows.values())

    page = " ".join((HAND / "README.md").read_text().split())

    assert len({each.group for each in written}) == len(written) == 99
    links = [link for each in written for link in each.links]
    turns = sum(len(each.session.turns) for each in written)
    repairs = sum(link.repair for link in links)
    assert f"99 sessions, {turns} turns, {len(links)} second tries, {repairs} of them repairs" in page
    for follow, number in follows.items():
        assert f"| `{follow}` | {number} |" in page


def test_every_label_is_whole(written: list[LinkedSession]):
    """Each turn says what it is; second tries, and nothing else, have a link; spans are words and not parts of words."""
    for each in written:
        turns = each.session.turns
        assert sorted(each.follows) == list(range(len(turns)))
        assert {link.target for link in each.links} == {place for place, follow in each.follows.items() if follow is Follow.SAID_AGAIN}
        assert each.follows[0] is Follow.OTHER
        for link in each.links:
            said = turns[link.target].utterance
            span = said[link.start : link.end]
            assert span == span.strip()
            assert canonical(span)
            assert not (said[: link.start][-1:].isalnum() or said[link.end :][:1].isalnum())
            assert link.repair or span == said


def test_turns_look_like_a_log(written: list[LinkedSession]):
    """Each is a record of the wire form; statuses, words and times are there or not for a whole session; what was heard comes first."""
    for each in written:
        turns = each.session.turns
        for turn in turns:
            part = decode(encode(whole(turn)), where="test", now=START)
            assert isinstance(part, TurnPart)
            assert part.turn == turn
            assert not turn.hypotheses or turn.hypotheses[0].text == turn.utterance
            assert turn.utterance.strip()
        has = [turn.response is not None and turn.response.status is not ResponseStatus.NONE for turn in turns]
        assert all(has) or not any(has)
        silences = [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(turns)]
        assert all(0 < silence <= 45 for silence in silences) or not any(silences)


def test_nearly_all_second_tries_are_candidates(written: list[LinkedSession]):
    """All but three, which come after four requests and more: customers do that too."""
    missed = []
    for each in written:
        reach = {(pair.source, pair.target) for pair in candidates_of(each.session, Bounds())}
        missed += [(each.group, link.source) for link in each.links if (link.source, link.target) not in reach]

    assert missed == [("hand/mail-08", 0), ("hand/mail-27", 3), ("hand/shop-04", 1)]


def test_no_training_can_name_the_set():
    """It can be scored, and is no corpus that examples are made of."""
    assert HAND_SET in SETS
    assert HAND_SET not in {*Corpus}
    assert all(HAND_SET not in corpora_of(training) for training in Training)


def test_only_the_bench_reads_the_set():
    """Nothing else in the product or in the fitting scripts imports the loader, or names the folder."""
    files = [path for folder in (*PACKAGES, "benchmarks") for path in (ROOT / folder).rglob("*.py")]

    readers = {str(path.relative_to(ROOT)) for path in files if _reads(path)}

    assert readers == {"resay/lab/linked/hand.py", "resay/commands/bench/rephrase_command.py"}


@pytest.mark.parametrize("command", ["examples", "train", "learn", "label"])
def test_what_learns_does_not_load_the_reader(command: str):
    """Not even through other modules."""
    code = f"import sys, resay.commands.{command}; print('resay.lab.linked.hand' in sys.modules)"

    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "False"


def _reads(path: Path) -> bool:
    tree = ast.parse(path.read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {f"{node.module}.{name.name}" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names}
    modules |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return "resay.lab.linked.hand" in modules or "hand_sessions" in texts
