"""`make other-assistants`: a whole environment or none, and what works stays until the new one stands. The installer is a script here."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[2] / "Makefile"

INSTALLER = """#!/bin/sh
for last; do :; done
case "$1 $2" in
    venv*) mkdir -p "$last/bin" ;;
    "pip install") grep -q "cannot be had" "$last" && exit 1; exit 0 ;;
esac
"""
"""Makes a folder for an environment; installs any list of packages but one that says that it cannot be had."""

GOOD, BAD = "aiohttp==3\n", "cannot be had\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the recipe needs of a checkout."""
    shutil.copy(MAKEFILE, tmp_path)
    for name in ("requirements-dev.lock", "pyproject.toml", ".venv/.ready-dev", ".venv/bin/uv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / ".venv/bin/uv").write_text(INSTALLER)
    (tmp_path / ".venv/bin/uv").chmod(0o755)
    for name in ("home_assistant", "rasa"):
        (tmp_path / "tests" / name).mkdir(parents=True)
        (tmp_path / "tests" / name / "requirements.lock").write_text(GOOD)
    os.utime(tmp_path / "requirements-dev.lock", (1, 1))
    os.utime(tmp_path / "pyproject.toml", (1, 1))
    return tmp_path


def made(checkout: Path) -> str:
    """What the recipe says; it never fails."""
    ran = subprocess.run(["make", "-s", "other-assistants"], cwd=checkout, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def locked(checkout: Path, packages: str) -> None:
    """Ask for other packages of Rasa's than those that are there."""
    (checkout / "tests/rasa/requirements.lock").write_text(packages)
    if (ready := checkout / ".venv-rasa/.ready").exists():
        os.utime(ready, (1, 1))


def environments(checkout: Path) -> list[str]:
    """Those that are there, drafts too."""
    return sorted(path.name for path in checkout.glob(".venv-*"))


def test_both_are_made_once(checkout: Path):
    """And left alone where they are as asked for."""
    assert made(checkout) == ""
    (checkout / ".venv-rasa/mark").write_text("")

    assert made(checkout) == ""
    assert environments(checkout) == [".venv-home_assistant", ".venv-rasa"]
    assert (checkout / ".venv-rasa/mark").exists()


def test_half_of_one_is_none(checkout: Path):
    """What cannot be installed leaves no folder that tests would take for an environment; the other one is made all the same."""
    locked(checkout, BAD)

    assert made(checkout) == "packages of tests/rasa could not be installed; its tests are skipped\n"
    assert environments(checkout) == [".venv-home_assistant"]


def test_what_works_stays_until_the_new_one_stands(checkout: Path):
    """A machine without a network keeps what it has; a later run that can brings the new one."""
    made(checkout)
    (checkout / ".venv-rasa/mark").write_text("")
    locked(checkout, BAD)

    assert made(checkout) == "packages of tests/rasa could not be installed; those that are there stay\n"
    assert (environments(checkout), (checkout / ".venv-rasa/mark").exists()) == ([".venv-home_assistant", ".venv-rasa"], True)

    locked(checkout, GOOD)

    assert made(checkout) == ""
    assert (environments(checkout), (checkout / ".venv-rasa/mark").exists()) == ([".venv-home_assistant", ".venv-rasa"], False)
