"""The books."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import psycopg
import pytest

from resay.dialogue.rewrite import Decision
from resay.store.books import MARKS, Books, BooksUnavailable, Veto
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
