"""`resay lab stream` as people call it: to a folder, a pipe and a real topic, in real time and as fast as it goes."""

from __future__ import annotations

import json
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from ingest.source import SourceUnavailable
from resay.commands import lab
from resay.dialogue.codec import decode
from resay.dialogue.turn import TurnPart
from resay.lab.log_files import BrokenLog
from tests import child
from tests.lab.small_world import write_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what was understood is kept: not in the working folder."""
    monkeypatch.setenv("RESAY_HOME", str(tmp_path / "resay"))
    return tmp_path / "resay" / "lab"


def _stream(world: Path, *words: str | Path) -> Result:
    app = typer.Typer()
    lab.register(app)
    return CliRunner().invoke(app, ["lab", "stream", "--world", str(world), "--to", *map(str, words)])


def _records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]


def test_a_past_that_ends_now_is_made_as_fast_as_it_goes(world: Path, tmp_path: Path):
    """So many turns as were asked for, each a record that can be read, and none of them yet to come."""
    began = datetime.now(UTC)

    done = _stream(world, tmp_path / "out", "--rate", "0", "--turns", "300", "--json")

    told = json.loads(done.stdout)
    raws = [line for path in (tmp_path / "out").iterdir() for line in path.read_bytes().splitlines()]
    parts = [decode(raw, where="", now=datetime.now(UTC)) for raw in raws]
    assert (done.exit_code, told["sent"], told["refused"]) == (0, 300, 0), done.stderr
    assert all(isinstance(part, TurnPart) for part in parts)
    assert len(raws) == 300
    assert began - timedelta(days=1) < datetime.fromisoformat(told["first"]) < datetime.fromisoformat(told["last"])
    assert datetime.fromisoformat(told["last"]) < datetime.now(UTC) + timedelta(hours=1)


def test_days_end_it_too(world: Path, tmp_path: Path):
    """A past of a tenth of a day."""
    done = _stream(world, tmp_path / "out", "--rate", "0", "--days", "0.1", "--json")

    told = json.loads(done.stdout)
    first, last = (datetime.fromisoformat(told[name]) for name in ("first", "last"))
    assert timedelta(hours=2) < last - first < timedelta(hours=2.4)
    assert last <= datetime.now(UTC)


def test_with_a_rate_turns_are_sent_at_their_event_times(world: Path, tmp_path: Path):
    """Twenty turns at ten a second take two seconds, and are dated now."""
    began = datetime.now(UTC)

    done = _stream(world, tmp_path / "out", "--rate", "10", "--turns", "20", "--json")

    told = json.loads(done.stdout)
    assert (done.exit_code, told["sent"]) == (0, 20), done.stderr
    assert told["seconds"] >= 1.5
    assert all(began <= datetime.fromisoformat(each["at"]) <= datetime.now(UTC) for each in _records(tmp_path / "out"))


def test_it_ends_cleanly_when_asked_to(world: Path, tmp_path: Path):
    """SIGTERM ends it with 0, every record is whole, and the summary tells of as many as there are."""
    out = tmp_path / "out"
    started = child.start_resay("lab", "stream", "--world", world, "--to", out, "--rate", "20", "--json", home=tmp_path)
    with child.killed_in_the_end(started) as process:
        deadline = time.monotonic() + child.WAIT_S
        while not (out.exists() and _records(out)):
            assert time.monotonic() < deadline, process.poll()
            time.sleep(0.05)

        process.send_signal(signal.SIGTERM)
        told, said = process.communicate(timeout=child.WAIT_S)

    assert process.returncode == 0, said
    assert json.loads(told)["sent"] == len(_records(out)) > 0


def test_it_ends_cleanly_before_it_has_begun(world: Path, tmp_path: Path):
    """At such a rate it first goes through the talk for a while; asked to end meanwhile, it does, and counts what it sent."""
    out = tmp_path / "out"
    started = child.start_resay("lab", "stream", "--world", world, "--to", out, "--rate", "10000", "--json", home=tmp_path)
    with child.killed_in_the_end(started) as process:
        deadline = time.monotonic() + child.WAIT_S
        while not out.exists():
            assert time.monotonic() < deadline, process.poll()
            time.sleep(0.005)

        process.send_signal(signal.SIGTERM)
        told, said = process.communicate(timeout=child.WAIT_S)

    assert process.returncode == 0, said
    assert json.loads(told)["sent"] == len(_records(out))


def test_what_was_understood_is_not_read_again(world: Path, shelf: Path, tmp_path: Path):
    """The second load of a world finds all that the first one wrote down, and sends the same texts."""
    options = ("--rate", "0", "--turns", "200")

    _stream(world, tmp_path / "one", *options)
    written = [path.read_bytes() for path in shelf.iterdir()]
    _stream(world, tmp_path / "other", *options)

    assert len(written) == 1
    assert [path.read_bytes() for path in shelf.iterdir()] == written
    one, other = (sorted(each["utterance"] for each in _records(tmp_path / name)) for name in ("one", "other"))
    assert len(one) == 200
    assert one == other


def test_a_pipe_holds_records_and_nothing_else(world: Path, tmp_path: Path):
    """The summary stands beside it, on standard error."""
    done = _stream(world, "-", "--rate", "0", "--turns", "50")

    assert [json.loads(line)["schema"] for line in done.stdout.splitlines()] == ["resay.turn/1"] * 50
    assert "turns sent: 50" in done.stderr


def test_a_reader_who_leaves_ends_it_without_a_word_of_python(world: Path, tmp_path: Path):
    """As with `… | head`."""
    process = child.start_resay("lab", "stream", "--world", world, "--to", "-", "--rate", "0", "--turns", "100000", home=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline()

    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()

    assert process.wait(child.WAIT_S) == 0
    assert "Traceback" not in said
    assert "BrokenPipe" not in said


def test_a_past_needs_a_beginning(world: Path, tmp_path: Path):
    """Without an end there is nothing that could begin so much earlier."""
    done = _stream(world, tmp_path / "out", "--rate", "0")

    assert done.exit_code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("to", "error"), [("kafka://localhost", SourceUnavailable), ("/dev/null/out", BrokenLog)])
def test_a_place_that_cannot_be_is_said(world: Path, to: str, error: type[Exception]):
    """An address without a topic, a folder that cannot be: one sentence of the front door."""
    assert isinstance(_stream(world, to, "--rate", "0", "--turns", "1").exception, error)


def test_a_place_that_cannot_be_is_said_before_the_talk_is_gone_through(world: Path, shelf: Path):
    """Nothing has been understood by then."""
    refused = _stream(world, "/dev/null/out", "--rate", "10000")

    assert isinstance(refused.exception, BrokenLog)
    assert not any(path.read_bytes() for path in shelf.glob("*"))


@pytest.mark.kafka
def test_all_that_is_sent_to_a_topic_is_landed(world: Path, broker: str, topic: str, tmp_path: Path):
    """So many turns go in, and `resay ingest` lands every one of them, none rejected and none twice."""
    address = f"kafka://{broker}/{topic}"
    sent = _stream(world, address, "--partitions", "3", "--rate", "0", "--turns", "2000", "--json")
    assert json.loads(sent.stdout)["sent"] == 2000, sent.stderr

    landed = child.resay("ingest", "--source", address, "--rejects-topic", "none", "--json", home=tmp_path)

    report = json.loads(landed.stdout)
    assert (landed.returncode, report["read"], report["accepted"], report["rejected"]) == (0, 2000, 2000, 0), landed.stderr
