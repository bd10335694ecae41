"""Talk that is not as talk should be: learning neither breaks on it nor believes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.landing import land_records
from resay.dialogue.codec import encode, whole
from resay.dialogue.turn import Turn
from resay.store.lake import Lake
from tests.builders import BASE, turn
from tests.commands.answers import answer
from tests.commands.test_learn import DAY, talk

NOW = BASE + timedelta(days=30)


def hear(home: Path, turns: Sequence[Turn]) -> int:
    """Land turns in the order in which they stand; how many were rejected."""
    return land_records([encode(whole(each)) for each in turns], source="test", lake=Lake(home / "lake"), now=NOW).rejected


def learnt(home: Path) -> list[tuple[str, str, int]]:
    """What one learning publishes: words, better words, customers."""
    return [(each["source"], each["target"], each["support"]) for each in answer(home, "learn")["rewrites"]]


LAMP = [("lamp on now please", "turn on the lamp please", 12)]


@pytest.mark.parametrize("year", [1970, 1999, 2100, 9999])
def test_clocks_of_another_century_are_rejected_and_change_nothing(tmp_path: Path, year: int):
    """A turn of 9999 would make every account old and every record forgotten; one of 1970 makes its sender old."""
    young = [replace(each, customer_id=f"y{each.customer_id}", turn_id=f"y{each.turn_id}") for each in talk(12, after=20 * DAY)]
    fans = [replace(each, utterance="turn on the fan please") if each.utterance.startswith("turn") else each for each in young]
    skewed = replace(turn("hello there", customer="skewed"), at=datetime(year, 1, 2, tzinfo=UTC))
    late = [each for each in fans if each.at >= BASE + timedelta(days=19)]

    rejected = hear(
        tmp_path, [*talk(12), *late, skewed, *(replace(skewed, customer_id=each.customer_id, turn_id=f"z{each.turn_id}") for each in late)]
    )

    assert rejected == 1 + len(late)
    assert learnt(tmp_path) == LAMP


def test_turns_that_come_in_disorder_teach_the_same(tmp_path: Path):
    """Sessions are cut by when things were said, not by when they came."""
    in_order, backwards = tmp_path / "order", tmp_path / "back"
    hear(in_order, talk(12))
    hear(backwards, talk(12)[::-1])

    told = [answer(home, "learn") for home in (in_order, backwards)]

    assert [learnt(home) for home in (in_order, backwards)] == [LAMP, LAMP]
    assert [{name: each[name] for name in ("turns", "links", "outcomes", "rewrites")} for each in told[:1]] == [
        {name: each[name] for name in ("turns", "links", "outcomes", "rewrites")} for each in told[1:]
    ]


def test_a_clock_that_was_set_back_within_a_session_teaches_nothing_wrong(tmp_path: Path):
    """The second try is dated before the first: what came before is no rephrase, and nothing is published the wrong way round."""
    swapped = []
    for number in range(12):
        begin = 9 * DAY + 300 * number
        swapped += [
            turn("hello there", at=300 * number, customer=f"c{number}", intent="Hello"),
            turn("lamp on now please", at=begin, customer=f"c{number}", status="unsupported"),
            turn("turn on the lamp please", at=begin - 6, customer=f"c{number}", intent="LampOn"),
        ]
    hear(tmp_path, swapped)

    assert learnt(tmp_path) == []


def test_all_turns_at_one_moment_break_nothing(tmp_path: Path):
    """A sender whose clock stands still."""
    hear(tmp_path, [replace(each, at=BASE) for each in talk(12)])

    assert learnt(tmp_path) == []


@pytest.mark.parametrize(
    "words",
    [
        ("lamp on now please", "turn on the lamp please", "lamp on now please", "turn on the lamp please"),
        ("lamp on now please",) * 6,
        ("lamp on now please",),
    ],
    ids=["circle", "self-loop", "once"],
)
def test_talk_that_never_ends_well_teaches_nothing(tmp_path: Path, words: Sequence[str]):
    """Circles, the same over and over, and a single try, all in vain: nothing is known to be better."""
    turns = []
    for number in range(12):
        turns.append(turn("hello there", at=300 * number, customer=f"c{number}", intent="Hello"))
        for place, said in enumerate(words):
            turns.append(turn(said, at=9 * DAY + 300 * number + 6 * place, customer=f"c{number}", status="unsupported"))
    hear(tmp_path, turns)

    told = answer(tmp_path, "learn")

    assert (told["rewrites"], told["generation"]) == ([], None)
    assert "nothing to publish" in json.dumps(told)


def test_circles_beside_an_end_do_not_keep_it_from_being_found(tmp_path: Path):
    """Twelve customers go round twice before they succeed: what they succeed with is proposed, and the circle's other words are not."""
    turns = []
    for number in range(12):
        begin, who = 9 * DAY + 300 * number, f"c{number}"
        turns.append(turn("hello there", at=300 * number, customer=who, intent="Hello"))
        turns += [turn("lamp on now please", at=begin + 6 * place, customer=who, status="unsupported") for place in range(2)]
        turns.append(turn("turn on the lamp please", at=begin + 12, customer=who, intent="LampOn"))
    hear(tmp_path, turns)

    assert learnt(tmp_path) == LAMP
