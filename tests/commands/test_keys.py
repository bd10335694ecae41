"""`resay keys` and `resay audit-log`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from resay.commands.main import command_line
from resay.store.books import Books
from resay.store.keys import BadKey, hash_of


def keys(home: Path, *words: str) -> Any:
    """What a command prints for machines."""
    result = CliRunner().invoke(command_line("keys"), [*words, "--json", "--home", str(home)])
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


def test_a_key_is_shown_once(tmp_path: Path):
    """The list names it, and shows neither it nor its hash."""
    made = keys(tmp_path, "keys", "add", "assistant", "--scope", "serve", "--scope", "review", "--expires", "90d", "--rate", "9")

    listed = keys(tmp_path, "keys", "list")["keys"]

    assert [(each["key_id"], each["name"], each["scopes"], each["rate"], each["state"]) for each in listed] == [
        (made["key_id"], "assistant", ["review", "serve"], 9, "open")
    ]
    assert made["key"].startswith(f"resay_{made['key_id']}_")
    assert made["key"] not in json.dumps(listed)
    assert hash_of(made["key"]) not in json.dumps(listed)


def test_a_key_is_revoked_by_its_id(tmp_path: Path):
    """Once; and the audit says by whom."""
    key_id = keys(tmp_path, "keys", "add", "assistant", "--scope", "serve")["key_id"]

    done = [keys(tmp_path, "keys", "revoke", key_id, "--by", "ada")["changed"] for _ in range(2)]

    assert done == [True, False]
    assert keys(tmp_path, "keys", "list")["keys"][0]["state"] == "revoked"
    assert [(each["who"], each["what"], each["which"]) for each in keys(tmp_path, "audit-log")["deeds"]] == [
        ("ada", "keys revoke", key_id),
        ("command line", "keys add", key_id),
    ]


@pytest.mark.parametrize("expires", ["soon", "0d", "90", "999999w", "2020-01-01", "2027-13-01", "-1d"])
def test_an_expiry_that_is_none_is_refused(tmp_path: Path, expires: str):
    """One sentence, and no key."""
    result = CliRunner().invoke(
        command_line("keys"), ["keys", "add", "a", "--scope", "serve", "--expires", expires, "--home", str(tmp_path)]
    )

    assert isinstance(result.exception, BadKey)
    assert "expiry must" in str(result.exception)
    assert keys(tmp_path, "keys", "list")["keys"] == []


def test_people_are_told_in_lines(tmp_path: Path):
    """A key by itself on the first line, so that it can be cut out."""
    Books(tmp_path / "books.sqlite").close()
    runner = CliRunner()
    empty = runner.invoke(command_line("keys"), ["keys", "list", "--home", str(tmp_path)]).stdout
    made = runner.invoke(command_line("keys"), ["keys", "add", "[red]", "--scope", "admin", "--rate", "0", "--home", str(tmp_path)]).stdout
    audit = runner.invoke(command_line("keys"), ["audit-log", "--home", str(tmp_path)]).stdout

    assert "no keys were made" in empty
    assert made.splitlines()[0].startswith("resay_")
    assert "[red]: admin; no limit" in made
    assert "It is not shown again." in made
    assert "command line: keys add" in audit
