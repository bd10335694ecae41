"""A made-up world in which some words mean another thing in another room: what telling rooms apart brings there, and whom it harms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest

from resay.dialogue.rewrite import Rewrite
from resay.dialogue.turn import Context
from rewrite_online.table_layer import TableLayer
from tests.builders import asked
from tests.markov.talk import NOTHING, Log, Said, alone, mined, opening, rephrased

ROOMS = {"kitchen": 45, "lounge": 30, "bedroom": 15, "attic": 4}
"""Customers who say each of the words there."""

ASTRAY = 0.1
"""Of them mean something else than the room does."""

WORKS = "as said"


@dataclass(frozen=True)
class Wish:
    """What one wording means, room by room; `WORKS` where it does as it is said."""

    said: str
    meanings: Mapping[str, str]


def wishes() -> list[Wish]:
    """Ten that mean one thing, ten that differ in one room, ten that work as said in one room."""
    found = []
    for number in range(30):
        one, two = f"first {_name(number)}", f"second {_name(number)}"
        odd = ("lounge", "bedroom")[number % 2]
        other = (one, two, WORKS)[number // 10]
        found.append(Wish(f"do {_name(number)}", {room: other if room == odd else one for room in ROOMS}))
    return found


def talk(wish: Wish, start: int, rng: Random) -> Log:
    """Everybody says it once, and in vain says what they mean."""
    log = NOTHING
    for room, customers in ROOMS.items():
        for number in range(customers):
            customer = f"{room}{number}"
            meant = wish.meanings[room] if rng.random() >= ASTRAY else rng.choice([f"first {wish.said[3:]}", f"second {wish.said[3:]}"])
            first = Said(customer, start + 3 * number, wish.said, None, "failure", room=room)
            if meant == WORKS:
                log += alone(replace(first, reading=f"thing|{wish.said}|", outcome="success"))
            else:
                then = replace(first, at=first.at + 1, text=f"please {meant}", reading=f"thing|{meant}|", outcome="success")
                log += rephrased(first, then)
    return log


def score(rewrites: Iterable[Rewrite]) -> Counter[str]:
    """What a table makes of the words in every room, weighed by who says them there."""
    table, told = TableLayer(rewrites), Counter[str]()
    for wish in wishes():
        for room, customers in ROOMS.items():
            found = [each.target for each in table.candidates(asked(wish.said, context=Context(room=room)))]
            meant = wish.meanings[room]
            if not found:
                told["left as said" if meant == WORKS else "missed"] += customers
            else:
                told["right" if found == [f"please {meant}"] else "wrong"] += customers
    return told


def _name(number: int) -> str:
    return "".join("abcdefghij"[int(digit)] for digit in f"{number:02d}")


@pytest.mark.parametrize("seed", [1, 2])
def test_telling_rooms_apart_helps_and_does_not_harm(tmp_path: Path, seed: int):
    """No room of fifteen customers or more is served what it does not mean; one target for all rooms is."""
    rng, people = Random(seed), [f"{room}{number}" for room, customers in ROOMS.items() for number in range(customers)]
    log = opening(people)
    for number, wish in enumerate(wishes()):
        log += talk(wish, 1000 * (number + 1), rng)

    rewrites = mined(tmp_path, log).rewrites
    split = score(rewrites)
    one_for_all = score(replace(each, not_rooms=()) for each in rewrites if not each.place.is_split_off)

    assert (split["wrong"], one_for_all["wrong"] >= 150) == (0, True)
    assert split["right"] > 1.1 * one_for_all["right"]
    assert split["left as said"] > one_for_all["left as said"]
