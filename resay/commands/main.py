"""The front door: `resay`. Knows which file holds which command, and how errors end the process."""

from __future__ import annotations

import signal
import sys

import typer

from resay.commands import audit, demo, importing, ingest, lab, label, learn, reference, serve
from resay.commands.bench import commands as bench
from resay.commands.console import remarks
from resay.dialogue.errors import ResayError

app = typer.Typer(
    name="resay",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Cuts the defects of conversational assistants: reads their dialogue logs, learns from rephrases, rewrites failing requests.",
)

for _group in (demo, audit, ingest, importing, label, learn, serve, bench, lab, reference):
    _group.register(app)

INTERRUPTED = 130
"""Exit status of a command that Ctrl-C or SIGTERM ended: 128 and the number of the signal, as shells do."""


def main() -> None:
    """Run one command.

    Exit status: 0 done; 1 something outside must change (one sentence on standard error); 2 wrong usage; 130 interrupted.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except ResayError as error:
        remarks.print(f"resay: {error}", markup=False, style="red", soft_wrap=True)
        sys.exit(1)
    except SystemExit as ended:
        # Typer makes this of a KeyboardInterrupt, without a word.
        if ended.code == INTERRUPTED:
            remarks.print("resay: interrupted; what was committed is kept", markup=False)
        raise


def _interrupt(_signal: int, _frame: object) -> None:
    """SIGTERM ends a command like Ctrl-C does: between commits."""
    raise KeyboardInterrupt
