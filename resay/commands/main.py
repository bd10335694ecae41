"""The front door: `resay`. Knows which file holds which command, and how errors end the process."""

from __future__ import annotations

import importlib
import signal
import sys

import typer

from resay.commands.console import remarks
from resay.dialogue.errors import ResayError

COMMANDS = {
    "demo": "demo",
    "audit": "audit",
    "ingest": "ingest",
    "rejects": "ingest",
    "produce": "produce",
    "stream": "stream",
    "import": "importing",
    "detect": "label",
    "label": "label",
    "learn": "learn",
    "rules": "learn",
    "rollback": "learn",
    "replay": "replaying",
    "diff": "diff",
    "why": "why",
    "maintain": "maintain",
    "serve": "serve",
    "try": "serve",
    "bench": "bench.commands",
    "examples": "examples",
    "train": "train",
    "lab": "lab",
    "schema": "reference",
    "tables": "reference",
    "openapi": "serve",
}
"""The file of each command, in the order of the help. Only the file of the command that was asked for is imported: all of them take
seconds, one takes a fraction of that."""

INTERRUPTED = 130
"""Exit status of a command that Ctrl-C or SIGTERM ended: 128 and the number of the signal, as shells do."""


def main() -> None:
    """Run one command.

    Exit status: 0 done; 1 something outside must change (one sentence on standard error); 2 wrong usage; 130 interrupted.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        command_line(sys.argv[1] if len(sys.argv) > 1 else "")()
    except ResayError as error:
        remarks.print(f"resay: {error}", markup=False, style="red", soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        _say_interrupted()
        sys.exit(INTERRUPTED)
    except SystemExit as ended:
        # Typer makes this of a KeyboardInterrupt, without a word.
        if ended.code == INTERRUPTED:
            _say_interrupted()
        raise


def command_line(command: str = "") -> typer.Typer:
    """The command line with the commands of one file, or with all of them where the command is not known."""
    app = typer.Typer(
        name="resay",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="markdown",
        help="Cuts the defects of conversational assistants: reads their dialogue logs, learns from rephrases, rewrites failing requests.",
    )
    app.callback()(_group)
    files = [COMMANDS[command]] if command in COMMANDS else list(dict.fromkeys(COMMANDS.values()))
    for file in files:
        importlib.import_module(f"resay.commands.{file}").register(app)
    return app


def _group() -> None:
    """Cuts the defects of conversational assistants: reads their dialogue logs, learns from rephrases, rewrites failing requests."""


def _say_interrupted() -> None:
    remarks.print("resay: interrupted; what was committed is kept", markup=False)


def _interrupt(_signal: int, _frame: object) -> None:
    """SIGTERM ends a command like Ctrl-C does: between commits."""
    raise KeyboardInterrupt
