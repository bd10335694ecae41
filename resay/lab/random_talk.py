"""Random logs, each small, that have in them what the miner's steps tell apart: for comparing one engine with another.

Nothing of it means anything; there is no truth in it. A log's customers, words and readings have its name in them, so that many logs lie
in one lake and each can still be told from the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from resay.lab.made_turn import MadeLink, MadeTalk, MadeTurn, Outcome

START = datetime(2026, 1, 5, tzinfo=UTC)
"""The first day."""

DAYS = 9
"""Two more than accounts must be old, where nothing else is asked: some are, and some are not."""

SESSIONS_MAX = 60
"""Of one log, in each of which something is said one to four times."""

TRIES_MAX = 4

THINGS_MAX, PEOPLE_MAX = 3, 24

SCRIPTS = ("lamp on {}", "lámpara {}", "灯 {}", "play björk {}", "it's {} o'clock", "{} 🙂", "back\\slash {}", "'{}' please")
"""Wordings that engines must treat alike: other letters, quotes, and what SQL or Java may take for something else."""


def random_logs(names: Sequence[str], seed: int) -> list[MadeTalk]:
    """So many logs, by name."""
    return [random_log(name, Random(f"{seed}/{name}")) for name in names]


def random_log(name: str, rng: Random) -> MadeTalk:
    """One log: a few people who want a few things, said so that it mostly fails and so that it mostly works."""
    things = [_Thing(name, number, rng) for number in range(rng.randint(1, THINGS_MAX))]
    people = [_Person(f"{name}.{number}", rng) for number in range(rng.randint(4, PEOPLE_MAX))]
    log = MadeTalk()
    for number in range(rng.randint(5, SESSIONS_MAX)):
        log += _session(f"{name}.{number}", rng.choice(people), rng.choice(things), rng=rng)
    return log


class _Thing:
    """What can be wanted."""

    def __init__(self, name: str, number: int, rng: Random) -> None:
        scripts = rng.sample(SCRIPTS, 5)
        word = f"{name}{'abcd'[number]}"
        self.poor = [each.format(word) for each in scripts[: rng.randint(1, 2)]]
        self.good = [each.format(word) for each in scripts[2 : rng.randint(3, 5)]]
        domain = rng.choice(["light", "light", "light", "music", "lock"])
        self.reading = f'{domain}|{word}|{{"name":"{rng.choice(["björk", "lamp", "灯"])}"}}'
        self.other = f"{domain}|{word}_other|"
        self.kind = rng.choice(["", "", "", "ask"])


class _Person:
    """Who talks; a few are but a session, and a few have come late."""

    def __init__(self, name: str, rng: Random) -> None:
        self.name = name
        self.kind = rng.choice(["account"] * 8 + ["device", "session"])
        self.since = rng.choice([0] * 6 + [DAYS - 2])


def _session(name: str, person: _Person, thing: _Thing, *, rng: Random) -> MadeTalk:
    """One thing, tried until it works or nobody tries any more; now and then the tries are not of one goal."""
    at = START + timedelta(days=rng.randint(person.since, DAYS - 1), seconds=rng.randrange(80_000))
    room, segments = rng.choice(["", "", "kitchen", "bath"]), [name if rng.random() < 0.95 else f"{name}.apart", name]
    tries: list[MadeTurn] = []
    for place in range(rng.randint(1, TRIES_MAX)):
        tried = _try(thing, place, rng=rng)
        turn = MadeTurn(
            turn_id=f"{name}.{place}",
            customer=person.name,
            at=at + timedelta(seconds=7 * place),
            text=tried.text,
            reading=tried.reading,
            outcome=tried.outcome,
            segment=segments[place > 0],
            kind=thing.kind if rng.random() < 0.9 else "",
            room=room,
            customer_kind=person.kind,
            original=tried.original,
        )
        tries.append(turn)
        if turn.outcome == "success" and rng.random() < 0.8:
            break
    return MadeTalk(tuple(tries), tuple(_links(tries, rng)))


@dataclass(frozen=True, slots=True)
class _Tried:
    text: str
    reading: str | None
    outcome: Outcome | None
    original: str | None


def _try(thing: _Thing, place: int, *, rng: Random) -> _Tried:
    """Mostly poor words first and good ones then; a few are words of ours."""
    is_good = rng.random() < (0.2 if place == 0 else 0.75)
    text = rng.choice(thing.good if is_good else thing.poor)
    reading = rng.choice([thing.reading] * 20 + [thing.other, None]) if is_good else rng.choice([None] * 8 + [thing.other])
    usual: list[Outcome | None] = ["success"] * 14 if is_good else ["failure"] * 14
    outcome = rng.choice([*usual, "success", "failure", "censored", None])
    original = rng.choice(thing.poor) if is_good and rng.random() < 0.1 else None
    return _Tried(text, reading, outcome, original)


def _links(tries: Sequence[MadeTurn], rng: Random) -> Iterator[MadeLink]:
    """From each try to later ones: sure, likely, hardly, or told twice."""
    for place, source in enumerate(tries):
        for target in tries[place + 1 :]:
            is_next = target is tries[place + 1]
            if rng.random() < (0.95 if is_next else 0.2):
                chance = rng.choice([0.0, 1.0, 1.2, 0.9, 0.9, 0.8, 0.8, rng.random(), rng.random()] if is_next else [0.1, rng.random()])
                yield MadeLink(source, target, chance)
                if rng.random() < 0.1:
                    yield MadeLink(source, target, rng.random(), "made-up/2")
