"""`resay switch`: off, on, and what is off."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from resay.commands.main import command_line
from resay.store.books import Books


def switch(home: Path, *words: str) -> list[tuple[Any, ...]]:
    """What is off after a command."""
    result = CliRunner().invoke(command_line("switch"), ["switch", *words, "--json", "--home", str(home)])
    assert result.exit_code == 0, (result.output, result.exception)
    return [(each["scope"], each["by"], each["why"]) for each in json.loads(result.stdout)["off"]]


def test_what_is_turned_off_is_off_until_it_is_turned_on(tmp_path: Path):
    """All, or a layer, each by itself; twice is as once."""
    Books(tmp_path / "books.sqlite").close()

    assert switch(tmp_path) == []
    assert switch(tmp_path, "off", "--why", "complaints", "--by", "ada") == [("all", "ada", "complaints")]
    assert switch(tmp_path, "off", "--why", "again") == [("all", "ada", "complaints")]
    assert switch(tmp_path, "off", "--layer", "global") == [("all", "ada", "complaints"), ("global", "command line", "")]
    assert switch(tmp_path, "on") == [("global", "command line", "")]
    assert switch(tmp_path, "status") == [("global", "command line", "")]
    assert switch(tmp_path, "on", "--layer", "global") == []


def test_what_is_off_is_told_in_a_line(tmp_path: Path):
    """With since when, by whom and why."""
    Books(tmp_path / "books.sqlite").close()
    switch(tmp_path, "off", "--why", "complaints [red]", "--by", "ada")

    told = CliRunner().invoke(command_line("switch"), ["switch", "--home", str(tmp_path)]).stdout

    assert told.startswith("off: all, since ")
    assert "by ada: complaints [red]" in told.replace("\n", " ")
