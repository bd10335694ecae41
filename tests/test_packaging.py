"""Our top-level packages are ours: nothing else that is installed answers to their names."""

from __future__ import annotations

import importlib
import importlib.metadata
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-uv.lock"])
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

    assert not locked & {"torch", "transformers", "pocketsphinx", "kafka-python", "pyspark", "faiss-cpu", "pytest"}
