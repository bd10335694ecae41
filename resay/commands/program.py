"""The command that starts a program of ours in a process of its own, which ends when its parent does."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

COMMAND_LINE = "resay.commands.main"

_PROGRAM = """
import contextlib, ctypes, os, signal, sys
with contextlib.suppress(OSError, AttributeError):
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != {parent}:
    sys.exit(1)
from {module} import main
main()
"""
# Ends with its parent, even one that was killed (Linux: PR_SET_PDEATHSIG), and even before it could ask for that;
# elsewhere only with one that ends by itself.


def program(words: Sequence[str], *, module: str = COMMAND_LINE) -> list[str]:
    """The command that runs a module's `main` with these words: `resay`'s own where none is named."""
    return [sys.executable, "-c", _PROGRAM.format(parent=os.getpid(), module=module), *words]
