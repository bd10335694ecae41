"""The books."""

from __future__ import annotations

import sqlite3
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from shutil import copyfile
from threading import Barrier
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from resay.dialogue.rewrite import Decision
from resay.store.books import FORGETTINGS, MARKS, Books, BooksUnavailable, Veto
from resay.store.forgettings import ForgettingBooks
from resay.store.known_rows import of_the_known
from tests import child
from tests.builders import BASE


def decision(decision_id: str, *, at: float = 0, reason: str = "no_candidate") -> Decision:
    """An answer that passed the utterance through."""
    return Decision(
        decision_id=decision_id,
        turn_id="t1",
        customer_id="c1",
        at=BASE + timedelta(seconds=at),
        mode="before",
        source="play madona",
        target=None,
        layer=None,
        generation=None,
        rewrite_id=None,
        experiment=None,
        arm=None,
        propensity=1.0,
        reason=reason,
        latency_ms=0.5,
    )


def test_decisions_come_back_as_they_were_newest_first(books: Books):
    """Times are UTC again, and the limit holds."""
    written = [decision(f"d{second}", at=second) for second in range(3)]

    books.log_decisions(written)

    assert books.decisions(limit=2) == [written[2], written[1]]


def test_decisions_are_logged_all_or_none(books: Books):
    """One that is there already keeps the others of its call out, and the sentence is one line."""
    books.log_decisions([decision("d1")])

    with pytest.raises(BooksUnavailable) as error:
        books.log_decisions([decision("d2"), decision("d1")])

    assert [each.decision_id for each in books.decisions(limit=9)] == ["d1"]
    assert "\n" not in str(error.value)


def test_reasons_are_counted(books: Books):
    """The health page asks how often each reason was given."""
    books.log_decisions([decision("d1"), decision("d2"), decision("d3", reason="risk")])

    assert books.count_decisions() == {"no_candidate": 2, "risk": 1}
    books.log_decisions([])


def test_vetoes_come_back_oldest_first(books: Books):
    """A veto without an id gets one."""
    older = Veto("a", "b", "someone", "wrong", BASE)
    newer = Veto("", "c", "someone", "risky", BASE + timedelta(seconds=1), veto_id="v1")

    books.veto(newer)
    veto_id = books.veto(older)

    assert books.vetoes() == [Veto("a", "b", "someone", "wrong", BASE, veto_id=veto_id), newer]


def test_books_outlive_their_process(books_place: str | Path):
    """What was written is there when the books are opened again."""
    first = Books(books_place)
    first.log_decisions([decision("d1")])
    first.close()

    again = Books(books_place)
    ids = [each.decision_id for each in again.decisions(limit=1)]
    again.close()

    assert ids == ["d1"]


def test_books_that_cannot_be_opened_are_said(tmp_path: Path):
    """A folder that is missing, a file that is no database: one sentence each."""
    (tmp_path / "text").write_text("no database " * 100)

    for path, words in [(tmp_path / "missing" / "books", "unable to open database file"), (tmp_path / "text", "file is not a database")]:
        with pytest.raises(BooksUnavailable, match=words) as error:
            Books(path)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("url", ["sqlite://me:secret@host/books", "nosuchbase://me:secret@host/books", "://me:secret@host"])
def test_a_password_is_never_in_the_sentence(url: str):
    """The URL of the books may hold one."""
    with pytest.raises(BooksUnavailable) as error:
        Books(url)

    assert "secret" not in str(error.value)


def test_two_processes_may_open_new_books_at_once(tmp_path: Path):
    """Whoever comes second finds the tables of the first."""
    code = "import sys; from resay.store.books import Books; Books(sys.argv[1]).close()"

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: child.run(code, tmp_path / "books", home=tmp_path), range(4)))

    assert [(each.returncode, each.stderr) for each in done] == [(0, "")] * 4


def test_many_may_open_new_books_at_once(tmp_path: Path):
    """They meet at any of the tables, and more than once."""
    begin = Barrier(8)

    def open_books(place: Path) -> None:
        begin.wait(child.WAIT_S)
        Books(place).close()

    with ThreadPoolExecutor(8) as pool:
        for home in range(20):
            assert list(pool.map(open_books, [tmp_path / f"books{home}"] * 8)) == [None] * 8


def test_counts_of_earlier_answers_are_there_with_their_table_or_not_at_all(tmp_path: Path):
    """Killed between the table and what is counted into it: whoever opens the books next counts."""
    place = tmp_path / "books.sqlite"
    with closing(Books(place)) as books:
        books.log_decisions([decision("d1"), decision("d2")])
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("drop table decision_days")
    code = """
        import os, sys
        import sqlalchemy as sa
        from resay.store.books import Books

        def die(_connection, _cursor, statement, *_rest):
            if statement.startswith("INSERT INTO decision_days"):
                os._exit(9)

        sa.event.listen(sa.Engine, "before_cursor_execute", die)
        Books(sys.argv[1])
    """
    assert child.run(textwrap.dedent(code), place, home=tmp_path).returncode == 9

    with closing(Books(place)) as books:
        assert books.count_decisions() == {decision("d1").reason: 2}


def test_many_who_open_books_of_before_count_earlier_answers_once(tmp_path: Path):
    """At once; nobody finds counts of which another has only made the table."""
    begin = Barrier(8)
    with closing(Books(tmp_path / "books.sqlite")) as books:
        books.log_decisions([decision(f"d{number}") for number in range(9)])
    told = {decision("d1").reason: 9}

    def count(place: Path) -> dict[str, int]:
        begin.wait(child.WAIT_S)
        with closing(Books(place)) as books:
            return books.count_decisions()

    with ThreadPoolExecutor(8) as pool:
        for again in range(10):
            place = Path(copyfile(tmp_path / "books.sqlite", tmp_path / f"books{again}.sqlite"))
            with closing(sqlite3.connect(place)) as connection:
                connection.execute("drop table decision_days")
                connection.execute("drop index decisions_time")
            assert list(pool.map(count, [place] * 8)) == [told] * 8


def test_books_that_lack_nothing_are_opened_while_another_writes(tmp_path: Path):
    """Nobody who only reads waits for a writer."""
    Books(tmp_path / "books.sqlite").close()
    with closing(sqlite3.connect(tmp_path / "books.sqlite", isolation_level=None)) as connection:
        connection.execute("begin immediate")

        with closing(Books(tmp_path / "books.sqlite")) as books:
            assert books.count_decisions() == {}


def test_what_of_the_forgotten_costs_to_hold_back_is_not_all_of_them(books: Books):
    """Whoever writes answers asks for their customers; the others who were forgotten are not read."""
    journal = ForgettingBooks(books)
    for number in range(40):
        journal.begin(f"gone{number}", now=BASE)
    read: list[object] = []
    with books.writing() as connection:
        connection.execute(MARKS.update().values(value=MARKS.c.value))
        counted = Counted(connection, read)
        rows = [{"customer_id": each, "event_time": BASE} for each in ("gone3", "here", "gone7")]

        kept = of_the_known(counted, rows, forgettings=FORGETTINGS)  # type: ignore[arg-type]

    assert [each["customer_id"] for each in kept] == ["here"]
    assert len(read) == 2


class Counted:
    """A connection that tells of every row of forgettings that it gave."""

    def __init__(self, connection: sa.Connection, read: list[object]) -> None:
        self._connection, self._read = connection, read

    def execute(self, query: sa.Select[Any]) -> Any:
        """Rows with all three columns are read; a least salt is looked up."""
        result = self._connection.execute(query)
        if len(result.keys()) != 3:
            return result
        rows = result.all()
        self._read += rows
        return rows


def test_many_may_open_new_books_of_a_server_at_once(postgresql_url: str):
    """Replicas that start together make each table once."""
    begin = Barrier(8)

    def open_books(_number: int) -> None:
        begin.wait(child.WAIT_S)
        Books(postgresql_url).close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(open_books, range(8))) == [None] * 8


def test_a_server_that_was_started_anew_is_found_again(postgresql_url: str):
    """Connections that died are no fault of the next one who asks."""
    with closing(Books(postgresql_url)) as books:
        books.log_decisions([decision("d1")])
        with psycopg.connect(postgresql_url) as other:
            other.execute("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname is not null")

        assert [each.decision_id for each in books.decisions(limit=9)] == ["d1"]


def test_a_server_that_is_away_is_said():
    """With what to look at, and without the password."""
    with pytest.raises(BooksUnavailable, match="does the server run") as error:
        Books("postgresql://resay:secret@/resay?host=/nowhere")

    assert "secret" not in str(error.value)


def test_one_writes_at_a_time(books: Books):
    """What is read in a transaction that writes holds until it is written: eight that add one each have added eight."""

    def add_one(_number: int) -> None:
        with books.writing() as connection:
            connection.execute(MARKS.update().where(MARKS.c.name == "count").values(value=MARKS.c.value))
            value = connection.execute(MARKS.select().where(MARKS.c.name == "count")).one().value
            time.sleep(0.01)  # Time enough for another one to come between, if it could.
            connection.execute(MARKS.update().where(MARKS.c.name == "count").values(value=value + 1))

    with books.writing() as connection:
        connection.execute(MARKS.insert(), {"name": "count", "value": 0})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(8)))

    assert books.marks() == {"count": 8}


def test_a_text_with_a_nul_is_kept(books: Books):
    """Not every database has that character, and none of the other rows shall be lost for it."""
    books.veto(Veto("a", "b", "some\x00one", "", BASE, veto_id="v"))

    assert books.vetoes()[0].vetoed_by == "some\ufffdone"
