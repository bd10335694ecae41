"""Histories from the lake into the books: new days only, once, and without those who were taken out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from markov.hearing import hear_all
from resay.commands.learning_histories import HISTORY_DAYS, tell_histories
from resay.dialogue.history import Tried, Way
from resay.store.books import Books, Told
from resay.store.lake import Lake
from tests.builders import BASE
from tests.markov.talk import Log, Said, alone, fill, rephrased

READING = 'light|on|{"name":"lamp"}'


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return Lake(tmp_path / "lake")


def tell(lake: Lake, books: Books, log: Log | None = None) -> int:
    """Put a log into the lake, hear it, and tell the books."""
    if log is not None:
        fill(lake, log)
    hear_all(lake)
    return tell_histories(lake, books)


def history(books: Books, customer: str = "c1") -> set[tuple[str, str, str, int, int]]:
    """What the books tell of a customer: what was said, how, the target, times, successes."""
    return {(each.said, each.way, each.target, each.times, each.successes) for each in books.history_of(customer, since=date.min)}


def second_tries(customer: str = "c1", *, day: int = 0, at: float = 0.0) -> Log:
    """The lamp, refused and said otherwise with success."""
    first = Said(customer, at, "Lamp on, now!", None, "failure", day=day)
    return rephrased(first, Said(customer, at + 10, "Turn on the lamp", READING, day=day))


def test_what_was_said_and_what_it_was_rephrased_to_is_told(lake: Lake, books: Books):
    """Of each wording how it fared as it was, and what the customer said instead with success; as it was written, and with the turn."""
    tell(lake, books, second_tries() + second_tries(day=1))

    told = books.history_of("c1", since=date.min)

    assert history(books) == {
        ("lamp on now", "said", "lamp on now", 2, 0),
        ("lamp on now", "rephrased", "turn on the lamp", 2, 2),
        ("turn on the lamp", "said", "turn on the lamp", 2, 2),
    }
    link = next(each for each in told if each.way is Way.REPHRASED)
    assert (link.wording, link.state, link.last_day, link.turn_id) == ("Turn on the lamp", READING, date(2026, 11, 3), "c1@1d10")


def test_a_chain_of_tries_ends_where_it_worked(lake: Lake, books: Books):
    """What failed in between is rephrased to the same end, and no try that failed is an end."""
    first = Said("c1", 0, "lamp on now", None, "failure")
    between = Said("c1", 10, "lamp please", None, "failure")

    tell(lake, books, rephrased(first, between, Said("c1", 20, "turn on the lamp", READING)))

    ends = {(said, target) for said, way, target, *_ in history(books) if way == "rephrased"}
    assert ends == {("lamp on now", "turn on the lamp"), ("lamp please", "turn on the lamp")}


def test_what_is_but_likely_a_second_try_is_none(lake: Lake, books: Books):
    """Below even odds nothing follows from two requests in a row."""
    first = Said("c1", 0, "lamp on now", None, "failure")

    tell(lake, books, rephrased(first, Said("c1", 10, "turn on the fan", READING), probability=0.4))

    assert not [way for _, way, *_ in history(books) if way == "rephrased"]


def test_what_we_put_in_its_place_is_told_apart(lake: Lake, books: Books):
    """A rewrite's record is ours: it is not told as the customer's own words."""
    ours = Said("c1", 0, "turn on the lamp", READING, "failure", original="lamp on now")

    tell(lake, books, alone(ours, replace(ours, at=9)))

    assert history(books) == {("lamp on now", "rewritten", "turn on the lamp", 2, 0)}


def test_what_we_said_is_no_end_of_the_customers(lake: Lake, books: Books):
    """A second try that worked because we rewrote it shows nothing of what the customer's own words come to."""
    first = Said("c1", 0, "lamp on now", None, "failure")

    tell(lake, books, rephrased(first, Said("c1", 10, "turn on the lamp", READING, original="lamp lamp")))

    assert not [way for _, way, *_ in history(books) if way == "rephrased"]


def test_sessions_have_no_history(lake: Lake, books: Books):
    """Who is but a session does not come back."""
    tell(lake, books, alone(Said("s1", 0, "turn on the lamp", READING, customer_kind="session")))

    assert history(books, "s1") == set()


def test_a_second_telling_changes_nothing(lake: Lake, books: Books):
    """Nothing new in the lake: nothing is told, and nobody's history is read again."""
    tell(lake, books, second_tries())
    before = (history(books), books.marks())

    told = tell(lake, books)

    assert (told, (history(books), books.marks())) == (0, before)


def test_a_new_day_is_told_alone(lake: Lake, books: Books):
    """Only the customers and days that changed, and the day before each, are told anew; the sums are those of all days."""
    tell(lake, books, second_tries() + second_tries("c2"))

    told = tell(lake, books, second_tries(day=5))

    assert told == 2
    assert ("lamp on now", "rephrased", "turn on the lamp", 2, 2) in history(books)
    assert ("lamp on now", "rephrased", "turn on the lamp", 1, 1) in history(books, "c2")


def test_telling_day_by_day_is_telling_at_once(tmp_path: Path):
    """Whatever comes in parts comes to the same, second tries behind midnight too."""
    days = [second_tries(day=day) + second_tries("c2", day=day, at=53_995.0) for day in range(4)]
    at_once, by_day = (Books(tmp_path / f"{name}.sqlite") for name in ("once", "by_day"))

    tell(Lake(tmp_path / "once"), at_once, days[0] + days[1] + days[2] + days[3])
    for log in days:
        tell(Lake(tmp_path / "by_day"), by_day, log)

    for customer in ("c1", "c2"):
        assert by_day.history_of(customer, since=date.min) == at_once.history_of(customer, since=date.min)
    at_once.close()
    by_day.close()


def test_whoever_is_taken_out_of_the_lake_leaves_the_books(lake: Lake, books: Books):
    """With the next learning; nobody else's history changes."""
    tell(lake, books, second_tries() + second_tries("c2"))
    other = history(books, "c2")

    lake.take_out("c1")
    tell(lake, books)

    assert history(books) == set()
    assert history(books, "c2") == other


def test_whoever_is_forgotten_is_gone_at_once(lake: Lake, books: Books):
    """Without waiting for any learning, and whoever keeps histories in memory can tell that something changed."""
    tell(lake, books, second_tries())
    before = books.marks()["histories"]

    dropped = books.forget_history("c1")

    assert (dropped, history(books)) == (3, set())
    assert books.marks()["histories"] > before


def test_what_is_half_a_year_old_is_dropped(lake: Lake, books: Books):
    """Counted from the newest turn, so that a log that is told late is told alike."""
    tell(lake, books, second_tries())

    tell(lake, books, second_tries("c2", day=HISTORY_DAYS + 1))

    assert history(books) == set()
    assert history(books, "c2")


def test_another_lake_is_told_from_its_beginning(tmp_path: Path, books: Books):
    """Where the lake stands before what was told, it is another one, and what was told goes."""
    first = Lake(tmp_path / "first")
    tell(first, books, second_tries())
    tell(first, books, second_tries(day=1))

    tell(Lake(tmp_path / "second"), books, alone(Said("c2", 0, "turn on the lamp", READING)))

    assert history(books) == set()
    assert history(books, "c2") == {("turn on the lamp", "said", "turn on the lamp", 1, 1)}


def test_of_two_writers_the_second_looks_again(lake: Lake, books: Books):
    """Positions are compared in the very transaction that moves them: nothing is told twice."""
    tell(lake, books, second_tries())

    late = Told(
        [("c1", BASE.date())],
        [("c1", Tried("x", "", "", Way.SAID, "x", "x", "", 1, 1, BASE.date(), "t"))],
        {"histories#chain_turns": (0, 9)},
    )

    assert books.tell_histories(late) is False
    assert "x" not in {said for said, *_ in history(books)}
