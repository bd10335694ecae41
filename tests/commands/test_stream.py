"""`resay stream`: the whole chain as turns come in, ended, killed, and as fresh as it says."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from rephrase.combined import CombinedDetector
from rephrase.detect import detect
from rephrase.detector import Detector
from rephrase.overlap import OverlapDetector
from resay.commands.stream import register
from resay.dialogue.codec import encode, whole
from resay.dialogue.tick import silent
from resay.dialogue.turn import Turn
from resay.lab.assistant import Assistant
from resay.lab.flow import Flow, flow_stage, flow_turns
from resay.lab.world import read_world
from resay.label.job import label
from resay.store.artifact import Shelf
from resay.store.lake import Lake
from resay.store.tables import CHAIN_TURNS, OUTCOMES
from rewrite_online.rewriter import Live
from rewrite_online.watch import Watch
from tests import child
from tests.commands.test_learn import DAY, live, talk
from tests.lab.small_world import write_world

LABELS = ("links", "friction", "segments", "outcomes")
WELL_AFTER = 9 * DAY
FRESH_S = 60.0
"""Issue "Streams": from the landing of the decisive turn to what is served."""


def write(path: Path, turns: list[Turn]) -> None:
    """Append turns to a log."""
    path.parent.mkdir(exist_ok=True)
    with path.open("ab") as file:
        file.writelines(encode(whole(each)) + b"\n" for each in turns)


def run(home: Path, *words: str) -> Result:
    """What the command answers."""
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, [*words, "--home", str(home)])


def labels(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All that is said of turns."""
    with Lake(home / "lake").connect() as connection:
        return {table: connection.execute(f"select * from {table} order by all").fetchall() for table in LABELS}


def whole_labels(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What the jobs over the whole lake say; they write it over what was there."""
    detect(Lake(home / "lake"), CombinedDetector(), silent)
    label(Lake(home / "lake"), silent)
    return labels(home)


def test_the_chain_runs_until_nothing_is_left(tmp_path: Path):
    """From a folder of logs to a live table; the labels are those of a run over the whole lake, and a second run has nothing to do."""
    write(tmp_path / "logs/a.jsonl", talk(12))
    words = ("--source", str(tmp_path / "logs"), "--until-idle", "0.6", "--every", "0.1", "--json")

    first, second = run(tmp_path, *words), run(tmp_path, *words)

    told = json.loads(first.stdout)
    assert (told["read"], told["judged"]["detect"], told["generation"]) == (36, 36, 1)
    # Turns that land just between the two jobs are labelled before they are linked, and again behind it.
    assert told["judged"]["label"] >= 36
    assert live(tmp_path) == [("lamp on now please", "turn on the lamp please")]
    again = json.loads(second.stdout)
    assert (again["read"], again["judged"], again["learnt"]) == (0, {}, 0)
    assert labels(tmp_path) == whole_labels(tmp_path)


def test_links_of_another_detector_are_made_anew(tmp_path: Path):
    """They would stand beside ours for as long as no turn changes; those of the same are not looked at again."""
    write(tmp_path / "logs/a.jsonl", talk(4))
    words = ("--source", str(tmp_path / "logs"), "--jobs", "ingest,detect", "--until-idle", "0.3", "--json")

    makers, judged = [], []
    for name in ("combined", "overlap", "overlap"):
        judged.append(json.loads(run(tmp_path, *words, "--detector", name).stdout)["judged"])
        with Lake(tmp_path / "lake").connect() as connection:
            makers.append({row[0].split("/")[0] for row in connection.execute("select detector from links").fetchall()})

    assert makers == [{"combined"}, {"overlap"}, {"overlap"}]
    assert judged[2] == {}
    assert labels(tmp_path)["links"] == _links_of_all(tmp_path, OverlapDetector())


def _links_of_all(home: Path, detector: Detector) -> list[tuple[Any, ...]]:
    detect(Lake(home / "lake"), detector, silent)
    return labels(home)["links"]


def test_parts_of_the_chain_may_run_apart(tmp_path: Path):
    """What one process lands, another labels, and a third learns from."""
    write(tmp_path / "logs/a.jsonl", talk(12))
    idle = ("--until-idle", "0.6", "--json")
    run(tmp_path, "--jobs", "ingest", "--source", str(tmp_path / "logs"), *idle)
    run(tmp_path, "--jobs", "label, detect", *idle)
    result = run(tmp_path, "--jobs", "learn", *idle)

    assert json.loads(result.stdout)["published"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--jobs", "detect,guess"), "must name some of"),
        (("--jobs", "detect", "--source", "logs"), "one of them is there without the other"),
        (("--jobs", "ingest"), "one of them is there without the other"),
    ],
)
def test_wrong_usage_is_said(tmp_path: Path, words: tuple[str, ...], said: str):
    """Status 2, and a sentence."""
    result = run(tmp_path, *words)

    assert result.exit_code == 2
    assert said in " ".join(result.output.replace("│", " ").split())


def test_metrics_are_shown_and_sigterm_ends_it(tmp_path: Path):
    """Lag, rejects and turns by their names while it runs; status 0 when it is told to end."""
    write(tmp_path / "logs/a.jsonl", talk(2))
    (tmp_path / "logs/b.jsonl").write_bytes(b"not json\n")
    port = _free_port()
    process = child.start_resay("stream", "--source", tmp_path / "logs", "--metrics-port", str(port), "--json", home=tmp_path)
    shown = _wait_for(port, 'resay_job_lag_commits{job="label"} 0.0', 'resay_job_turns_total{job="label"} 6.0', process=process)

    process.send_signal(signal.SIGTERM)
    out, said = process.communicate(timeout=child.WAIT_S)

    assert process.returncode == 0, said
    assert json.loads(out)["judged"]["label"] >= 6
    for line in (
        'resay_events_accepted_total{source="file"} 6.0',
        'resay_events_rejected_total{reason="unreadable",source="file"} 1.0',
        'resay_source_lag_bytes{source="file"} 0.0',
    ):
        assert line in shown


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from ingest.folder_log import FolderLog
from ingest.landing import LandingRules, land
from rephrase.combined import CombinedDetector
from rephrase.detect import detect_job
from resay.label.job import label_job
from resay.store.job import advance
from resay.store.lake import Lake
from resay.store.tables import CHAIN_TURNS, OUTCOMES
home, steps = Path(sys.argv[1]), int(sys.argv[2])
taken = []
def observe(*_):
    taken.append(1)
    if len(taken) == steps:
        os.kill(os.getpid(), signal.SIGKILL)
lake, jobs = Lake(home / "lake"), [detect_job(CombinedDetector(), observe), label_job(observe=observe)]
source = FolderLog(home / "logs")
batches = []
def batch(_report):
    for job in jobs:
        advance(job, lake)
land(source, lake, rules=LandingRules(clock=lambda: datetime.now(UTC), records_a_batch=7, observe=observe, landed=batch))
for job in (*jobs, *jobs):
    while advance(job, lake):
        pass
"""
"""The chain in one thread, which kills itself with SIGKILL once it has taken so many steps."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.exhaustive)])
def test_killed_again_and_again_it_says_what_one_run_says(tmp_path: Path, seed: int):
    """SIGKILL at seeded steps of landing, linking and labelling; disorder, repeats and late turns in the log."""
    rng = random.Random(seed)
    turns = talk(8)
    rng.shuffle(turns)
    write(tmp_path / "logs/a.jsonl", turns + turns[:3])
    ended = []
    for _ in range(6):
        ended.append(subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(rng.randrange(2, 14))], check=False).returncode)
        if not ended[-1]:
            break
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), "0"], check=True)

    assert ended.count(-signal.SIGKILL) >= 3
    with Lake(tmp_path / "lake").connect() as connection:
        assert connection.execute("select count(*), count(distinct turn_id) from turn_parts").fetchone() == (24, 24)
    assert labels(tmp_path) == whole_labels(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("before", [0, pytest.param(20_000, marks=pytest.mark.exhaustive)], ids=["small", "large"])
def test_what_one_more_customer_says_is_served_within_a_minute(tmp_path: Path, before: int):
    """From the landing of the turn that makes k to the rewrite in a running service's hands, at the settings that ship."""
    turns, log = talk(10, after=WELL_AFTER), tmp_path / "logs/a.jsonl"
    write(log, turns[:-1])
    if before:
        _write_others(log.parent, before)
    watch = Watch(Shelf(tmp_path / "rewrites"), list)
    process = child.start_resay("stream", "--source", log.parent, home=tmp_path)
    try:
        _wait_until(lambda: _learnt(tmp_path, turns[-2]), process)
        assert not _serves(watch.refresh())
        write(log, turns[-1:])
        _wait_until(lambda: _serves(watch.refresh()), process)
        served = datetime.now(UTC)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=child.WAIT_S)

    with Lake(tmp_path / "lake").connect() as connection:
        landed = connection.execute("select landed_at from turn_parts where turn_id = ?", [turns[-1].turn_id]).fetchall()[0][0]
        known = connection.execute("select count(*) from turns").fetchall()[0][0]
    took = (served - landed).total_seconds()
    sys.stderr.write(f"\nfreshness: {took:.1f} s, from landing to served, in a lake of {known:,} turns\n")
    assert took <= FRESH_S * crowding()


def _write_others(folder: Path, number: int) -> None:
    """So many turns of other customers in a small world, the four weeks before."""
    world = read_world(write_world(folder.parent / "world"))
    flow = Flow(seed=1, start=datetime.now(UTC) - timedelta(days=28), per_s=number / timedelta(days=28).total_seconds(), customers=500)
    turns = islice(flow_turns(flow_stage(world, Assistant(world.home), seed=1), flow), number)
    (folder / "others.jsonl").write_bytes(b"".join(encode(whole(each)) + b"\n" for each in turns))


def crowding() -> float:
    """How many times as long things take as on a quiet machine, where others want its cores too."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def _learnt(home: Path, last: Turn) -> bool:
    """Whether all up to a turn is labelled and learnt from."""
    lake = Lake(home / "lake")
    with lake.connect() as connection:
        labelled = connection.execute("select 1 from outcomes where turn_id = ?", [last.turn_id]).fetchall()
    return bool(labelled) and lake.position(CHAIN_TURNS, "learn#outcomes") == lake.version(OUTCOMES)


def _serves(now: Live) -> bool:
    return any(each.source == "lamp on now please" for each in now.rewrites)


def _wait_until(there: Any, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 2 * child.WAIT_S
    while not there():
        assert process.poll() is None, "the stream must go on"
        assert time.monotonic() < deadline, "the stream must get on"
        time.sleep(0.1)


def _wait_for(port: int, *lines: str, process: subprocess.Popen[str]) -> str:
    """The metrics, once they hold these lines."""
    shown: list[str] = [""]

    def there() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                shown[0] = answer.read().decode()
        except OSError:
            return False
        return all(line in shown[0] for line in lines)

    _wait_until(there, process)
    return shown[0]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
