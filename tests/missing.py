"""Real parts that tests start and that a machine may lack: without them tests are skipped, but fail in continuous integration."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

IS_CI = bool(os.environ.get("CI"))


def give_up(reason: str) -> NoReturn:
    """End this test for want of something."""
    if IS_CI:
        pytest.fail(f"continuous integration must have what tests start; {reason}")
    pytest.skip(reason)


def needs(path: Path, reason: str) -> pytest.MarkDecorator:
    """A mark for tests that start what lies here; in continuous integration they fail without it by themselves."""
    return pytest.mark.skipif(not path.exists() and not IS_CI, reason=reason)
