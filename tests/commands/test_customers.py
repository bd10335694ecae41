"""`resay forget` and `resay export`: one customer's own, on the command line."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import typer
from click.testing import Result
from typer.testing import CliRunner

from ingest.landing import land_records
from resay.commands import customers
from resay.commands.customers import WrongReceipt
from resay.commands.home_books import NoSuchHome
from resay.commands.landing import landed_words
from resay.dialogue.history import Tried, Way
from resay.store.books import Books, Told
from resay.store.events import Event
from resay.store.forgettings import ForgettingBooks
from resay.store.lake import Lake
from resay.store.triggers import TriggerBooks, UnsaidRow
from tests.builders import BASE, record
from tests.serving.customers_home import CANARY, NOW, WHO, decision, found_in


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home into which two customers' turns were landed."""
    place = tmp_path / "home"
    records = [record("t1", customer_id=WHO, utterance=CANARY), record("t2", customer_id="joe")]
    land_records(records, source="http", lake=Lake(place / "lake"), now=NOW)
    return place


def run(home: Path, *words: str) -> Result:
    app = typer.Typer()
    customers.register(app)
    return CliRunner().invoke(app, [*words, "--home", str(home)])


def test_what_is_held_is_printed_a_row_a_line(home: Path):
    """Of this customer alone, each with its store."""
    rows = [json.loads(line) for line in run(home, "export", WHO).stdout.splitlines()]

    assert [(row["store"], row["customer_id"], row["utterance"]) for row in rows] == [("lake/turn_parts", WHO, CANARY)]


@pytest.mark.parametrize("words", [("nobody",), ("nobody", "--format", "vcon")])
def test_that_nothing_is_held_is_said(home: Path, words: tuple[str, ...]):
    """Nothing on standard output, which is the answer; and a word beside it."""
    shown = run(home, "export", *words)

    assert (shown.exit_code, shown.stdout) == (0, "")
    assert "nothing is held of this customer" in shown.stderr


def test_a_receipt_can_be_checked(home: Path, tmp_path: Path):
    """It is of this home; with another figure it is of nobody's."""
    printed = run(home, "forget", WHO, "--json").stdout
    (tmp_path / "receipt.json").write_text(printed)
    (tmp_path / "forged.json").write_text(printed.replace('"found": 1', '"found": 2', 1))

    assert run(home, "forget", "--check", str(tmp_path / "receipt.json")).exit_code == 0
    assert isinstance(run(home, "forget", "--check", str(tmp_path / "forged.json")).exception, WrongReceipt)
    assert found_in(home, CANARY, WHO) == []


def test_of_somebody_unknown_it_is_said_that_nothing_was_held(home: Path):
    """No list of stores that looks like work done; a receipt for whoever asks, and the customers that are known stay."""
    shown, told = run(home, "forget", "nobody"), run(home, "forget", "nobody-else", "--json")

    assert (shown.exit_code, shown.stdout, told.exit_code) == (0, "", 0)
    assert "nothing was held of this customer; is the id the one that turns name" in " ".join(shown.stderr.split())
    assert json.loads(told.stdout)["found"] == 0
    assert len(json.loads(told.stdout)["receipts"][0]["stores"]) > 5
    assert json.loads(run(home, "forget", WHO, "--json").stdout)["found"] == 1
    assert "nothing was held" in run(home, "forget", WHO).stderr


def test_old_turns_of_the_forgotten_are_told_apart_from_repeats(home: Path):
    """They come again beside a repeat of somebody else's and a new turn: each is counted for what it is, and no id is told."""
    run(home, "forget", WHO)
    theirs = [record("t1", customer_id=WHO), record("broken", customer_id=WHO, at="no time")]
    others = [record("t2", customer_id="joe"), record("t3", customer_id="joe")]

    report = land_records([*theirs, *others], source="http", lake=Lake(home / "lake"), now=NOW)

    assert (report.accepted, report.duplicates, report.forgotten, report.rejected, report.read) == (1, 1, 2, 0, 4)
    assert landed_words(report) == "records read: 4; new: 1, there already: 1, rejected: 0, of forgotten customers and left out: 2"


def test_what_lies_elsewhere_is_said(home: Path):
    """Resay reads topics and files, and deletes in neither."""
    shown = run(home, "forget", WHO)

    assert "lake/turn_parts        found        1   left 0" in shown.stdout
    assert "1 records of theirs came from http" in shown.stderr.replace("\n", " ")


def test_books_on_postgresql_are_emptied_of_them_and_keep_all_others(home: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch):
    """Every table of the server is looked through; the receipt claims no more than is so, and no file of SQLite is made."""
    monkeypatch.setenv("RESAY_BOOKS_URL", postgresql_url)
    with closing(Books(postgresql_url)) as books:
        tried = Tried(f"{CANARY} on", "", "", Way.REPHRASED, CANARY, "wording", "state", 1, 1, BASE.date(), "t")
        books.tell_histories(Told([(WHO, BASE.date())], [(WHO, tried), ("joe", tried)], {}))
        for who in (WHO, "joe"):
            books.log_decisions([decision(0, customer=who), replace(decision(1, customer=who), rewrite_id="r1")])
        now, event = BASE + timedelta(days=12), Event(BASE, "own history", "rolled_back", "resay", "broken promise")
        TriggerBooks(books).unsay(UnsaidRow(WHO, "r1", now, "broken promise"), before=None, event=event)
        exported = {json.loads(line)["store"] for line in run(home, "export", WHO).stdout.splitlines()}

        receipt = json.loads(run(home, "forget", WHO, "--json").stdout)["receipts"][0]

        (line,) = [each for each in receipt["stores"] if each["store"] == "books"]
        assert (line["found"], line["left"]) == (6, 0)
        assert "until its next vacuum" in line["remark"]
        assert exported >= {f"books/{name}" for name in ("decisions", "exposures", "histories", "triggers", "unsaid")}
        kept = {table: str(ForgettingBooks(books).rows("joe")[table]) for table in ("decisions", "exposures", "histories", "triggers")}
        assert all("joe" in rows for rows in kept.values())
        with books.reading() as connection:
            tables = sa.inspect(connection).get_table_names()
            rows = {table: str(connection.execute(sa.text(f"select * from {table}")).all()) for table in tables}
    assert [table for table, each in rows.items() if WHO in each] == []
    assert found_in(home, CANARY, WHO) == []
    assert not (home / "books.sqlite").exists()


def test_a_wrong_home_is_not_made(tmp_path: Path):
    """Whoever mistypes the folder is told, and is not told that all is gone."""
    result = run(tmp_path / "nowhere", "forget", WHO)

    assert isinstance(result.exception, NoSuchHome)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("words", [("forget",), ("forget", WHO, "--check", "receipt.json")])
def test_one_thing_is_asked_at_a_time(home: Path, words: tuple[str, ...]):
    """A customer, or a receipt to look at."""
    assert run(home, *words).exit_code == 2
