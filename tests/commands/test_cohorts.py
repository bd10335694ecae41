"""From a log of two cohorts to what is said for the customers of each: the whole path, and what people are told of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from resay.dialogue.turn import Turn
from resay.store.artifact import Shelf
from rewrite_online.certificate import certified
from tests.builders import turn
from tests.commands.answers import answer, run, tried
from tests.commands.test_learn import DAY, ingest

SAID, WANTED = "turn that up", "turn up that radio"


def refused(cohort: str, customers: int) -> list[Turn]:
    """So many customers of a cohort were refused, said what they meant, and were served; eight days before each had said hello."""
    turns: list[Turn] = []
    for number in range(customers):
        begin, who = 9 * DAY + 300 * number, f"{cohort}{number}"
        turns += [
            turn("hello there", at=300 * number, customer=who, intent="Hello", cohorts=(cohort,)),
            turn(SAID, at=begin, customer=who, status="unsupported", cohorts=(cohort,)),
            turn(WANTED, at=begin + 6, customer=who, intent="RadioUp", cohorts=(cohort,)),
        ]
    return turns


def understood(cohort: str, customers: int) -> list[Turn]:
    """So many newcomers whose assistant understands the very words."""
    return [
        turn(SAID, at=12 * DAY + 60 * number, customer=f"{cohort}{number}", intent="Up", cohorts=(cohort,)) for number in range(customers)
    ]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that learnt from sixty Americans before fifteen Britons came."""
    place = tmp_path / "home"
    place.mkdir()
    ingest(place, refused("en-US", 60))
    assert answer(place, "learn")["published"]
    ingest(place, understood("en-GB", 15))
    assert answer(place, "learn")["published"]
    return place


def test_who_is_hurt_is_left_alone_and_nobody_else(home: Path):
    """Whoever is of one spared cohort is spared, whatever else they are of."""
    cohorts = ((), ("--cohort", "en-US"), ("--cohort", "en-GB"), ("--cohort", "beta", "--cohort", "en-GB"))

    assert [tried(home, SAID, *each)["rewrite"] for each in cohorts] == [WANTED, WANTED, None, None]


def test_the_server_would_load_it(home: Path):
    """Certificate and proof agree on cohorts."""
    generation = Shelf(home / "rewrites").current()
    assert generation is not None

    assert [each.not_cohorts for each in certified(generation)] == [("en-GB",)]


def test_people_are_told_whom_it_spares_and_why(home: Path):
    """In the list of rules, in what has changed, and where they ask."""
    assert "not for" in run(home, "rules").output
    assert [each["not_cohorts"] for each in answer(home, "rules")["rewrites"]] == [["en-GB"]]
    assert "not for cohort: en-GB" in " ".join(run(home, "diff").output.split())

    british, american = answer(home, "why", SAID, "--cohort", "en-GB"), answer(home, "why", SAID, "--cohort", "en-US")

    assert (british["live"], british["spared"], american["live"]["target"], american["spared"]) == (None, True, WANTED, False)
    assert american["spared_cohorts"]["en-GB"].startswith("as rewritten untried, as said 94% of 15")
    told = run(home, "why", SAID, "--cohort", "en-GB").output
    assert "cohort en-GB: as rewritten untried" in told
    assert "kept from this place, or from this cohort" in told
