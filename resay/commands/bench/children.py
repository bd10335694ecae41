"""Children of a bench: command lines and small programs in processes of their own, timed, and gone when the bench is.

Knows processes; knows nothing of what they do.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resay.commands.program import program
from resay.dialogue.errors import ResayError

RUN_S = 900.0
"""Longest run of one child: a million turns at a thousand a second."""

STOP_S = 20.0
"""How long a child may take to end cleanly; a commit and a goodbye to the group take a second."""


class ChildFailed(ResayError):
    """A process that a bench started did not do its work."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A child that ran to its end."""

    told: dict[str, Any]
    """Its JSON object."""
    wall_s: float
    """From its start to its end, Python's own start and all imports included."""
    cpu_s: float
    """Of all its threads and children, in the kernel and out of it."""


def run_child(module: str, words: Sequence[str], *, folder: Path, statuses: Sequence[int] = (0,)) -> Ran:
    """Run a module's `main` with these words to its end; it prints one JSON object.

    Raises: ChildFailed.
    """
    before, began = _cpu_s(), time.monotonic()
    with started_child(module, words, folder=folder) as child:
        try:
            out, _ = child.communicate(timeout=RUN_S)
        except subprocess.TimeoutExpired as error:
            message = f"child `{words[0]}` must end within {RUN_S:g} s; it did not; is the machine too busy?"
            raise ChildFailed(message) from error
    wall_s = time.monotonic() - began
    if child.returncode not in statuses:
        raise _failed(words, child.returncode, folder)
    return Ran(json.loads(out), wall_s, _cpu_s() - before)


@contextmanager
def started_child(module: str, words: Sequence[str], *, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A module's `main` as a process for the length of the block; it is told to end, and then killed with all that it started."""
    command = program(words, module=module)
    with (folder / "child.log").open("wb") as log:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
    try:
        yield child
    finally:
        _end(child)


def check_alive(child: subprocess.Popen[str], words: Sequence[str], *, folder: Path) -> None:
    """Nothing, while a child goes on that must.

    Raises: ChildFailed.
    """
    if child.poll() is not None:
        raise _failed(words, child.returncode, folder)


def _end(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            child.wait(STOP_S)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdout is not None:
        child.stdout.close()


def _failed(words: Sequence[str], status: int | None, folder: Path) -> ChildFailed:
    said = (folder / "child.log").read_text(errors="replace").strip().splitlines()
    last = said[-1][:300] if said else "it said nothing"
    return ChildFailed(f"child `{' '.join(words[:2])}` must do its work; it ended with status {status}; {last}")


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
