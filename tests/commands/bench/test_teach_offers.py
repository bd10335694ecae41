"""Offers are scored by what the customers wanted."""

from __future__ import annotations

from pathlib import Path

from resay.commands.bench.teach_offers import walk
from resay.dialogue.turn import ResponseStatus, Turn
from resay.lab.conversation import Truth
from resay.lab.customer import Try
from tests.builders import turn

FAILED, WORKED, OTHER = "lights on den", "turn on the den lights", "turn off the den lights"


def test_who_wanted_it_says_yes_and_is_spared_the_next_failure(tmp_path: Path):
    """Two say other words that work; one of them wanted something else, and says no; the other's next failure is won."""
    told: list[tuple[str, float, str, str, bool]] = [
        ("c1", 0, FAILED, "on", False),
        ("c1", 8, WORKED, "on", True),
        ("c2", 100, FAILED, "on", False),
        ("c2", 108, OTHER, "off", True),
        *((f"filler{number}", 90_000 + number, "play jazz", "jazz", True) for number in range(250)),
        ("c1", 91_000, "play jazz", "jazz", True),
        ("c2", 91_100, "play jazz", "jazz", True),
        ("c1", 92_000, FAILED, "on", False),
        ("c2", 92_100, FAILED, "on", False),
    ]
    turns = [_turn(number, customer, at, said, right=right) for number, (customer, at, said, _, right) in enumerate(told)]
    truths = {each.turn_id: _truth(each.turn_id, goal, right=right) for each, (*_, goal, right) in zip(turns, told, strict=True)}

    came = walk(tmp_path, turns, truths)

    assert (came.turns, came.offers, came.accepted, came.held) == (258, 2, 1, 1)
    assert (came.rewritten, came.wins, came.losses) == (1, 1, 0)


def _turn(number: int, customer: str, at: float, said: str, *, right: bool) -> Turn:
    status, intent = (ResponseStatus.DONE, said.replace(" ", "_")) if right else (ResponseStatus.UNSUPPORTED, None)
    return turn(said, at=at, customer=customer, turn_id=f"t{number}", status=status, intent=intent, domain="light")


def _truth(turn_id: str, goal: str, *, right: bool) -> Truth:
    return Truth(turn_id, goal, None, "correct" if right else "refused", "nlu", Try.FIRST, "", "", True)
