"""The front door: `resay`. Knows which file holds which command, and how errors end the process."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import NoReturn

import typer

from resay.commands.console import remarks
from resay.commands.stopping import Interruption
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
    "classify": "classify",
    "verdicts": "verdicts",
    "learn": "learn",
    "rules": "rules",
    "rollback": "learn",
    "replay": "replaying",
    "diff": "diff",
    "why": "why",
    "maintain": "maintain",
    "rollup": "rollup",
    "forget": "customers",
    "export": "customers",
    "serve": "serve",
    "try": "serve",
    "wyoming": "wyoming",
    "home-assistant": "home_assistant",
    "experiment": "experiment",
    "switch": "switch",
    "teachings": "teachings",
    "keys": "keys",
    "audit-log": "keys",
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
    interruption = Interruption()
    interruption.install()
    run(lambda: command_line(sys.argv[1] if len(sys.argv) > 1 else "")(), interruption)


def run(command: Callable[[], object], interruption: Interruption) -> None:
    """Run something to its end, and end the process as its errors say; an error of an interrupted run is the interruption."""
    try:
        command()
    except KeyboardInterrupt:
        _end_interrupted()
    except SystemExit as ended:
        # Typer makes this of a KeyboardInterrupt, without a word.
        if ended.code == INTERRUPTED:
            _end_interrupted()
        raise
    except Exception as error:
        if interruption.came:
            _end_interrupted()
        if not isinstance(error, ResayError):
            raise
        remarks.print(f"resay: {error}", markup=False, style="red", soft_wrap=True)
        sys.exit(1)


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


def _end_interrupted() -> NoReturn:
    remarks.print("resay: interrupted; what was committed is kept", markup=False)
    sys.exit(INTERRUPTED)
