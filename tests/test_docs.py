"""What the pages say is what the code does: settings, tables, schema and commands are documented, and figures have commands."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import jsonschema
import pytest
import typer

from resay.commands import settings
from resay.commands.main import command_line
from resay.commands.reference import tables_markdown
from resay.dialogue.schema import turn_schema

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
COMMANDS = sorted(typer.main.get_command(command_line()).commands)  # type: ignore[attr-defined]


def test_the_tables_page_is_current():
    """`docs/tables.md` is what `make docs` writes now."""
    assert (ROOT / "docs/tables.md").read_text() == tables_markdown()


def test_the_turn_schema_is_current():
    """`docs/resay.turn-1.schema.json` is what `make docs` writes now, and is a schema."""
    written = json.loads((ROOT / "docs/resay.turn-1.schema.json").read_text())

    assert written == turn_schema()
    jsonschema.Draft202012Validator.check_schema(written)


@pytest.mark.parametrize("field", [field.name for field in fields(settings.Settings) if field.name != "home"] + ["home"])
def test_every_setting_is_documented(field: str):
    """README names the environment variable of every setting."""
    variable = getattr(settings, f"{field.upper()}_VARIABLE")

    assert f"`{variable}`" in README


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str):
    """README names every command."""
    assert f"resay {command}" in README


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str):
    """`--help` of every command shows how it is used."""
    described = typer.main.get_command(command_line()).commands[command]  # type: ignore[attr-defined]
    texts = [described.help or ""] + [each.help or "" for each in getattr(described, "commands", {}).values()]

    assert any("resay " in text for text in texts), f"resay {command} --help must show an example"
