"""Programs that tests start: where one is missing, the tests that need it are skipped, and fail in continuous integration."""

from __future__ import annotations

import shutil

from tests.missing import give_up


def need(*programs: str) -> None:
    """Go on only where all of these can be started."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        give_up(f"{', '.join(missing)} must be installed; `make setup` does it where it may")
