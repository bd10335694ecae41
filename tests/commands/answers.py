"""What commands over a home answer, as text or as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer
from click.testing import Result
from typer.testing import CliRunner

from resay.commands import diff, learn, replaying, rules, serve, stream, why


def run(home: Path, *words: str) -> Result:
    """What a command answers."""
    app = typer.Typer()
    for each in (learn, rules, diff, why, replaying, stream):
        each.register(app)
    return CliRunner().invoke(app, [*words, "--home", str(home)])


def answer(home: Path, *words: str) -> dict[str, Any]:
    """What it answers as JSON."""
    result = run(home, *words, "--json")
    assert result.exit_code == 0, (result.output, result.exception)
    read: dict[str, Any] = json.loads(result.stdout)
    return read


def tried(home: Path, said: str, *words: str) -> dict[str, Any]:
    """What `resay try` answers of a text."""
    app = typer.Typer()
    serve.register(app)
    result = CliRunner().invoke(app, ["try", said, *words, "--json", "--home", str(home)])
    assert result.exit_code == 0, (result.output, result.exception)
    told: dict[str, Any] = json.loads(result.stdout)
    return told
