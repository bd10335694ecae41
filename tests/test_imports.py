"""The import contracts hold, and would notice if they did not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("resay", "ingest", "rephrase", "markov", "rewrite_online", "failure_point", "serving")


def test_imports_point_down():
    """The checkout keeps every contract."""
    verdict = _lint(ROOT)

    assert verdict.returncode == 0, verdict.stdout


PLANTED = {
    "resay/dialogue/turn.py": "resay.store.lake",
    "resay/dialogue/text.py": "numpy",
    "ingest/__init__.py": "markov",
    "resay/store/lake.py": "resay.label.friction",
    "rephrase/__init__.py": "duckdb",
    "serving/__init__.py": "sqlalchemy",
    "rewrite_online/__init__.py": "torch",
    "markov/__init__.py": "resay.lab.tally",
}
"""Imports that point up, sideways, or through a second door, by the file that does not have them."""


@pytest.mark.slow
def test_planted_violations_are_found(tmp_path: Path):
    """Each is named, those of a chain too: serving imports the rewriter, the rewriter imports torch."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.gz"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for file, imported in {**PLANTED, "serving/app.py": "rewrite_online"}.items():
        planted = tmp_path / file
        planted.write_text(planted.read_text() + f"\nimport {imported}\n")

    verdict = _lint(tmp_path)

    assert verdict.returncode == 1, verdict.stdout
    named = [f"{file.removesuffix('.py').removesuffix('/__init__').replace('/', '.')} -> {imported}" for file, imported in PLANTED.items()]
    assert [each for each in named if each not in verdict.stdout] == []


def _lint(root: Path) -> subprocess.CompletedProcess[str]:
    # The planted tree must come first on the path: the checkout is installed in editable form.
    program = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as run; run()"
    command = [sys.executable, "-c", program, "--no-cache"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
