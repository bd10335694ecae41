"""`resay import rasa` and its like, and `resay audit` of the same files: each turn once, each bad record kept with its reason."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from ingest.adapted_log import AdaptedLog, read_files
from ingest.adapters.rasa import RASA
from ingest.adapters.registry import UnknownFormat
from ingest.landing import LandingRules, land
from ingest.source import SourceUnavailable
from resay.commands import audit, importing
from resay.store.lake import Lake
from tests.builders import BASE

SECONDS = BASE.timestamp()


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    importing.register(made)
    audit.register(made)
    made.callback()(lambda: None)
    return made


def test_turns_of_another_system_land_once(app: typer.Typer, tmp_path: Path):
    """Run again, nothing is added."""
    log = _write(tmp_path / "events.jsonl", *_talk("s1"), *_talk("s2"))

    first = _import(app, log, tmp_path)
    again = _import(app, log, tmp_path)

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert json.loads(first.stdout)["accepted"] == 4
    assert json.loads(again.stdout)["accepted"] == 0
    assert _query(tmp_path, "select utterance, status from turns order by customer_id") == [("lights on", "done")] * 2


def test_a_log_that_has_grown_adds_what_is_new(app: typer.Typer, tmp_path: Path):
    """The answer that came after the last import joins its turn; nothing lies there twice."""
    said, answered = _talk("s1")

    _import(app, _write(tmp_path / "events.jsonl", said), tmp_path)
    grown = _import(app, _write(tmp_path / "events.jsonl", answered, said), tmp_path)

    assert (json.loads(grown.stdout)["accepted"], json.loads(grown.stdout)["duplicates"]) == (1, 1)
    assert _query(tmp_path, "select utterance, status from turns") == [("lights on", "done")]


def test_an_import_that_was_cut_goes_on_where_it_stood(tmp_path: Path):
    """A batch of one, stopped after the third; the next run brings the rest, and nothing twice."""
    log, lake = _write(tmp_path / "events.jsonl", *_talk("s1"), {"event": "user"}, *_talk("s2")), Lake(tmp_path / "lake")
    rules = LandingRules(clock=lambda: BASE, records_a_batch=1)
    asked = iter([False, False, False, True])

    def source() -> AdaptedLog:
        return AdaptedLog(RASA, read_files(RASA, [log], now=BASE, tick=lambda _done, _total: None))

    first = land(source(), lake, rules=rules, stop=lambda: next(asked))
    rest = land(source(), lake, rules=rules)

    assert (first.accepted, first.rejected) == (2, 1)
    assert (rest.accepted, rest.rejected, rest.duplicates) == (2, 0, 0)


def test_bad_records_are_kept_with_where_and_why(app: typer.Typer, tmp_path: Path):
    """They stop nothing, and the reason is the adapter's own; so is that of a turn of ours in a log of theirs."""
    ours = {"schema": "resay.turn/1", "turn_id": "t", "customer_id": "c", "at": "2026-11-01T00:00:00Z", "utterance": "no event"}
    log = _write(tmp_path / "events.jsonl", *_talk("s1"), {"event": "user", "sender_id": "s1"}, ours)
    log.write_bytes(log.read_bytes() + b"{half\n")

    result = _import(app, log, tmp_path)

    assert result.exit_code == 1
    assert json.loads(result.stdout)["rejected"] == 3
    kept = _query(tmp_path, "select origin, reason from rejects order by position")
    assert [origin for origin, _ in kept] == ["events.jsonl:5", "events.jsonl:3", "events.jsonl:4"]
    assert "timestamp must be seconds since 1970" in kept[1][1]
    assert _query(tmp_path, "select count(*) from turns") == [(1,)]
    assert _import(app, log, tmp_path, "--tolerant").exit_code == 0


def test_ids_that_are_hashed_are_not_kept_in_rejects(app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Nobody knows where another system's record names its customer: with a key, what cannot be read is withheld."""
    monkeypatch.setenv("RESAY_HASH_KEY", "k")
    log = _write(tmp_path / "events.jsonl", *_talk("anna"), {"event": "user", "sender_id": "anna"})

    _import(app, log, tmp_path)

    assert not any(b"anna" in raw for (raw,) in _query(tmp_path, "select raw from rejects"))
    assert _query(tmp_path, "select customer_id like 'h1:%' from turns") == [(True,)]


def test_folders_and_packed_files_are_read(app: typer.Typer, tmp_path: Path):
    """All files below a folder are one log: a talk may be spread over them."""
    said, answered = _talk("s1")
    (tmp_path / "logs" / "late").mkdir(parents=True)
    (tmp_path / "logs" / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps(answered).encode()))
    _write(tmp_path / "logs" / "late" / "b.json", said)

    _import(app, tmp_path / "logs", tmp_path)

    assert _query(tmp_path, "select utterance, status from turns") == [("lights on", "done")]


def test_an_empty_folder_is_named(app: typer.Typer, tmp_path: Path):
    """The sentence says what was looked for."""
    (tmp_path / "logs").mkdir()

    result = _import(app, tmp_path / "logs", tmp_path)

    assert isinstance(result.exception, SourceUnavailable)
    assert "must hold files of JSON" in str(result.exception)


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_a_file_without_records_is_said(app: typer.Typer, tmp_path: Path, content: bytes):
    """An empty file is most often the wrong one: it ends with 1 here as in `resay ingest`."""
    (tmp_path / "events.jsonl").write_bytes(content)

    result = _import(app, tmp_path / "events.jsonl", tmp_path)

    assert result.exit_code == 1
    assert json.loads(result.stdout)["records"] == 0
    assert "files must hold records; there is none in them; are they the right files?" in result.stderr.replace("\n", " ")


def test_a_missing_file_is_named_once(app: typer.Typer, tmp_path: Path):
    """The sentence names the file and the reason, each once."""
    missing = tmp_path / "events.jsonl"

    result = _import(app, missing, tmp_path)

    assert str(result.exception).startswith(f"file {missing} must be there and readable; No such file or directory; is the path right")


def test_an_audit_tells_the_system_by_the_first_record(app: typer.Typer, tmp_path: Path):
    """No option is needed, and with the option it is the same."""
    log = _write(tmp_path / "events.jsonl", *_talk("s1"), *_talk("s2"))

    guessed, told = (
        CliRunner().invoke(app, ["audit", str(log), "--html", str(tmp_path / "audit.html"), "--json", *more])
        for more in ([], ["--format", "rasa"])
    )

    assert (guessed.exit_code, told.exit_code) == (0, 0)
    assert json.loads(guessed.stdout)["findings"] == json.loads(told.stdout)["findings"]
    assert json.loads(guessed.stdout)["findings"]["turns"] == 2


def test_an_audit_of_something_unknown_says_what_it_knows(app: typer.Typer, tmp_path: Path):
    """The formats are named, and the fields that were found."""
    log = _write(tmp_path / "odd.jsonl", {"speaker": "anna", "words": "hello"})

    result = CliRunner().invoke(app, ["audit", str(log)])

    assert isinstance(result.exception, UnknownFormat)
    assert "must look like resay.turn/1 or one of rasa" in str(result.exception)
    assert "speaker, words" in str(result.exception)


def test_a_format_that_is_none_is_named(app: typer.Typer, tmp_path: Path):
    """All formats are in the sentence."""
    result = CliRunner().invoke(app, ["audit", str(_write(tmp_path / "log.jsonl", *_talk("s1"))), "--format", "rassa"])

    assert isinstance(result.exception, UnknownFormat)
    assert "--format must be one of auto, turns, rasa" in str(result.exception)


def _talk(sender: str) -> tuple[dict[str, Any], dict[str, Any]]:
    said = {"sender_id": sender, "timestamp": SECONDS - 100, "event": "user", "text": "lights on", "parse_data": {}}
    return said, {"sender_id": sender, "timestamp": SECONDS - 99, "event": "bot", "text": "Done."}


def _write(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def _import(app: typer.Typer, log: Path, folder: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["import", "rasa", str(log), "--home", str(folder / "home"), "--json", *more])


def _query(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with Lake(folder / "home" / "lake").connect() as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["runs", "--from", "http://localhost:1", "--token-file", "token"],
        ["--from", "http://localhost:1"],
        ["runs", "--token-file", "token"],
        ["runs", "--follow"],
    ],
)
def test_files_and_a_running_home_assistant_are_not_mixed(app: typer.Typer, words: list[str]):
    """Wrong usage is said before anything is read."""
    result = CliRunner().invoke(app, ["import", "home-assistant", *words])

    assert result.exit_code == 2
    assert "must be given, and not both" in " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("url", "token", "said"),
    [
        ("homeassistant.local:8123", "a-token", "--from must be an http or https address"),
        ("http://127.0.0.1:9", "a-token", "must answer at http://127.0.0.1:9"),
        ("http://127.0.0.1:9", "two\nlines", "and nothing else"),
        ("http://127.0.0.1:9", "", "and nothing else"),
    ],
)
def test_a_home_assistant_that_cannot_be_asked_is_said(app: typer.Typer, tmp_path: Path, url: str, token: str, said: str):
    """In one sentence, and nothing is taken in."""
    (tmp_path / "token").write_text(token)
    words = ["import", "home-assistant", "--from", url, "--token-file", str(tmp_path / "token"), "--home", str(tmp_path / "home")]

    result = CliRunner().invoke(app, words)

    assert isinstance(result.exception, SourceUnavailable) and said in str(result.exception)
    assert not (tmp_path / "home").exists()
