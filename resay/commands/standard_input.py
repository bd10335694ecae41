"""Standard input in place of a file: `-`, as other programs have it. What is read twice is kept meanwhile."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

STANDARD_INPUT = Path("-")


@contextmanager
def kept_input(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """The same files, with one that holds all of standard input in place of `-`; it is gone after the block."""
    if STANDARD_INPUT not in paths:
        yield list(paths)
        return
    with TemporaryDirectory(prefix="resay-") as folder:
        kept = Path(folder) / "stdin"
        with kept.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield [kept if path == STANDARD_INPUT else path for path in paths]
