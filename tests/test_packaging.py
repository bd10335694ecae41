"""Our top-level packages are ours: nothing else that is installed answers to their names."""

from __future__ import annotations

import importlib
import importlib.metadata
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from resay.lab.world import VOICE_HOME

ROOT = Path(__file__).parent.parent
PACKAGES = ("resay", "ingest", "rephrase", "markov", "rewrite_online", "failure_point", "serving")


@pytest.mark.parametrize("name", PACKAGES)
def test_the_package_is_ours(name: str):
    """Importing one of our names gives our code."""
    module = importlib.import_module(name)

    assert module.__file__ is not None
    assert Path(module.__file__).is_relative_to(ROOT)


def test_no_other_distribution_claims_our_names():
    """No installed distribution but ours brings a top-level package of our names."""
    claims = importlib.metadata.packages_distributions()

    assert {name: set(claims.get(name, [])) - {"resay"} for name in PACKAGES} == {name: set() for name in PACKAGES}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-deploy.lock", "requirements-uv.lock"])
def test_locks_hold_hashes_and_no_addresses(lock: str):
    """Every locked package has hashes, and no lock names a registry."""
    text = (ROOT / lock).read_text()

    packages = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]

    assert "://" not in text
    assert packages
    assert all(line.endswith("\\") for line in packages)


def test_the_install_of_the_demo_is_small():
    """Whoever runs the demo needs no torch, no recogniser, no broker's library and no Spark."""
    locked = {line.split("==")[0] for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line}

    assert not locked & {"torch", "transformers", "pocketsphinx", "kafka-python", "pyspark", "pytest"}


_ONLY_LOCKED = """
import importlib.metadata, re, sys
locked = {re.split("[=]=", line)[0].lower() for line in open(sys.argv.pop(1)) if "==" in line and not line.startswith(" ")} | {"resay"}
claims = importlib.metadata.packages_distributions()
missing = {top for top, names in claims.items() if not locked & {re.sub("[-_.]+", "-", name).lower() for name in names}}

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from resay.commands.main import main
main()
"""


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-deploy.lock"])
def test_every_command_starts_with_what_is_installed(lock: str):
    """No command asks for a library of the tests, of training or of an extra before it knows that it needs it."""
    command = [sys.executable, "-c", _ONLY_LOCKED, lock, "--help"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert not done.stderr
    assert done.returncode == 0


def test_the_wheel_has_the_world_in_it(tmp_path: Path):
    """What is built for others holds every file of the world that ships, and no log."""
    source = tmp_path / "source"
    shutil.copytree(ROOT / "resay", source / "resay", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = "from setuptools import build_meta; print(build_meta.build_wheel('dist'))"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)

    (wheel,) = (source / "dist").glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("resay/lab/")}

    assert {f"resay/lab/voice_home/{path.name}" for path in VOICE_HOME.iterdir()} <= held
    assert not [name for name in held if "shipped/" in name]
