"""From a log of two rooms to what is said in each: the whole path, and what people are told of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from resay.dialogue.turn import Context, Turn
from resay.store.artifact import Shelf
from rewrite_online.certificate import certified
from tests.builders import turn
from tests.commands.answers import answer, run, tried
from tests.commands.test_learn import DAY, ingest

SAID = "turn that up"


def talk_in(room: str, intent: str, wording: str, customers: int) -> list[Turn]:
    """So many customers of a room were refused, said what they meant, and were served; eight days before each had said hello."""
    turns: list[Turn] = []
    context = Context(room=room)
    for number in range(customers):
        begin, who = 9 * DAY + 300 * number, f"{room}{number}"
        turns += [
            turn("hello there", at=300 * number, customer=who, intent="Hello", context=context),
            turn(SAID, at=begin, customer=who, status="unsupported", context=context),
            turn(wording, at=begin + 6, customer=who, intent=intent, context=context),
        ]
    return turns


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that learnt from sixty customers in kitchens and fifteen in lounges."""
    place = tmp_path / "home"
    place.mkdir()
    ingest(place, talk_in("kitchen", "RadioUp", "turn up that radio", 60) + talk_in("lounge", "TvUp", "turn up that screen", 15))
    assert answer(place, "learn")["published"]
    return place


def test_each_room_is_served_what_is_meant_in_it(home: Path):
    """And a room of which nothing is known what is meant nearly everywhere."""
    found = {room: tried(home, SAID, "--room", room)["rewrite"] for room in ("kitchen", "lounge", "attic", "")}

    assert found == {
        "kitchen": "turn up that radio",
        "lounge": "turn up that screen",
        "attic": "turn up that radio",
        "": "turn up that radio",
    }


def test_the_server_would_load_it(home: Path):
    """Certificate and proof agree on places."""
    generation = Shelf(home / "rewrites").current()
    assert generation is not None

    assert {(each.room, each.not_rooms) for each in certified(generation)} == {("", ("lounge",)), ("lounge", ())}


def test_people_are_told_where_a_rewrite_holds(home: Path):
    """In the list of rules, as text and as JSON."""
    shown = run(home, "rules").output
    listed = answer(home, "rules")["rewrites"]

    assert "room: lounge" in shown
    assert "not in" in shown
    assert {(each["room"], tuple(each["not_rooms"])) for each in listed} == {("", ("lounge",)), ("lounge", ())}


def test_why_looks_at_the_room(home: Path):
    """What is said there, what elsewhere, and why."""
    lounge, kitchen = answer(home, "why", SAID, "--room", "lounge"), answer(home, "why", SAID, "--room", "kitchen")

    assert (lounge["stage"], lounge["live"]["target"], lounge["spared"]) == ("live", "turn up that screen", True)
    assert (kitchen["stage"], kitchen["live"]["target"], kitchen["spared"]) == ("live", "turn up that radio", False)
    assert [each["room"] for each in kitchen["in_other_places"]] == ["lounge"]
    assert {each["room"] for each in lounge["candidates"]} == {"", "lounge"}
    assert "room: lounge: we say “turn up that screen”" in run(home, "why", SAID).output


def test_what_changes_in_one_room_is_told(home: Path):
    """In the lounge it works as said now: nothing is said there any more, and over all too little is meant alike for one rewrite."""
    late = [
        turn(SAID, at=12 * DAY + 60 * number, customer=f"lounge{number}", context=Context(room="lounge"), intent="Up")
        for number in range(15)
    ]
    ingest(home, late)
    assert answer(home, "learn")["published"]

    told = answer(home, "diff")

    assert {each["rewrite"]["room"] for each in told["gone"]} == {"", "lounge"}
    assert [(each["room"], each["target"]) for each in told["new"]] == [("kitchen", "turn up that radio")]
    assert tried(home, SAID, "--room", "lounge")["rewrite"] is None
    assert tried(home, SAID, "--room", "kitchen")["rewrite"] == "turn up that radio"
