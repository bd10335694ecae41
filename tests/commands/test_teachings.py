"""`resay teachings`: add, list, forget."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from resay.commands.main import command_line
from resay.commands.teachings import NotTaught
from resay.store.books import Books


def teachings(home: Path, *words: str) -> dict[str, Any]:
    """What a command of c1 prints."""
    result = CliRunner().invoke(command_line("teachings"), ["teachings", *words, "--customer", "c1", "--json", "--home", str(home)])
    if result.exception is not None:
        raise result.exception
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def test_what_is_added_is_listed_until_it_is_forgotten(tmp_path: Path):
    """By a sentence, or by words and meaning; one by one, or all."""
    added = teachings(tmp_path, "add", "when I say movie night I mean dim the lights")
    teachings(tmp_path, "add", "--words", "The den", "--meaning", "the guest room", "--kind", "name")

    assert [each["words"] for each in teachings(tmp_path, "list")["teachings"]] == ["movie night", "the den"]
    assert teachings(tmp_path, "forget", added["teaching"]["teaching_id"])["outcome"] == "forgotten"
    assert teachings(tmp_path, "forget") == {"forgotten": 1}
    assert teachings(tmp_path, "list") == {"teachings": []}


@pytest.mark.parametrize(
    "words",
    [
        ("add", "turn on the lamp"),
        ("add", "when I say as always I mean unlock the door"),
        ("add", "--words", "stop"),
        ("forget", "nothing"),
    ],
)
def test_what_cannot_be_done_is_an_error_with_the_reason(tmp_path: Path, words: tuple[str, ...]):
    """No teaching, no yes, not allowed, not there."""
    Books(tmp_path / "books.sqlite").close()

    with pytest.raises(NotTaught):
        teachings(tmp_path, *words)

    assert teachings(tmp_path, "list") == {"teachings": []}
