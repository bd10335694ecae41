"""Programs that tests start: where one is missing, the tests that need it are skipped, and fail in continuous integration."""

from __future__ import annotations

import os
import shutil

import pytest


def need(*programs: str) -> None:
    """Go on only where all of these can be started."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"continuous integration must have {', '.join(missing)}; `make setup` installs them")
    if missing:
        pytest.skip(f"{', '.join(missing)} must be installed; `make setup` does it where it may")
