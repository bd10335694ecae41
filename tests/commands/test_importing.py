"""`resay import`: a person's own copy into the lake or a file, and clear words where it is not there."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ingest.landing import LandingRules, land
from resay.commands import importing
from resay.commands.whole_file import UnwritableFile
from resay.dialogue.codec import decode
from resay.label.corpora.dstc2 import WrongCorpus
from resay.label.corpora.dstc2_turn import turn_parts
from resay.store.lake import Lake
from tests.made_calls import call, heard, record, write

MADE = [call(heard("thai", "inform(food=thai)"), heard("bye", "bye()"), caller=name, minute=at) for at, name in enumerate("abc")]


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    importing.register(made)
    made.callback()(lambda: None)
    return made


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write(tmp_path / "corpus", train=[record(each) for each in MADE[:2]], dev=[record(MADE[2])])


def test_all_turns_of_all_splits_land_once(app: typer.Typer, corpus: Path, tmp_path: Path):
    """Run again, nothing is added."""
    command = ["import", "dstc2", str(corpus), "--home", str(tmp_path / "home")]

    first = CliRunner().invoke(app, command)
    again = CliRunner().invoke(app, command)

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "new: 6," in first.stdout
    assert "new: 0," in again.stdout
    with Lake(tmp_path / "home" / "lake").connect() as connection:
        assert connection.execute("select count(*), count(distinct session_id) from turns").fetchall() == [(6, 3)]


def test_a_copy_elsewhere_adds_nothing(app: typer.Typer, corpus: Path, tmp_path: Path):
    """The same turns from another folder are repeats."""
    copy = write(tmp_path / "copy", train=[record(each) for each in MADE])
    home = ["--home", str(tmp_path / "home")]

    CliRunner().invoke(app, ["import", "dstc2", str(corpus), *home])
    again = CliRunner().invoke(app, ["import", "dstc2", str(copy), *home])

    assert "records read: 6; new: 0, there already: 6, rejected: 0" in again.stdout


def test_a_file_takes_the_turns_in_place_of_the_lake(app: typer.Typer, corpus: Path, tmp_path: Path):
    """What is written is what the codec reads."""
    out = tmp_path / "turns.jsonl"

    result = CliRunner().invoke(app, ["import", "dstc2", str(corpus), "--split", "dev", "--out", str(out), "--json"])

    parts = [decode(line, where="out", now=datetime(2026, 1, 1, tzinfo=UTC)) for line in out.read_bytes().splitlines()]
    assert result.exit_code == 0
    assert parts == list(turn_parts(MADE[2].live))
    assert list(tmp_path.glob(".*.part")) == []


def test_a_split_that_is_not_there_is_named(app: typer.Typer, corpus: Path):
    """The sentence says which splits there are."""
    result = CliRunner().invoke(app, ["import", "dstc2", str(corpus), "--split", "test"])

    assert isinstance(result.exception, WrongCorpus)
    assert "split 'test' must be train or dev" in str(result.exception)


def test_a_place_that_cannot_be_written_is_named(app: typer.Typer, corpus: Path, tmp_path: Path):
    """Neither half a file nor a traceback."""
    result = CliRunner().invoke(app, ["import", "dstc2", str(corpus), "--out", str(corpus / "dev.jsonl.gz" / "turns.jsonl")])

    assert isinstance(result.exception, UnwritableFile)
    assert str(result.exception).count("turns.jsonl") == 1
    assert "must be writable; Not a directory; is the folder there" in str(result.exception)


def test_an_import_that_was_cut_goes_on_where_it_stood(corpus: Path, tmp_path: Path):
    """A batch of one, stopped after the second; the next run brings the rest."""
    lake = Lake(tmp_path / "lake")
    rules = LandingRules(clock=lambda: datetime(2026, 1, 1, tzinfo=UTC), records_a_batch=1)
    asked = iter([False, False, True])

    first = land(importing.CallLog(corpus, ["train", "dev"]), lake, rules=rules, stop=lambda: next(asked))
    rest = land(importing.CallLog(corpus, ["train", "dev"]), lake, rules=rules)

    assert (first.accepted, rest.accepted, rest.duplicates) == (2, 4, 0)
