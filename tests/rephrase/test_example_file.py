"""Examples on disk: what is written is read back, and what is no example is named by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from rephrase.example import LINK, REFINEMENT, REPAIR, Example
from rephrase.example_file import WrongExamples, read_examples, write_examples
from tests.builders import turn

EXAMPLES = [
    Example((turn("play", response="What?", status="asked"), turn("no i said play", at=3)), 1, 10, 14, REPAIR, "call-1"),
    Example((turn("thai food"), turn("🙂 a cheap one", at=3)), None, 0, 0, REFINEMENT, "call-2"),
]


@pytest.mark.parametrize("name", ["examples.jsonl", "examples.jsonl.gz"])
def test_examples_come_back_as_they_were(tmp_path: Path, name: str):
    """Plain and gzipped; equal examples give equal bytes."""
    count = write_examples(tmp_path / name, EXAMPLES)
    write_examples(tmp_path / f"again-{name}", read_examples(tmp_path / name))

    assert count == 2
    assert list(read_examples(tmp_path / name)) == EXAMPLES
    assert (tmp_path / name).read_bytes() == (tmp_path / f"again-{name}").read_bytes()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("no json", "Expecting value"),
        ('{"kind": "link"}', "field 'turns' is missing"),
        ('{"kind": "link", "group": "", "target": 1, "start": 0, "end": 1, "turns": [{"schema": "resay.turn/1"}]}', "turn_id"),
        ('{"kind": "link", "group": "", "target": 1, "start": 0, "end": 1, "turns": []}', "first try"),
    ],
)
def test_what_is_no_example_is_named_by_its_line(tmp_path: Path, line: str, reason: str):
    """File, line and reason in one sentence."""
    path = tmp_path / "examples.jsonl"
    write_examples(path, EXAMPLES)
    path.write_text(path.read_text() + line + "\n")

    with pytest.raises(WrongExamples, match=r"examples\.jsonl:3") as caught:
        list(read_examples(path))

    assert reason in str(caught.value)


@pytest.mark.parametrize("content", [None, b"not gzip"])
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, content: bytes | None):
    """Missing, or not what its name says."""
    path = tmp_path / "examples.jsonl.gz"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(WrongExamples, match="resay examples rephrase"):
        list(read_examples(path))


def test_a_span_outside_its_utterance_is_no_example():
    """Whoever makes examples hears of it at once."""
    with pytest.raises(AssertionError, match="span lies in"):
        Example((turn("play"), turn("play", at=1)), 1, 0, 5, LINK, "g")
