"""The front door: each command is in the file that the list names, and only that file is imported for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from resay.commands.main import COMMANDS, command_line


def test_the_list_of_commands_is_complete():
    """Every command that a file registers is in the list, and no other."""
    assert sorted(typer.main.get_command(command_line()).commands) == sorted(COMMANDS)  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_is_in_the_file_that_is_named(command: str):
    """Asking for one command imports the file that has it."""
    assert command in typer.main.get_command(command_line(command)).commands  # type: ignore[attr-defined]


def test_one_command_does_not_import_the_others():
    """Printing the schema needs no DuckDB, no HTTP server and no SciPy."""
    program = "import sys; from resay.commands.main import command_line; command_line('schema'); print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert not {"duckdb", "fastapi", "scipy", "deltalake"} & set(done.stdout.split())


@pytest.mark.parametrize("words", [("detect",), ("label",), ("classify",), ("rejects", "list"), ("import", "home-assistant")])
def test_help_says_where_json_is_lines(words: tuple[str, ...]):
    """Whoever reads what `--json` prints knows whether one object comes or many."""
    command = typer.main.get_command(command_line(words[0]))
    for word in words:
        command = command.commands[word]  # type: ignore[attr-defined]
    (option,) = [each for each in command.params if each.name == "as_json"]

    assert "line" in option.help  # type: ignore[attr-defined]


@pytest.mark.parametrize("arguments", [["schema"], ["--help"], ["keys", "list"]])
def test_a_full_disk_behind_standard_output_is_said(arguments: list[str], tmp_path: Path):
    """Long and short results alike: those that are written at the end too."""
    (tmp_path / "lake").mkdir()
    program = "from resay.commands.main import main; main()"

    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments, *(["--home", str(tmp_path)] if "keys" in arguments else [])],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "resay: standard output must have room for what is written; No space left on device; is the disk full?"
    ]


@pytest.mark.parametrize(("arguments", "status"), [(["--help"], 0), (["nonsense"], 2), (["try"], 2), (["schema"], 0)])
def test_the_exit_status_tells_what_happened(arguments: list[str], status: int):
    """Help and success are 0, wrong usage is 2."""
    program = "from resay.commands.main import main; main()"

    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)

    assert done.returncode == status
    assert "Traceback" not in done.stderr
