"""Talk that waits in the books for its rest, on SQLite and on PostgreSQL: when it is told, what replicas share, how much is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from resay.store.books import Books
from resay.store.commit import Progress
from resay.store.errors import LostPosition
from resay.store.forgettings import ForgettingBooks
from resay.store.waiting import Crowded, Patience, Piece, WaitingBooks
from tests.builders import BASE

PATIENCE = Patience(quiet=timedelta(seconds=6), wait=timedelta(minutes=5), keep=timedelta(minutes=15))


def piece(span: str, parent: str = "", *, talk: str = "t1", content: str = "{}", customer: str = "anna") -> Piece:
    return Piece(talk, f"key of {span}", customer, BASE, span, parent, content)


def due(waiting: WaitingBooks, after_s: float) -> list[str]:
    return waiting.due("otlp", PATIENCE, now=BASE + timedelta(seconds=after_s), limit=9)


def test_a_talk_is_told_when_nothing_is_missing_and_nothing_comes(books: Books):
    """One talk that lacks a parent keeps no other waiting, and none of another source."""
    waiting = WaitingBooks(books)
    waiting.add("otlp", [piece("inner", "outer"), piece("inner", "outer", talk="t2"), piece("outer", talk="t2")], now=BASE)
    waiting.add("rasa", [piece("outer")], now=BASE)

    assert [due(waiting, each) for each in (5, 6, 299, 300)] == [[], ["t2"], ["t2"], ["t1", "t2"]]


def test_what_comes_later_is_told_too(books: Books):
    """And what came while a talk was being told is not taken for told."""
    waiting = WaitingBooks(books)
    waiting.add("otlp", [piece("outer")], now=BASE)
    read = waiting.pieces("otlp", ["t1"])
    waiting.add("otlp", [piece("inner", "outer")], now=BASE)
    waiting.note_told("otlp", read)

    assert due(waiting, 6) == ["t1"]
    waiting.note_told("otlp", waiting.pieces("otlp", ["t1"]))
    assert due(waiting, 600) == []


def test_a_talk_that_never_rests_is_told_all_the_same(books: Books):
    """The oldest piece that is not told has waited long enough."""
    waiting = WaitingBooks(books)
    for number in range(62):
        waiting.add("otlp", [piece(f"s{number}")], now=BASE + timedelta(seconds=5 * number))

    assert (due(waiting, 299), due(waiting, 301)) == ([], ["t1"])


def test_the_same_again_is_the_same(books: Books):
    """Sent again it neither counts nor makes anybody wait."""
    waiting = WaitingBooks(books)

    added = [waiting.add("otlp", [piece("a"), piece("a"), piece("b")], now=BASE + timedelta(seconds=each)) for each in (0, 5)]

    assert added == [2, 0]
    assert due(waiting, 6) == ["t1"]


def test_what_tells_nothing_of_talk_makes_nothing_due(books: Books):
    """It only says what stands inside what."""
    waiting = WaitingBooks(books)
    waiting.add("otlp", [piece("middle", "outer", content="")], now=BASE)

    assert due(waiting, 900) == []
    assert waiting.drop("otlp", PATIENCE, now=BASE + timedelta(minutes=15)) == 1


def test_replicas_put_together_what_each_of_them_got(books: Books):
    """Whatever stands before them sends spans of one trace to either."""
    one, other = WaitingBooks(books), WaitingBooks(books)
    one.add("otlp", [piece("inner", "outer")], now=BASE)
    other.add("otlp", [piece("outer")], now=BASE)

    assert due(one, 6) == due(other, 6) == ["t1"]
    assert {each.span for each in other.pieces("otlp", ["t1"])} == {"inner", "outer"}


def test_told_talks_stay_a_while_and_go(books: Books):
    """Those that are not told stay, however old."""
    waiting = WaitingBooks(books)
    waiting.add("otlp", [piece("a"), piece("b", talk="t2")], now=BASE)
    waiting.note_told("otlp", waiting.pieces("otlp", ["t1"]))

    dropped = [waiting.drop("otlp", PATIENCE, now=BASE + timedelta(minutes=each)) for each in (14, 15, 60)]

    assert dropped == [0, 1, 0]
    assert [each.talk for each in waiting.pieces("otlp", ["t1", "t2"])] == ["t2"]


def test_a_talk_that_never_ends_does_not_grow_without_end(books: Books):
    """Where its pieces go one by one, those that were told a while ago go though more have come."""
    waiting = WaitingBooks(books)
    for number in range(3):
        waiting.add("rasa", [piece(f"s{number}")], now=BASE + timedelta(minutes=10 * number))
    waiting.note_told("rasa", waiting.pieces("rasa", ["t1"])[:2])

    dropped = [waiting.drop("rasa", replace(PATIENCE, one_by_one=each), now=BASE + timedelta(minutes=20)) for each in (False, True)]

    assert dropped == [0, 1]


@pytest.mark.parametrize("limits", [{"pieces_max": 2}, {"characters_max": 5}])
def test_no_more_waits_than_is_kept(books: Books, limits: dict[str, int]):
    """All or nothing of a request; after others went there is room again."""
    waiting = WaitingBooks(books, **limits)
    waiting.add("otlp", [piece("a"), piece("b")], now=BASE)

    with pytest.raises(Crowded, match="can it be sent again in a minute"):
        waiting.add("otlp", [piece("c")], now=BASE)

    waiting.note_told("otlp", waiting.pieces("otlp", ["t1"]))
    waiting.drop("otlp", PATIENCE, now=BASE + timedelta(minutes=15))
    waiting.count()
    assert waiting.add("otlp", [piece("c")], now=BASE) == 1


def test_whoever_is_forgotten_does_not_wait_here(books: Books):
    """All of their talks goes, with the pieces that do not name them; what was said later stays, and other talks."""
    waiting, journal = WaitingBooks(books), ForgettingBooks(books)
    later = replace(piece("c"), event_time=BASE + timedelta(seconds=1))
    waiting.add("otlp", [piece("a"), piece("b", "a", customer="t1"), later, piece("a", talk="t2", customer="berta")], now=BASE)
    waiting.add("rasa", [piece("a", customer="carla")], now=BASE)

    assert journal.count("anna", until=BASE) == 1
    journal.erase("anna", until=BASE, now=BASE)

    assert [(each.talk, each.span) for each in waiting.pieces("otlp", ["t1", "t2"])] == [("t1", "c"), ("t2", "a")]
    assert len(waiting.pieces("rasa", ["t1"])) == 1


def test_what_comes_late_of_a_forgotten_talk_is_not_kept(books: Books):
    """An inner span names nobody; what was said after, and other talks, are taken in; the mark goes as told pieces do, and says no name."""
    waiting, journal = WaitingBooks(books), ForgettingBooks(books)
    waiting.add("otlp", [piece("outer")], now=BASE)
    journal.begin("anna", now=BASE)
    journal.erase("anna", until=BASE, now=BASE)

    late = waiting.add("otlp", [piece("inner", "outer", customer="")], now=BASE)
    after = waiting.add("otlp", [replace(piece("next", customer=""), event_time=BASE + timedelta(seconds=1))], now=BASE)
    others = waiting.add("otlp", [piece("inner", talk="t2", customer="")], now=BASE)

    assert (late, after, others) == (0, 1, 1)
    with books.reading() as connection:
        assert "t1" not in {talk for (talk,) in connection.exec_driver_sql("select talk from waiting where event_key = 'erased'")}
    assert waiting.drop("otlp", PATIENCE, now=BASE + timedelta(minutes=15)) == 1


def test_whoever_is_forgotten_while_their_event_is_on_its_way_does_not_come_back(books: Books):
    """A topic that is read again, or a sender who tries again; what they say later is taken in."""
    waiting, journal = WaitingBooks(books), ForgettingBooks(books)
    journal.begin("anna", now=BASE)
    journal.erase("anna", until=BASE, now=BASE)

    assert waiting.add("rasa", [piece("a", talk="anna")], now=BASE) == 0
    assert waiting.add("rasa", [replace(piece("b", talk="anna"), event_time=BASE + timedelta(seconds=1))], now=BASE) == 1


def test_a_position_moves_with_what_was_read_before_it(books: Books):
    """All or nothing: of two who read the same records one keeps them, and the other is told so."""
    waiting = WaitingBooks(books)
    assert waiting.positions(["waiting#topic#0"]) == [0]

    waiting.add("rasa", [piece("a")], now=BASE, progress=Progress("waiting#topic#0", 0, 3))
    with pytest.raises(LostPosition, match="must be 0; it is 3"):
        waiting.add("rasa", [piece("b")], now=BASE, progress=Progress("waiting#topic#0", 0, 2))

    assert waiting.positions(["waiting#topic#1", "waiting#topic#0"]) == [0, 3]
    assert [each.span for each in waiting.pieces("rasa", ["t1"])] == ["a"]


def test_looking_for_what_is_missing_does_not_grow_by_the_square(tmp_path: Path):
    """Ten times the spans of a trace are about ten times the work, counted in steps of the database."""
    steps = []
    for spans in (300, 3_000):
        books = Books(tmp_path / f"{spans}.sqlite")
        waiting = WaitingBooks(books)
        waiting.add("otlp", [piece(f"s{each}", f"s{each // 2}") for each in range(1, spans)], now=BASE)
        counted = 0

        def count() -> int:
            nonlocal counted
            counted += 1
            return 0

        with books.reading() as connection:
            connection.connection.dbapi_connection.set_progress_handler(count, 100)  # type: ignore[union-attr]
        due(waiting, 7)
        steps.append(counted)
        books.close()

    assert steps[1] < 25 * steps[0]
