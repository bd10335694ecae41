"""`resay ingest` and `resay rejects`: each bad input gives one sentence and a status, and loses nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from resay.commands.main import command_line
from resay.dialogue.errors import ResayError
from resay.store.lake import Lake
from resay.store.turns import read_turns
from tests import child
from tests.builders import record

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process: status, what it said on standard output, and on standard error."""
    monkeypatch.setenv("RESAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "300")

    def run(*arguments: object, key: str = "") -> tuple[int, str, str]:
        done = CliRunner().invoke(command_line(), [str(each) for each in arguments], env={"RESAY_HASH_KEY": key})
        if isinstance(done.exception, ResayError):
            return 1, done.stdout, f"{done.stderr}resay: {done.exception}\n"
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.fixture
def log(tmp_path: Path) -> Callable[..., Path]:
    """Writes a log of these lines."""

    def write(*lines: bytes, end: bytes = b"\n", name: str = "turns.jsonl") -> Path:
        path = tmp_path / name
        path.write_bytes(b"\n".join(lines) + end if lines else b"")
        return path

    return write


def turn_ids(home: Path) -> list[str]:
    """Which turns are in the lake."""
    return [turn.turn_id for turn in read_turns(Lake(home / "lake"))]


def test_a_good_log_is_in(run: Run, log: Callable[..., Path], tmp_path: Path):
    """The sum is said, and a second run finds nothing new."""
    path = log(record("t1"), record("t2"), record("t2"))

    assert run("ingest", path) == (0, "records read: 3; new: 2, there already: 1, rejected: 0\n", "")
    assert run("ingest", path) == (0, "records read: 0; new: 0, there already: 0, rejected: 0\n", "")
    assert turn_ids(tmp_path / "home") == ["t1", "t2"]


def test_json_says_the_same_and_nothing_else(run: Run, log: Callable[..., Path], tmp_path: Path):
    """One object on standard output."""
    status, out, _ = run("ingest", log(record("t1"), b"bad"), "--json")

    assert (status, json.loads(out)) == (
        1,
        {
            "read": 2,
            "accepted": 1,
            "rejected": 1,
            "duplicates": 0,
            "faults": ["turns.jsonl:2: record must be one JSON object; JSON is malformed: invalid character (byte 0); was it cut off?"],
            "newest": "2026-11-02T09:00:00+00:00",
            "forgotten": 0,
            "unfinished": [],
            "lake": str(tmp_path / "home" / "lake"),
        },
    )


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (b"not json", "record must be one JSON object"),
        (record("t2", schema="resay.turn/2"), "schema must be 'resay.turn/1'; got 'resay.turn/2'; was it written by a newer version?"),
        (record("t2", customer_id=None), "customer_id must be given; it is missing"),
        (record("t2", utterance=["play"]), "utterance: Expected `str | null`, got `array`"),
        (record("t2", at=float("nan")), "is NaN or Infinity in it, which JSON does not know?"),
        (record("t2", at="NaN"), "at must be RFC 3339 or milliseconds since 1970; got 'NaN'"),
        (record("t2", at="2999-01-01T00:00:00Z"), "at must not lie in the future; got '2999-01-01T00:00:00Z'; is the"),
        (record("t2", utterance="x" * 10_000_000), "record must not be longer than 1,048,576 bytes; got 10,000,115"),
        (record("t2").replace(b"play", b"pl\xe4y"), "record must be UTF-8; got byte 0xe4"),
    ],
    ids=["not JSON", "wrong version", "missing field", "wrong type", "NaN", "NaN text", "far future", "10 MB", "not UTF-8"],
)  # fmt: skip
def test_a_bad_record_is_said_and_kept_and_stops_nothing(run: Run, log: Callable[..., Path], tmp_path: Path, bad: bytes, sentence: str):
    """The good records before and behind it are in; it is listed with its reason; and whoever tolerates it ends with 0."""
    status, out, said = run("ingest", log(record("t1"), bad, record("t3")))

    assert (status, out) == (1, "records read: 3; new: 2, there already: 0, rejected: 1\n")
    assert said.startswith("rejected turns.jsonl:2: ")
    assert sentence in said
    assert said.endswith("resay: records rejected: 1; all are kept, with reasons: resay rejects list\n")
    assert turn_ids(tmp_path / "home") == ["t1", "t3"]
    (letter,) = [json.loads(line) for line in run("rejects", "list", "--json")[1].splitlines()]
    assert (letter["origin"], letter["raw_bytes"], letter["position"]) == ("turns.jsonl:2", len(bad), len(record("t1")) + 1)
    assert run("ingest", log(record("t4"), bad, name="again.jsonl"), "--tolerant")[0] == 0


def test_a_log_of_which_nothing_can_be_read_is_not_tolerated(run: Run, log: Callable[..., Path]):
    """It is no log of turns."""
    assert run("ingest", log(b"timestamp,text", b"1,hello"), "--tolerant")[0] == 1


def test_an_empty_file_is_said(run: Run, log: Callable[..., Path]):
    """And is tolerated, as a log that was just rotated is empty."""
    path = log(name="empty.jsonl")

    status, _, said = run("ingest", path)

    assert (status, said) == (1, f"resay: file {path} must hold records, one a line; it is empty; is it the right file?\n")
    assert run("ingest", path, "--tolerant")[0] == 0


def test_half_a_last_line_is_left_for_the_next_run(run: Run, log: Callable[..., Path], tmp_path: Path):
    """Nothing of it is lost, and nothing of it is taken before it is whole."""
    path = log(record("t1"), record("t2")[:40], end=b"")

    status, out, said = run("ingest", path)

    assert (status, out) == (1, "records read: 1; new: 1, there already: 0, rejected: 0\n")
    assert said.startswith(
        "resay: turns.jsonl:2; the last record must be complete; its 40 bytes were left unread; is it still being written?"
    )
    log(record("t1"), record("t2"))
    assert run("ingest", path) == (0, "records read: 1; new: 1, there already: 0, rejected: 0\n", "")
    assert turn_ids(tmp_path / "home") == ["t1", "t2"]


def test_a_file_that_cannot_be_read_is_said_before_anything_lands(run: Run, log: Callable[..., Path], tmp_path: Path):
    """A folder, a file that is not there: one sentence names them all."""
    status, out, said = run("ingest", log(record("t1")), tmp_path, tmp_path / "missing")

    assert (status, out) == (1, "")
    assert "it is a folder" in said
    assert "No such file or directory" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "home").exists()


def test_a_file_that_was_overwritten_is_said(run: Run, log: Callable[..., Path]):
    """The same first record and fewer bytes: we do not guess where to go on."""
    run("ingest", log(record("t1"), record("t2")))

    status, _, said = run("ingest", log(record("t1")))

    assert status == 1
    assert "was it overwritten? Then give it another name" in said


def test_a_lake_of_a_newer_version_is_left_alone(run: Run, log: Callable[..., Path], tmp_path: Path):
    """Neither read nor written."""
    (tmp_path / "home" / "lake").mkdir(parents=True)
    (tmp_path / "home" / "lake" / "lake.json").write_text('{"format": 2}')

    status, _, said = run("ingest", log(record("t1")))

    assert (status, said.count("\n")) == (1, 1)
    assert "was it written by a newer version of resay?" in said
    assert [path.name for path in (tmp_path / "home" / "lake").iterdir()] == ["lake.json"]


def test_a_home_without_rights_is_said(open_folder: Path):
    """A folder that is not ours gives one sentence and status 1; so does a log that we may not read."""
    log = open_folder / "turns.jsonl"
    log.write_bytes(record("t1") + b"\n")
    (open_folder / "home").mkdir(mode=0o555)

    done = child.resay("ingest", log, home=open_folder / "home", before=child.WITHOUT_RIGHTS)
    log.chmod(0o000)
    unread = child.resay("ingest", log, home=open_folder / "home", before=child.WITHOUT_RIGHTS)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "must be a folder that can be read and written; Permission denied" in done.stderr
    assert done.stderr.endswith("is the path right, and is it yours?\n")
    assert (unread.returncode, unread.stdout, unread.stderr.count("\n")) == (1, "", 1)
    assert unread.stderr.endswith("Permission denied; is the path right, and is the file yours to read?\n")


def test_a_full_disk_is_said_and_loses_nothing(tiny_disk: Path, tmp_path: Path):
    """What was committed before it was full is there; the rest lands when there is room again."""
    log = tmp_path / "turns.jsonl"
    log.write_bytes(b"".join(record(f"t{number}", device_id=f"{number * 7919:x}" * 40) + b"\n" for number in range(3_000)))

    done = child.resay("ingest", log, home=tiny_disk / "home")
    (tmp_path / "home").mkdir()
    moved = child.run(
        "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2], dirs_exist_ok=True)",
        tiny_disk / "home",
        tmp_path / "home",
        home=tmp_path,
    )
    again = child.resay("ingest", log, home=tmp_path / "home")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("is the disk full?\n")
    assert done.stderr.count("\n") == 1
    assert (moved.returncode, again.returncode) == (0, 0)
    assert len(turn_ids(tmp_path / "home")) == 3_000


def test_customers_are_hashed_where_a_key_is_set(run: Run, log: Callable[..., Path], tmp_path: Path):
    """The key comes from the environment, never from the command line."""
    run("ingest", log(record("t1", customer_id="alice")), key="secret")

    (turn,) = read_turns(Lake(tmp_path / "home" / "lake"))

    assert turn.customer_id.startswith("h1:")
    assert not [path for path in (tmp_path / "home").rglob("*") if path.is_file() and b"alice" in path.read_bytes()]


def test_rejects_are_listed_replayed_and_dropped(run: Run, log: Callable[..., Path]):
    """What is listed is safe to print, and shows how the record begins."""
    run("ingest", log(b"bad \x1b[31m\xff", b"worse"))

    status, out, _ = run("rejects", "list")
    assert status == 0
    assert out.splitlines() == [
        "turns.jsonl:1  record must be UTF-8; got byte 0xff at 9",
        "    bad \N{REPLACEMENT CHARACTER}[31m\\xff",
        "turns.jsonl:2  record must be one JSON object; JSON is malformed: invalid character (byte 0); was it cut off?",
        "    worse",
        "2 of 2 rejects shown",
    ]
    assert run("rejects", "replay")[:2] == (0, "records read: 2; new: 0, there already: 0, rejected: 2\n")
    assert run("rejects", "drop", "--matching", "UTF-8", "--yes")[:2] == (0, "dropped 1 rejects\n")
    assert json.loads(run("rejects", "drop", "--yes", "--json")[1]) == {"dropped": 1}
    assert run("rejects", "list")[1] == "no rejects\n"


def test_dropping_asks_first(run: Run, log: Callable[..., Path]):
    """With nobody to ask it is refused, and nothing is dropped."""
    run("ingest", log(b"bad"))

    status, _, said = run("rejects", "drop")

    assert status == 2
    assert "is --yes missing?" in said
    assert run("rejects", "list")[1].endswith("1 of 1 rejects shown\n")


@pytest.mark.parametrize("arguments", [("ingest",), ("rejects", "list"), ("rejects", "replay"), ("rejects", "drop")])
def test_help_has_an_example(run: Run, arguments: tuple[str, ...]):
    """Every command shows how it is used."""
    status, out, _ = run(*arguments, "--help")

    assert status == 0
    assert f"resay {' '.join(arguments)}" in out
