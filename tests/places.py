"""Places that tests need and `tmp_path` is not: a folder that others can reach, and a disk that fills up."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

TINY_DISK_BYTES = 524_288
"""Room for a lake of some commits, not for one of many."""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder that a process without our rights can reach; pytest's own lie below one that is closed to others."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        for path in [Path(folder), *Path(folder).rglob("*")]:
            path.chmod(0o755)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of half a mebibyte, where we may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={TINY_DISK_BYTES}", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        pytest.skip(f"a tiny disk needs mount: {error}")
    if mounted.returncode:
        pytest.skip(f"a tiny disk needs the right to mount: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
