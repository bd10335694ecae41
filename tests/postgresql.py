"""Fixtures of a real PostgreSQL: one server a worker, on a socket of its own, and empty books of one's own for a test.

The server runs as somebody who is not root, in a folder that goes with the run; nothing listens on the network.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.missing import give_up

BINARIES = Path("/usr/lib/postgresql")
"""Where Debian puts each version."""

START_S = 120
"""Making a cluster takes a second or two, and much longer on a machine that does much else."""

NOBODY = 65_534


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The folder of the socket of a running server, whose owner is `resay` and whom nobody asks for a password."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="resay-pg-"))
    os.chown(folder, *_owner())
    cluster = folder / "cluster"
    _run([programs / "initdb", "-D", cluster, "-U", "resay", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"])
    # What a crash would lose nobody misses here.
    settings = {"listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "off", "full_page_writes": "off"}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([programs / "postgres", "-D", cluster, *options], stdout=log, stderr=log, **_rights())  # type: ignore[call-overload]
    try:
        _wait(server, folder)
        yield str(folder)
    finally:
        server.send_signal(signal.SIGINT)  # Fast: nobody is waited for.
        server.wait(START_S)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql_url(postgresql: str) -> str:
    """The URL of an empty schema that no other test uses."""
    import psycopg

    schema = f"t{uuid.uuid4().hex}"
    with psycopg.connect(host=postgresql, user="resay", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"create schema {schema}".encode())
    return f"postgresql://resay@/postgres?host={postgresql}&options=-csearch_path%3D{schema}"


def _programs() -> Path:
    versions = [each for each in BINARIES.glob("*/bin") if (each / "initdb").exists()]
    if not versions:
        give_up("no PostgreSQL is installed; `make setup` installs it")
    return max(versions, key=lambda each: float(each.parent.name))


def _owner() -> tuple[int, int]:
    """PostgreSQL refuses to be root."""
    return (NOBODY, NOBODY) if os.geteuid() == 0 else (os.geteuid(), os.getegid())


def _rights() -> dict[str, object]:
    user, group = _owner()
    return {"user": user, "group": group, "extra_groups": []} if os.geteuid() == 0 else {}


def _run(command: list[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=START_S, check=False, cwd="/", **_rights())  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr


def _wait(server: subprocess.Popen[bytes], folder: Path) -> None:
    import psycopg

    due = time.monotonic() + START_S
    while True:
        assert server.poll() is None, (folder / "log").read_text()
        try:
            psycopg.connect(host=str(folder), user="resay", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            assert time.monotonic() < due, (folder / "log").read_text()
            time.sleep(0.05)
