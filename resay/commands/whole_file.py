"""A file that a command writes: whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from resay.dialogue.errors import ResayError, told_without_place


class UnwritableFile(ResayError):
    """A file that cannot be written."""


@contextmanager
def whole_file(out: Path) -> Iterator[BinaryIO]:
    """A file to write to, which stands under its name once all is written: half a log looks like a log.

    Raises: UnwritableFile.
    """
    draft = out.with_name(f".{out.name}.part")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(out)
    except OSError as error:
        message = f"file {out} must be writable; {told_without_place(error)}; is the folder there, and yours?"
        raise UnwritableFile(message) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
