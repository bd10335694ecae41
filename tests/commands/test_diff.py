"""`resay diff`: what a reviewer is told of two generations."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resay.dialogue.turn import Turn
from resay.store.artifact import Shelf
from resay.store.books import Books, Veto
from tests.builders import rewrite_files, turn
from tests.commands.answers import answer, run
from tests.commands.test_learn import DAY, ingest, talk

LAMP = "lamp on now please"


def radio(customers: int, *, source: str = "radio loud now") -> list[Turn]:
    """So many customers teach another rewrite, two days later."""
    turns = []
    for number in range(customers):
        begin, who = 11 * DAY + 300 * number, f"c{number}"
        turns += [
            turn(source, at=begin, customer=who, status="unsupported"),
            turn("turn up the radio", at=begin + 6, customer=who, intent="RadioUp"),
        ]
    return turns


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with three generations: the lamp; the lamp and the radio; the radio alone, because somebody vetoed the lamp."""
    place = tmp_path / "home"
    place.mkdir()
    ingest(place, talk(12))
    answer(place, "learn")
    ingest(place, radio(12))
    answer(place, "learn")
    books = Books(place / "books.sqlite")
    books.veto(Veto(LAMP, "", "reviewer", "says nothing", datetime(2026, 11, 3, tzinfo=UTC)))
    books.close()
    assert answer(place, "learn")["generation"] == 3
    return place


def test_the_live_table_is_compared_with_the_one_before(home: Path):
    """What is gone is told with the rule that took it out."""
    told = answer(home, "diff")

    assert (told["before"], told["after"]) == (2, 3)
    assert [(each["rewrite"]["source"], each["because"]) for each in told["gone"]] == [
        (LAMP, ["blocked: the blocklist or a veto names it"])
    ]
    assert (told["new"], told["retargeted"], told["rules"]) == ([], [], {})


def test_any_two_generations_can_be_compared(home: Path):
    """Backwards too: what a roll back would bring."""
    over, back = answer(home, "diff", "1", "3"), answer(home, "diff", "3", "1")

    assert [each["source"] for each in over["new"]] == ["radio loud now"]
    assert [each["source"] for each in back["new"]] == [LAMP]
    assert [(each["rewrite"]["source"], each["because"]) for each in back["gone"]] == [("radio loud now", [])]


def test_another_floor_is_told(home: Path):
    """A table that grew because its rules were loosened has not learnt anything."""
    ingest(home, [replace(each, turn_id=f"more-{each.turn_id}") for each in radio(6, source="louder radio")])
    answer(home, "learn", "--k", "5")

    told = answer(home, "diff", "2")

    assert told["rules"] == {"customers_min": {"before": 10, "after": 5}}
    assert [each["source"] for each in told["new"]] == ["louder radio"]


def test_the_difference_can_be_read(home: Path):
    """In words: how many of what, and for each what stands behind it."""
    told = " ".join(run(home, "diff", "1", "2").output.split())

    assert "Generation 1 → 2: 1 new, 0 gone" in told
    assert "“radio loud now” → “turn up the radio” 12 customers, 12 times, success" in told


def test_what_cannot_be_compared_is_said(tmp_path: Path, home: Path):
    """No generation at all, none before, or no such number."""
    shelf = Shelf(tmp_path / "one" / "rewrites")
    shelf.publish(shelf.write(rewrite_files()).number)

    assert "none was ever published" in str(run(tmp_path / "none", "diff").exception)
    assert "an older generation than 1 must be there" in str(run(tmp_path / "one", "diff").exception)
    assert "generation 9 must lie in" in str(run(home, "diff", "9").exception)
