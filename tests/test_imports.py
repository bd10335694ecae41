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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("resay/dialogue/turn.py", "import resay.store.lake"),
        ("resay/dialogue/text.py", "import numpy"),
        ("ingest/__init__.py", "import markov"),
        ("resay/store/lake.py", "import resay.label.friction"),
        ("rephrase/__init__.py", "import duckdb"),
        ("serving/__init__.py", "import sqlalchemy"),
        ("rewrite_online/__init__.py", "import torch"),
        ("markov/__init__.py", "import resay.lab.tally"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, file: str, line: str):
    """An import that points up, sideways, or through a second door breaks a contract."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.gz"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / file
    planted.write_text(planted.read_text() + f"\n{line}\n")
    if file.startswith("rewrite_online"):
        # Found through the chain: serving imports the rewriter, the rewriter imports torch.
        app = tmp_path / "serving/__init__.py"
        app.write_text(app.read_text() + "\nimport rewrite_online\n")

    verdict = _lint(tmp_path)

    assert verdict.returncode == 1, verdict.stdout
    assert " BROKEN" in verdict.stdout


def _lint(root: Path) -> subprocess.CompletedProcess[str]:
    # The planted tree must come first on the path: the checkout is installed in editable form.
    program = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as run; run()"
    command = [sys.executable, "-c", program, "--no-cache"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
