"""The log of a made-up day as talk of a lake: with the system's rewrites in it, or hidden; with a detector's links, or all alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum

from resay.commands.bench.mine_lake import write_talk
from resay.lab.made_turn import MadeLink, MadeTalk, MadeTurn
from resay.lab.self_influence import Spoken
from resay.store.lake import Lake

START = datetime(2026, 1, 5, tzinfo=UTC)
"""The first day. Made up."""

KNOWN_DAYS = 30
"""So long before it everybody has said something once: no account is too young to count."""


class View(Enum):
    """What a learner is shown of turns that the system rewrote."""

    OWN = "they are marked, with what was really said"
    HIDDEN = "they look as if the assistant had understood what was said"
    LEFT_OUT = "they are missing"


class Links(Enum):
    """What a learner is shown of turns that follow each other in a session."""

    DETECTED = "how likely each says the one before again, as a detector sees it"
    ALIKE = "that it follows: every next turn counts alike"


def write_day(lake: Lake, spoken: Iterable[Spoken], view: View, links: Links = Links.DETECTED) -> None:
    """Append what was said on one day."""
    write_talk(lake, day_of(spoken, view, links))


def write_greetings(lake: Lake, people: Sequence[str]) -> None:
    """Append one turn of everybody, long before the first day."""
    hello = [
        Spoken(f"hello.{each}", each, -KNOWN_DAYS, number, "hello", "hello", "chat|hello|", True, True)
        for number, each in enumerate(people)
    ]
    write_day(lake, hello, View.OWN)


def day_of(spoken: Iterable[Spoken], view: View, links: Links) -> MadeTalk:
    """What a learner is shown of one day; a session is a goal segment, as nobody knows better."""
    told = [each for each in spoken if view is not View.LEFT_OUT or not each.rewritten]
    segments: dict[str, str] = {}
    for each in told:
        segments[each.turn_id] = segments.get(each.after, each.turn_id)
    turns = {each.turn_id: _turn(each, segments[each.turn_id], marked=view is View.OWN) for each in told}
    return MadeTalk(tuple(turns.values()), tuple(_links(told, turns, links)))


def _turn(each: Spoken, segment: str, *, marked: bool) -> MadeTurn:
    return MadeTurn(
        turn_id=each.turn_id,
        customer=each.customer,
        at=START + timedelta(days=each.day, seconds=each.second),
        text=each.given if marked else each.said,
        reading=each.state,
        outcome="success" if each.succeeded else "failure",
        segment=segment,
        original=each.said if marked and each.rewritten else None,
    )


def _links(told: Iterable[Spoken], turns: dict[str, MadeTurn], links: Links) -> Iterator[MadeLink]:
    for each in told:
        if each.after in turns:
            yield MadeLink(turns[each.after], turns[each.turn_id], each.linked if links is Links.DETECTED else 1.0)
