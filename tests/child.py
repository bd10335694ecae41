"""Children: the command line and small programs in processes of their own, where a test is about processes, rights or limits."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

WITHOUT_RIGHTS = "import os; os.geteuid() == 0 and (os.setgroups([]), os.setgid(65534), os.setuid(65534)); "
"""Program text that gives up root, to whom every folder is open; tests run as root in containers."""

_MAIN = "from resay.commands.main import main; main()"

WAIT_S = 300.0
"""A child takes a few seconds, and a minute on a machine that does much else; one that hangs is ended here."""


def resay(
    *arguments: str | Path, home: Path, before: str = "", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `resay` to its end; `before` is program text that runs after all imports and before the command."""
    return run(program(before), *arguments, home=home, environment=environment)


def start_resay(*arguments: str | Path, home: Path, before: str = "") -> subprocess.Popen[str]:
    """Start `resay` and come back at once."""
    command = [sys.executable, "-c", program(before), *map(str, arguments)]
    return subprocess.Popen(command, env=_environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def killed_in_the_end(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """A block behind which a process is gone, however the block ends: a test that fails leaves nobody running, held or waited for."""
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()


def run(code: str, *arguments: str | Path, home: Path, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program text to its end."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(
        command, env=_environment(home) | (environment or {}), capture_output=True, text=True, timeout=WAIT_S, check=False
    )


def program(before: str) -> str:
    """Program text of the command line, with something before it.

    Every command is imported before what comes before, which may take away the right to read them; else only the one that is asked for.
    """
    return f"from resay.commands.main import command_line; command_line(); {before}\n{_MAIN}" if before else _MAIN


def _environment(home: Path) -> dict[str, str]:
    return dict(os.environ) | {"RESAY_HOME": str(home), "COLUMNS": "200"}
