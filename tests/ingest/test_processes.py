"""Real processes: ended, killed, and two at once on one lake."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingest.file_log import FileLog
from ingest.landing import stored_position
from resay.store.lake import Lake
from tests import child
from tests.builders import BASE, record

pytestmark = pytest.mark.slow

SMALL_BATCHES = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from ingest.file_log import FileLog
from ingest.landing import LandingRules, land
from resay.store.lake import Lake
land(FileLog([Path(sys.argv[2])]), Lake(sys.argv[1]), rules=LandingRules(clock=lambda: datetime.now(UTC), records_a_batch=50))
"""
"""A landing with so many commits that a kill falls into the midst of them."""


def write_log(path: Path, records: int, *, bad_every: int = 0) -> Path:
    """A log of so many records, each `bad_every`-th of which cannot be read."""
    template = record("turn-?", at=int(BASE.timestamp() * 1000))
    with path.open("wb") as file:
        for number in range(records):
            bad = bad_every and number % bad_every == 0
            file.write((b"bad %d" % number if bad else template.replace(b"?", b"%d" % number)) + b"\n")
    return path


def position(home: Path, log: Path) -> int:
    """Where the lake stands in a log."""
    source = FileLog([log])
    source.close()
    return stored_position(Lake(home / "lake"), "file", source.partitions()[0])


STEP_S = 0.02
"""So long a landing runs before it is held again: much shorter than a commit."""


def run_beyond(start: int, process: subprocess.Popen[str], *, home: Path, log: Path) -> None:
    """Let a landing run, in small steps, until the lake stands beyond a position; it is held then.

    Held, and not merely watched: on a busy machine it would have ended before we had looked.
    """
    deadline = time.monotonic() + child.WAIT_S
    while position(home, log) <= start:
        assert process.poll() is None, "the landing must not end before it is so far"
        if time.monotonic() > deadline:
            process.kill()
            pytest.fail("the landing must come so far")
        process.send_signal(signal.SIGCONT)
        time.sleep(STEP_S)
        process.send_signal(signal.SIGSTOP)


def counts(home: Path) -> tuple[int, int, int, int]:
    """Parts and rejects: all, and how many different ones."""
    with Lake(home / "lake").connect() as connection:
        parts = connection.execute("select count(*), count(distinct turn_id) from turn_parts").fetchall()[0]
        letters = connection.execute("select count(*), count(distinct raw) from rejects").fetchall()[0]
    return (*parts, *letters)


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_ended_has_lost_nothing(tmp_path: Path, kind: signal.Signals):
    """It ends within a commit or between two, says so with status 130, and the next run does the rest."""
    log = write_log(tmp_path / "turns.jsonl", 120_000, bad_every=1_000)
    process = child.start_resay("ingest", log, home=tmp_path)
    run_beyond(0, process, home=tmp_path, log=log)

    process.send_signal(kind)
    process.send_signal(signal.SIGCONT)
    _, remarks = process.communicate(timeout=child.WAIT_S)

    assert (process.returncode, remarks) == (130, "resay: interrupted; what was committed is kept\n")
    assert 0 < position(tmp_path, log) < log.stat().st_size
    child.resay("ingest", log, home=tmp_path)
    assert counts(tmp_path) == (119_880, 119_880, 120, 120)


def test_a_run_that_is_killed_again_and_again_has_lost_nothing(tmp_path: Path):
    """SIGKILL leaves no time for anything; the lake is right all the same."""
    log = write_log(tmp_path / "turns.jsonl", 2_000, bad_every=10)
    home = tmp_path
    for _ in range(4):
        before = position(home, log)
        process = subprocess.Popen([sys.executable, "-c", SMALL_BATCHES, str(home / "lake"), str(log)])
        run_beyond(before, process, home=home, log=log)
        process.kill()
        process.wait()

    assert 0 < position(home, log) < log.stat().st_size
    child.resay("ingest", log, home=home)
    assert counts(home) == (1_800, 1_800, 200, 200)


def test_of_two_on_one_log_one_wins_and_the_other_says_so(tmp_path: Path):
    """Who finds that another has moved the position writes nothing more, and asks in one sentence who that is."""
    log = write_log(tmp_path / "turns.jsonl", 80_000)
    slow = child.start_resay("ingest", log, home=tmp_path)
    run_beyond(0, slow, home=tmp_path, log=log)

    quick = child.resay("ingest", log, home=tmp_path)
    slow.send_signal(signal.SIGCONT)
    _, said = slow.communicate(timeout=child.WAIT_S)

    assert (quick.returncode, slow.returncode) == (0, 1)
    assert "is another consumer reading it?" in said
    assert (said.count("\n"), said.count("Traceback")) == (1, 0)
    assert counts(tmp_path) == (80_000, 80_000, 0, 0)


def test_two_on_different_logs_both_get_in(tmp_path: Path):
    """Also where they create the lake at the same moment, and where both logs hold the same turns."""
    logs = [write_log(tmp_path / f"{name}.jsonl", 12_000, bad_every=100) for name in ("a", "b")]
    processes = [child.start_resay("ingest", log, "--tolerant", home=tmp_path) for log in logs]

    said = [process.communicate(timeout=child.WAIT_S) for process in processes]

    assert [process.returncode for process in processes] == [0, 0], said
    assert counts(tmp_path) == (11_880, 11_880, 240, 120)
