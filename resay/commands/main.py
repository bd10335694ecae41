"""The front door: `resay`. Knows which file holds which command, and how errors end the process."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from resay.commands.stopping import Interruption
from resay.dialogue.errors import ResayError

if TYPE_CHECKING:
    import typer

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

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""Errors of the system where something is not written for want of room, or of leave to take it."""

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
        _all_written(command)
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
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            _end_without_room(error)
        if not isinstance(error, ResayError):
            raise
        _say(f"resay: {error}", style="red")
        sys.exit(1)


def command_line(command: str = "") -> typer.Typer:
    """The command line with the commands of one file, or with all of them where the command is not known."""
    # Not before it is known what Ctrl-C does: that takes half a second.
    import typer

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


def _all_written(command: Callable[[], object]) -> None:
    """Run something, and write what it printed, while errors are still heard: at the very end Python tells them as its own."""
    try:
        command()
    except SystemExit:
        with suppress(BrokenPipeError):  # Whoever read it has enough.
            sys.stdout.flush()
        raise


def _end_without_room(error: OSError) -> NoReturn:
    where = error.filename or "standard output"
    _say(f"resay: {where} must have room for what is written; {error.strerror}; is the disk full?", style="red")
    # What was not written is not tried again at the end.
    sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - it lives as long as the process.
    sys.exit(1)


def _end_interrupted() -> NoReturn:
    _say("resay: interrupted; what was committed is kept")
    sys.exit(INTERRUPTED)


def _say(sentence: str, *, style: str | None = None) -> None:
    from resay.commands.console import remarks

    remarks.print(sentence, markup=False, style=style, soft_wrap=True)
